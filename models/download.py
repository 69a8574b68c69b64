"""Bring a checkpoint of the catalogue onto this machine. Only ever called because the user asked for it."""
from __future__ import annotations

import errno
import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..host.errors import MissingModel, OutputError
from ..host.memory import free_disk
from ..host.progress import Progress
from .catalogue import Checkpoint, Source, row_of_file
from .find import find_checkpoint, find_row, target
from .remote import Remote, Unreachable, beside, chunks, locate
from .state_dict import read_state_dict, refuse_stand_ins

_MB = 1_000_000
_SPARE = 100 * _MB
_TRIES, _TRIES_OF_THE_SILENT = 5, 2
_PAUSE = 1.0


def download(row: Checkpoint, progress: Progress) -> Path:
    """The file of a row: where it is already and whole, else downloaded from the first of its sources that gives it. Returns its path.

    The bytes go into a hidden `….part` file beside their place, which a later call goes on with after a cut or a cancel; only a file whose
    size, sha256 (where one is known) and tensors are right gets its name. Raises MissingModel, also for a broken file that lies there
    already (it may be the user's own, so it is not replaced), or OutputError, with one sentence."""
    there = find_row(row)
    if there is not None:
        recognise(row, there)
        return there
    path = target(row)
    if not row.sources:
        raise MissingModel(f"'{path.name}' cannot be downloaded from here: get it by hand from {row.page} and put it into '{path.parent}'.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path):
            return _from_any(row, path, progress)
    except OSError as error:
        raise OutputError(_not_written(path, error)) from error


def find_or_download(kind: str, name: str, allowed: bool, progress: Progress) -> Path:
    """The checkpoint `name`; if it is missing and the user allowed downloads, it is brought. Raises what `find_checkpoint` and
    `download` raise."""
    try:
        return find_checkpoint(kind, name)
    except MissingModel:
        row = row_of_file(kind, name)
        if not allowed or row is None or not row.sources:
            raise
    return download(row, progress)


def recognise(row: Checkpoint, path: Path) -> None:
    """Raise MissingModel with one sentence if the file is not what its row says, by its tensors."""
    if row.tensors is None:
        refuse_stand_ins(path)
        return
    shapes = {name: tuple(tensor.shape) for name, tensor in read_state_dict(path).items()}
    wrong = [name for name, shape in row.tensors.items() if shapes.get(name) != shape]
    if wrong:
        found = f"there has the shape {shapes[wrong[0]]}" if wrong[0] in shapes else "is not in it"
        raise MissingModel(f"'{path}' holds another network than {row.purpose} (tensor {wrong[0]} {found}): delete it and get it again.")


def _from_any(row: Checkpoint, path: Path, progress: Progress) -> Path:
    reasons = []
    for source in row.sources:
        try:
            part, remote = _bring(row, source, path, progress)
            _check(row, remote, part, progress)
        except Unreachable as reason:
            reasons.append(f"{source}: {reason}")
            continue
        part.replace(path)
        for other in _parts(path):
            other.unlink(missing_ok=True)
        return path
    page = f", or get it by hand from {row.page} and put it into '{path.parent}'" if row.page else ""
    raise MissingModel(f"'{path.name}' could not be downloaded ({'; '.join(reasons)}): try again later{page}.")


def _bring(row: Checkpoint, source: Source, path: Path, progress: Progress) -> tuple[Path, Remote]:
    """Download into a part file, going on after cuts. Raises Unreachable."""
    part, tries, before = None, 0, -1
    while True:
        try:
            remote = next(beside(lambda: iter([locate(source)]), progress.check))
            part = path.with_name(f".{path.name}.{remote.mark or 'new'}.part")
            if not remote.mark:
                part.unlink(missing_ok=True)
            _make_sure_of_room(row, remote, part)
            _write(remote, part, f"downloading {path.name}, MB", progress)
            return part, remote
        except Unreachable as reason:
            have = part.stat().st_size if part and part.exists() else 0
            tries = 1 if have > before else tries + 1
            before = have
            if reason.lasting or tries >= (_TRIES if have else _TRIES_OF_THE_SILENT):
                raise
        _wait(_PAUSE * tries, progress)


def _write(remote: Remote, part: Path, stage_name: str, progress: Progress) -> None:
    """Append to the part file what is missing of it."""
    have = part.stat().st_size if part.exists() else 0
    if remote.size is not None and have > remote.size:
        part.unlink()
        have = 0
    total = math.ceil(remote.size / _MB) if remote.size else None
    with part.open("ab") as file, progress.stage(stage_name, total) as stage:
        shown = have // _MB
        stage.advance(shown)
        if have and have == remote.size:
            return
        for place, piece in beside(lambda: chunks(remote, have), progress.check):
            if place != file.tell():
                file.truncate(place)
                file.seek(place)
            file.write(piece)
            stage.advance(max(0, (place + len(piece)) // _MB - shown))
            shown = max(shown, (place + len(piece)) // _MB)


def _check(row: Checkpoint, remote: Remote, part: Path, progress: Progress) -> None:
    """Raise Unreachable, and delete the part, for a file that is not what it should be."""
    try:
        size = part.stat().st_size
        wanted = row.size if row.exact else remote.size
        if wanted is not None and size != wanted:
            raise Unreachable(f"it sent {size} bytes instead of {wanted}")
        sha256 = row.sha256 or remote.sha256
        if sha256 and (found := _sha256(part, progress)) != sha256:
            raise Unreachable(f"what it sent is not the published file (sha256 {found[:12]}… instead of {sha256[:12]}…)")
        recognise(row, part)
    except MissingModel as error:
        part.unlink(missing_ok=True)
        raise Unreachable("what it sent " + str(error).partition("' ")[2].partition(":")[0]) from error
    except Unreachable:
        part.unlink(missing_ok=True)
        raise


def _sha256(path: Path, progress: Progress) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file, progress.stage("checking, MB", math.ceil(path.stat().st_size / _MB)) as stage:
        while block := file.read(_MB):
            digest.update(block)
            stage.advance()
    return digest.hexdigest()


def _make_sure_of_room(row: Checkpoint, remote: Remote, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    need, free = (remote.size or row.size) - have + _SPARE, free_disk(part.parent)
    if need > free:
        raise OutputError(f"'{Path(row.file).name}' needs {need / 1e9:.2f} GB, but only {free / 1e9:.2f} GB are free on the disk of "
                          f"'{part.parent}': make room there, or give another folder in extra_model_paths.yaml or TALKING_AVATAR_MODELS.")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let nobody else on this machine download the same file at the same time."""
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise OutputError(f"'{path.name}' is being downloaded already: wait until that is done.") from error
    try:
        yield
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _parts(path: Path) -> list[Path]:
    return [one for one in path.parent.iterdir() if one.name.startswith(f".{path.name}.") and one.suffix == ".part"]


def _not_written(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        for part in _parts(path):
            part.unlink(missing_ok=True)
        return f"The disk of '{path.parent}' became full while '{path.name}' was downloaded; the part was deleted again: make room."
    return f"'{path.name}' cannot be written into '{path.parent}' ({error.strerror or error}): choose a folder that you may write to."


def _wait(seconds: float, progress: Progress) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        progress.check()
        time.sleep(0.1)
