"""Find checkpoint files on this machine, through ComfyUI's folders; what is missing is named with all that helps to get it."""
from __future__ import annotations

import re
from pathlib import Path

from ..host import comfyui
from ..host.errors import InputError, MissingModel
from ..host.folders import models_folders
from .catalogue import Checkpoint, checkpoints, row_of_file


def checkpoint_names(kind: str) -> list[str]:
    """Names for a list to choose from: files that are there, sorted, then the catalogue's that are not. A chosen name that is not there
    gives the sentence that says how to get it."""
    there = sorted({name for folder in models_folders(kind) for name in comfyui.weights_in(folder)})
    rows = [row for row in checkpoints() if row.kind == kind]
    elsewhere = [row.file for row in rows if row.file not in there and find_row(row) is not None]
    return [*there, *elsewhere, *(row.file for row in rows if row.file not in there and row.file not in elsewhere)]


def find_checkpoint(kind: str, name: str) -> Path:
    """The file that `checkpoint_names(kind)` names, or that the catalogue knows by that name.

    Raises InputError for a name that leads out of the folders of its kind, MissingModel with one sentence for a file that is not there:
    which it is, what for, from where, how large, under which licence and where to put it."""
    parts = [part for part in re.split(r"[/\\]", name) if part != "."]
    if not name or ".." in parts or "" in parts or ":" in name:
        raise InputError(f"'{name}' is no file name inside models/{kind}: choose one from the list.")
    row = row_of_file(kind, "/".join(parts))
    found = _first(folder.joinpath(*parts) for folder in models_folders(kind)) or (find_row(row) if row else None)
    if found is None:
        raise MissingModel(missing(row) if row else _unknown(kind, name))
    return found


def find_row(row: Checkpoint) -> Path | None:
    """Where a file of the catalogue is: in the folders of its kind, or where other packs' users have it; None if it is nowhere."""
    own = _first(folder / row.file for folder in models_folders(row.kind))
    return own or _first(path for place in row.also for path in _places(row.kind, place))


def target(row: Checkpoint) -> Path:
    """Where a file of the catalogue is put when it is downloaded."""
    return models_folders(row.kind)[0] / row.file


def missing(row: Checkpoint) -> str:
    """One sentence about a file that is not there."""
    get = f"run `talking-avatar models get {row.name}`, or " if row.sources else ""
    name = Path(row.file).name
    renamed = f" as '{name}'" if row.sources and not row.sources[0].url.endswith(name) and Path(row.sources[0].path).name != name else ""
    return (f"'{name}', {row.purpose} ({row.readable_size}, licence: {row.licence}), is missing: {get}download it from {row.where} "
            f"and put it into '{target(row).parent}'{renamed}.")


def file_stamp(path: Path) -> tuple[str, int, int]:
    """What changes when a file does: (path, time, size); a part of the key of `host.networks.kept`."""
    facts = path.stat()
    return str(path), facts.st_mtime_ns, facts.st_size


def _places(kind: str, place: str) -> list[Path]:
    """Files that a row's `also` may mean; letters' case does not count, as packs are cloned under either."""
    root, _, rest = place.partition("/")
    if root == "custom_nodes":
        folders = comfyui.custom_nodes_folders() if comfyui.is_here() else []
    elif root == "models":
        folders = [comfyui.models_root()] if comfyui.is_here() else [folder.parent for folder in models_folders(kind)]
    else:
        folders, rest = models_folders(kind), place
    return [path for folder in folders if (path := _in_any_case(folder, rest)) is not None]


def _in_any_case(folder: Path, name: str) -> Path | None:
    for part in name.split("/"):
        if not (folder / part).exists():
            try:
                part = next((one.name for one in folder.iterdir() if one.name.lower() == part.lower()), part)
            except OSError:
                return None
        folder = folder / part
    return folder


def _first(paths) -> Path | None:
    return next((path for path in paths if path.is_file()), None)


def _unknown(kind: str, name: str) -> str:
    known = [row.file for row in checkpoints() if row.kind == kind]
    choice = f"; the catalogue has {', '.join(known)}" if known else ""
    return f"There is no file '{name}' in '{models_folders(kind)[0]}': put it there or choose another{choice}."
