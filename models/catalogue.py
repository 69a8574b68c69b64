"""Every checkpoint the pack can use, as rows: what it is, for which node, how large, under which licence, and where it is to be had.

Each family of networks keeps its rows in a `checkpoints.json` beside its code: a list of objects with the fields of `Checkpoint`
(`family` is the folder's name) whose `sources` are objects with the fields of `Source`.
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path, PurePosixPath

from ..host.errors import InputError


@dataclass(frozen=True)
class Source:
    """Where a file can be downloaded. hub: a repository of huggingface.co, with the file's `path` and `revision` in it; or url: https."""

    hub: str = ""
    path: str = ""
    revision: str = "main"
    url: str = ""

    def __str__(self) -> str:
        return self.url or f"huggingface.co/{self.hub} ({self.path})"


@dataclass(frozen=True)
class Checkpoint:
    """One file. Nothing of it is on the machine unless the user put it there or asked for it.

    name: what `talking-avatar models get` takes. kind: ComfyUI's folder for it (models/<kind>). file: where it goes in there, with
    forward slashes. purpose: for people, fits into "… for <purpose>". nodes: keys of the nodes that use it. size: bytes; exact: whether
    that is the published file's own size, else it is about right. sha256: of the file, empty where nobody vouches for it. licence: as
    its authors state it. commercial: whether it may be used for money, None where nothing was stated. sources: tried in order; none
    where it has to be fetched by hand from `page`. also: other places where users have it, as "custom_nodes/…", "models/…" or a name
    in the kind's folder. tensors: a few names and shapes that tell the file from others. bundle: a name shared by files that are only
    of use together. family: the folder of the row. purpose_zh: the purpose in Chinese, for the page."""

    name: str
    kind: str
    file: str
    purpose: str
    licence: str
    size: int
    nodes: tuple[str, ...] = ()
    exact: bool = False
    sha256: str = ""
    commercial: bool | None = None
    sources: tuple[Source, ...] = ()
    page: str = ""
    also: tuple[str, ...] = ()
    tensors: dict[str, tuple[int, ...]] | None = None
    bundle: str = ""
    family: str = ""
    purpose_zh: str = ""

    @property
    def where(self) -> str:
        """Where it is to be had, for a sentence."""
        return str(self.sources[0]) if self.sources else self.page

    @property
    def readable_size(self) -> str:
        """"435.8 MB", or "about 435 MB" where the size is not the published file's own."""
        text = f"{self.size / 1e9:.2f} GB" if self.size >= 1e9 else f"{self.size / 1e6:.0f} MB"
        return text if self.exact else f"about {text}"


@cache
def checkpoints() -> tuple[Checkpoint, ...]:
    """All rows, by family and in the order of their files."""
    files = sorted(Path(__file__).parent.glob("*/checkpoints.json"))
    return tuple(_row(row, file.parent.name) for file in files for row in json.loads(file.read_text(encoding="utf-8")))


def rows_named(name: str) -> list[Checkpoint]:
    """The row of that name, or all rows of that bundle. Raises InputError for a name that is neither."""
    known = checkpoints()
    found = [row for row in known if row.name == name] or [row for row in known if row.bundle == name]
    if not found:
        names = sorted({row.name for row in known} | {row.bundle for row in known if row.bundle})
        near = get_close_matches(name, names, 3, 0.4) or names
        raise InputError(f"There is no checkpoint called '{name}' in the catalogue: choose one of {', '.join(near)} "
                         "(`talking-avatar models list` shows all).")
    return found


def row_of_file(kind: str, name: str) -> Checkpoint | None:
    """The row whose file, name or other place among the user's files is `name`; None for a file the catalogue does not know."""
    rows = [row for row in checkpoints() if row.kind == kind]
    asked = PurePosixPath(name)
    for is_it in (lambda row: asked == PurePosixPath(row.file), lambda row: name == row.name, lambda row: name in row.also,
                  lambda row: asked.name == PurePosixPath(row.file).name):
        for row in rows:
            if is_it(row):
                return row
    return None


def _row(row: dict, family: str) -> Checkpoint:
    lists = {"nodes": tuple(row.get("nodes", ())), "also": tuple(row.get("also", ())),
             "sources": tuple(Source(**one) for one in row.get("sources", ())),
             "tensors": {name: tuple(shape) for name, shape in row["tensors"].items()} if row.get("tensors") else None}
    return Checkpoint(**{**row, **lists, "family": family})
