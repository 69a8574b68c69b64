"""Which checkpoint the engine works with."""
from __future__ import annotations

from pathlib import Path

from ...host.errors import MissingModel
from ...models.catalogue import checkpoints
from ...models.find import checkpoint_names, find_checkpoint, find_row, missing

KIND = "wav2lip"


def checkpoint_path(name: str) -> Path:
    """The file of that name in models/wav2lip; "auto": the first of the catalogue that is there, or any other file of the folder.

    Raises MissingModel with one sentence that says how to get one, InputError for a name that leads elsewhere."""
    if name != "auto":
        return find_checkpoint(KIND, name)
    rows = [row for row in checkpoints() if row.kind == KIND]
    for row in rows:
        found = find_row(row)
        if found is not None:
            return found
    known = {row.file for row in rows}
    others = [one for one in checkpoint_names(KIND) if one not in known]
    if not others:
        raise MissingModel(missing(rows[0]))
    return find_checkpoint(KIND, others[0])
