"""The spool: finished mouths on disk, so that memory is flat and nothing is ever made twice.

One file in the temporary folder holds a head (with the key: what the mouths were made from) and one checked record a patch. While a
Spool is open its file is locked, so a file that nobody has locked was left by a run that was killed or suspended: the next Spool of the
same key goes on where it ended; one that nobody asks for is swept away after two days.
"""
from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
import uuid
import weakref
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from io import FileIO
from itertools import islice
from pathlib import Path

import numpy as np

from ..host.errors import OutputError
from ..host.folders import temp_folder
from ..host.progress import Progress
from .packed import HEAD_BYTES, index_of, is_whole, plain, record_bytes, squeezed, unpacked
from .patch import FacePatch

_MAGIC = b"TalkingAvatarSpool1\n"
_END = b"END."
_STALE_SECONDS = 2 * 24 * 3600
_WAIT_SECONDS = 0.5
_ROOMY = 256_000_000
"""Bytes up to which patches lie in the file as they are: a short film's are soon written and read, a long one's must not fill the disk."""

_LOOKED_AT = 5  # one of so many patches tells how well they squeeze
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


class Spool:
    """Patches in rising order of index: one writer, any number of readers, in threads of one process, also while it grows.

    The file goes when the last reference to the Spool goes, or at exit."""

    def __init__(self, key: str, folder: Path | None = None) -> None:
        """key: names what the patches are made from (film, speech, engine, settings). If an earlier run of the same key left its file
        in `folder` (default: the temporary folder), that is taken up again: `last_index` and `is_finished` say how far it had come.

        Raises OutputError when the folder cannot be used."""
        self.key = key
        self.folder = folder or temp_folder() / "talking-avatar"
        self.last_index = -1
        self.is_finished = False
        self._starts = array("q")
        self._indices = array("q")
        self._stopped = False
        self._changed = threading.Condition()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _sweep(self.folder)
            self.path, self._file = _left_behind(self.folder, key) or _new(self.folder, key)
            self._remove = weakref.finalize(self, _close_and_remove, self._file, self.path)
            self._end = self._scan()
        except OSError as error:
            raise self._trouble(error) from error

    def __len__(self) -> int:
        """How many patches are in it."""
        return len(self._starts)

    @property
    def n_bytes(self) -> int:
        """How large its file is."""
        return self._end

    def grown(self, times: float) -> int:
        """How many bytes its file would have with so many times as many patches like those that are there."""
        plainly = self.n_bytes * times
        if plainly <= _ROOMY:
            return round(plainly)
        share = np.mean([len(squeezed(patch)) / len(plain(patch)) for patch in islice(self, None, None, _LOOKED_AT)])
        return round(_ROOMY + (plainly - _ROOMY) * share)

    def __iter__(self) -> Iterator[FacePatch]:
        """The patches that are there now, in order. Pixels under mask 0 that can never be seen may come back as 0."""
        for position in range(len(self)):
            yield self._read(position)

    def between(self, start: int, stop: int) -> Iterator[FacePatch]:
        """The patches of frames start .. stop-1 that are there now, in order."""
        for position in range(bisect_left(self._indices, start), bisect_left(self._indices, stop)):
            yield self._read(position)

    def follow(self, progress: Progress) -> Iterator[FacePatch]:
        """The patches from the first to the finish, waiting for those to come; ends early, with `is_finished` False, when the writer
        of `tee` stopped before its end. Raises Cancelled when the user stops."""
        position = 0
        while True:
            with self._changed:
                if position == len(self) and not self.is_finished and not self._stopped:
                    self._changed.wait(_WAIT_SECONDS)
                there, over = len(self), self.is_finished or self._stopped
            progress.check()
            if position < there:
                yield self._read(position)
                position += 1
            elif over:
                return

    def append(self, patch: FacePatch) -> None:
        """Add one patch, its index not below the last one's. Raises OutputError when the disk is full; what is there stays good."""
        if self.is_finished or patch.index < self.last_index:
            raise ValueError(f"Patch {patch.index} cannot follow patch {self.last_index}" + " of a finished spool." * self.is_finished)
        record = plain(patch) if self._end < _ROOMY else squeezed(patch)
        with self._changed:
            self._write(record)
            self._starts.append(self._end)
            self._indices.append(patch.index)
            self._end += len(record)
            self.last_index = patch.index
            self._stopped = False
            self._changed.notify_all()

    def finish(self) -> None:
        """Say that no more patches will come."""
        with self._changed:
            if not self.is_finished:
                self._write(_END)
            self.is_finished = True
            self._changed.notify_all()

    def tee(self, patches: Iterable[FacePatch]) -> Iterator[FacePatch]:
        """Keep what passes. The spool is finished when `patches` ends by itself, not when the caller stops early."""
        try:
            for patch in patches:
                self.append(patch)
                yield patch
            self.finish()
        finally:
            with self._changed:
                self._stopped = True
                self._changed.notify_all()

    def suspend(self) -> None:
        """Close the spool but leave its file for a later Spool of the same key."""
        self._remove.detach()
        self._file.close()

    def _read(self, position: int) -> FacePatch:
        with self._changed:
            start = self._starts[position]
            stop = self._starts[position + 1] if position + 1 < len(self) else self._end
            self._file.seek(start)
            record = self._file.read(stop - start)
        return unpacked(record)

    def _write(self, record: bytes) -> None:
        """Write behind what is known to be good, so that an interrupted write before this one leaves no trace."""
        try:
            self._file.seek(self._end)
            if self._file.write(record) < len(record):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self._file.truncate(self._end)
            raise self._trouble(error) from error

    def _scan(self) -> int:
        """Find the records of the file, cut off a broken end, and return where the next record goes."""
        end = len(_head(self.key))
        while True:
            self._file.seek(end)
            head = self._file.read(HEAD_BYTES)
            length = record_bytes(head)
            if length is None:
                break
            record = head + self._file.read(length - HEAD_BYTES)
            if len(record) < length or not is_whole(record):
                break
            self._starts.append(end)
            self.last_index = index_of(record)
            self._indices.append(self.last_index)
            end += length
        self.is_finished = head == _END
        self._file.truncate(end + len(_END) * self.is_finished)
        return end

    def _trouble(self, error: OSError) -> OutputError:
        if error.errno in _FULL:
            return OutputError(f"The disk of the temporary folder '{self.folder}' is full: make room, or set TMPDIR to another folder.")
        return OutputError(f"The temporary folder '{self.folder}' cannot be used ({error.strerror}): set TMPDIR to another folder.")


def _head(key: str) -> bytes:
    return _MAGIC + hashlib.sha256(key.encode()).digest()


def _prefix(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _new(folder: Path, key: str) -> tuple[Path, FileIO]:
    path = folder / f"{_prefix(key)}-{uuid.uuid4().hex[:12]}.spool"
    file = path.open("x+b", buffering=0)
    _lock(file)  # where the file system has no locks the file cannot be taken up after a kill, nothing else is lost
    file.write(_head(key))
    return path, file


def _left_behind(folder: Path, key: str) -> tuple[Path, FileIO] | None:
    """The longest file of this key that no living Spool holds."""
    for path in sorted(folder.glob(f"{_prefix(key)}-*.spool"), key=_size, reverse=True):
        file = _claimed(path)
        if file is None:
            continue
        if file.read(len(_head(key))) == _head(key):
            return path, file
        file.close()
    return None


def _sweep(folder: Path) -> None:
    """Remove the files that killed or suspended runs left long ago."""
    for path in folder.glob("*.spool"):
        try:
            is_stale = time.time() - path.stat().st_mtime > _STALE_SECONDS
        except FileNotFoundError:
            continue
        file = _claimed(path) if is_stale else None
        if file is not None:
            _close_and_remove(file, path)


def _claimed(path: Path) -> FileIO | None:
    """The file, opened and locked; None when somebody has it, or it is gone or not ours."""
    try:
        file = path.open("r+b", buffering=0)
    except OSError:
        return None
    if _lock(file) and path.exists():
        return file
    file.close()
    return None


def _lock(file: FileIO) -> bool:
    """Take the file for this process, until it is closed; False if another one has it or locks do not work here."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(1 << 40)  # a byte nobody writes: elsewhere the lock would bar readers
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _close_and_remove(file: FileIO, path: Path) -> None:
    file.close()
    path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
