"""Where a result goes: whole or not at all. It grows under another name beside its place, and what was there before stays until then."""
from __future__ import annotations

import errno
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..host.errors import OutputError


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A path beside `target` to write to. At the end of the block the file takes `target`'s place; on any error, cancel or Ctrl-C
    it is removed. Raises OutputError if it cannot be put in place."""
    part = _beside(target)
    try:
        yield part
        _moved(part, target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def whole_series(folder: Path, belongs: Callable[[str], bool]) -> Iterator[Path]:
    """A folder inside `folder` (made if missing) to write files to. At the end of the block they take their places in `folder`, and what
    is left there of an older, longer series (files whose name `belongs`) is removed; on any error they are removed instead."""
    made = not folder.exists()
    part = _beside(folder / "series")
    part.mkdir(parents=True)
    try:
        yield part
        fresh = sorted(path.name for path in part.iterdir())
        for name in fresh:
            _moved(part / name, folder / name)
        for old in {path.name for path in folder.iterdir() if belongs(path.name)} - set(fresh):
            (folder / old).unlink()
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if made and not any(folder.iterdir()):
            folder.rmdir()


def prepare_folder(target: Path) -> None:
    """Make the folders above `target` and see that a file can be put there. Raises OutputError that says why not."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        trial = _beside(target)
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        raise output_error(target, error) from error


def output_error(target: Path, error: Exception) -> OutputError:
    """The error as a sentence about `target`."""
    reasons = {
        errno.ENOSPC: f"No room is left on the disk for '{target}': free some space there, or write to another disk.",
        errno.EDQUOT: f"Your share of the disk is used up, so '{target}' cannot be written: free some space, or write to another disk.",
        errno.EFBIG: f"'{target}' would be larger than its disk can hold in one file: write to another disk, or raise the crf.",
        errno.EACCES: f"'{target}' may not be written by this user: choose a folder that is yours.",
        errno.EPERM: f"'{target}' may not be written by this user: choose a folder that is yours.",
        errno.EROFS: f"'{target}' is on a disk that can only be read: choose another folder.",
        errno.ENAMETOOLONG: f"The name '{target.name}' is too long for this disk: give a shorter one.",
        errno.ENOTDIR: f"'{target}' cannot be made, since a part of that path is a file: choose another folder.",
        errno.EEXIST: f"'{target}' cannot be made, since a part of that path is a file: choose another folder.",
        errno.EISDIR: f"'{target}' is a folder: name a file in it.",
    }
    return OutputError(reasons.get(getattr(error, "errno", None) or 0, f"'{target}' cannot be written: {_words(error)}."))


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.stem[:40]}.{uuid.uuid4().hex[:8]}.part")


def _moved(part: Path, target: Path) -> None:
    try:
        part.replace(target)
    except OSError as error:
        raise output_error(target, error) from error


def _words(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).rstrip(".").lower()
