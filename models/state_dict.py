"""Read the tensors of a checkpoint file, whatever they are wrapped in, without running anything that is in it."""
from __future__ import annotations

import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..host.errors import MissingModel
from .late_storage import read_sequential

_WRAPPERS = ("state_dict", "model_state_dict", "params_ema", "params", "model", "net", "generator")
_AGAIN = "delete it and get it again"
_BROKEN = f"is damaged, or was cut off while it was downloaded or copied: {_AGAIN}."
_DAMAGED = (SafetensorError, RuntimeError, OSError, EOFError, ValueError, LookupError, AttributeError, TypeError, zipfile.BadZipFile)
_MAGIC = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")
"""How files of torch before 1.6 begin: a pickled number."""


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """The named tensors of a checkpoint, on the CPU: of a .safetensors file, or of what `torch.save` wrote, read with `weights_only`.

    Tensors of both are memory-mapped (the file must not be changed while they live); of the format of torch before 1.6, which cannot be
    mapped, only the network's own tensors are read. A dict around them ("state_dict", "model_state_dict", "params_ema", …) is taken
    off, what stands beside it (an optimizer's state, step counters) stays on the disk, and "module." of data-parallel training is
    taken out of every name.

    Raises MissingModel with one sentence for a file that is no checkpoint, is cut off, or would run code when it is loaded."""
    path = Path(path)
    if not path.is_file():
        raise MissingModel(f"There is no checkpoint file '{path}'.")
    return _unwrapped(_content(path), path)


def refuse_stand_ins(path: Path) -> None:
    """Raise MissingModel with one sentence where an empty file, a web page or a git-lfs pointer lies instead of a file of weights."""
    with path.open("rb") as file:
        _refuse_stand_ins(path, file.read(1024))


def _content(path: Path) -> Any:
    """What the file holds: a dict of tensors, or dicts and numbers around one."""
    with path.open("rb") as file:
        head = file.read(1024)
    _refuse_stand_ins(path, head)
    _refuse_other_files(path, head)
    try:
        if _is_safetensors(path, head):
            with safe_open(path, "pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if head.startswith(b"PK\x03\x04"):
            _refuse_other_archives(path)
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        return read_sequential(path, lambda content: _unwrapped(content, path).values())
    except pickle.UnpicklingError as error:
        raise MissingModel(_refused(path, head, str(error))) from error
    except PermissionError:
        raise
    except _DAMAGED as error:
        if "memory" in str(error):
            raise
        raise MissingModel(f"'{path}' {_BROKEN}") from error


def _refuse_stand_ins(path: Path, head: bytes) -> None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        raise MissingModel(f"'{path}' is empty (0 bytes), so its download failed: {_AGAIN}.")
    if text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        raise MissingModel(f"'{path}' is a web page and no checkpoint; the link gave a page instead of the file: {_AGAIN}.")
    if text.startswith(b"version https://git-lfs"):
        raise MissingModel(f"'{path}' is a git-lfs pointer of {path.stat().st_size} bytes and not the checkpoint itself: run `git lfs "
                           "pull` where it came from, or get the file again.")
    if not any(head):
        raise MissingModel(f"'{path}' begins with nothing but zeros, so its download was not finished: {_AGAIN}.")


def _refuse_other_files(path: Path, head: bytes) -> None:
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        raise MissingModel(f"'{path}' is a text file (JSON) and no checkpoint; a server may have answered with an error: {_AGAIN}.")
    if head.startswith(b"GGUF"):
        raise MissingModel(f"'{path}' is a GGUF file, which cannot be used here: get the .safetensors, .pt or .pth file.")


def _is_safetensors(path: Path, head: bytes) -> bool:
    """Such a file begins with the length of its JSON header (8 bytes, little endian) and the header's brace."""
    return path.suffix.lower() in (".safetensors", ".sft") or (head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 100_000_000)


def _refuse_other_archives(path: Path) -> None:
    """A zip of torch holds data.pkl and its tensors; TorchScript holds code as well, other archives neither."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if any("/code/" in name or name.endswith("constants.pkl") for name in names):
        raise MissingModel(f"'{path}' is a TorchScript program and no checkpoint of tensors: get the plain .safetensors, .pt or .pth file.")
    if not any(name.endswith("data.pkl") for name in names):
        raise MissingModel(f"'{path}' is a zip archive and no checkpoint: unpack it and use the checkpoint that is in it.")


def _refused(path: Path, head: bytes, reason: str) -> str:
    found = re.search(r"(?:GLOBAL|global:|class) `?([\w.]+\.\w+)", reason)
    if found:
        return (f"'{path}' holds a Python object ({found[1]}) beside its tensors, and loading that could run code, so it was not loaded: "
                "get a .safetensors file, or one that holds tensors alone.")
    if head.startswith(_MAGIC):
        return f"'{path}' {_BROKEN}"
    return f"'{path}' is no checkpoint (neither safetensors nor written by torch.save), or it is damaged: {_AGAIN}."


def _unwrapped(content: Any, path: Path) -> dict[str, Tensor]:
    """The dict of tensors in what a file holds, "module." taken out of the names."""
    for _ in range(3):
        if not isinstance(content, dict):
            break
        tensors = {_without_module(name): value for name, value in content.items() if isinstance(name, str) and isinstance(value, Tensor)}
        if tensors:
            return tensors
        inside = [content[name] for name in _WRAPPERS if isinstance(content.get(name), dict)]
        dicts = [value for value in content.values() if isinstance(value, dict)]
        content = inside[0] if inside else dicts[0] if len(dicts) == 1 else None
    raise MissingModel(f"'{path}' holds no named tensors, so it is no checkpoint of a network: {_AGAIN}.")


def _without_module(name: str) -> str:
    return ".".join(part for part in name.split(".") if part != "module")
