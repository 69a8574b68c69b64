"""A short film whose frames are decoded once: what was decoded lies in a temporary file, as it is, for whoever goes over the film again.

A film is gone over three or four times (the face, the mouths, how the face looks, the result). Of 250 frames of 720 x 1280, decoding took
1.4 CPU seconds, writing them once 0.4, reading them back 0.1 to 0.3. A long film must not fill the disk, so it is decoded each time.
"""
from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from ..host.folders import temp_folder
from .clock import Clock
from .film import Frame, FrameSource
from .picture import Picture
from .sound import Sound
from .walk import walk

ROOM = 512_000_000
"""Bytes of decoded samples up to which a film is kept: 14 seconds of 1280 x 720 at 25 frames a second."""

_SPARE = 4  # times as much has to be free on the disk
_HOLD = 24  # frames kept in memory for a run backward


def kept(source: FrameSource) -> FrameSource:
    """The film as one that keeps its frames; itself where it is a still, is kept already, or there is no room for it."""
    if source.is_still or isinstance(source, KeptFilm) or source.n_frames * source.width * source.height > ROOM:
        return source
    first = source.frame(0).picture
    needed, folder = source.n_frames * _bytes(first), temp_folder()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if needed <= ROOM and shutil.disk_usage(folder).free >= _SPARE * needed:
            return KeptFilm(source, first, folder)
    return source


class KeptFilm:
    """A FrameSource (see `film.FrameSource`) of the frames of `source`, any number of threads at a time. The file has no name where the
    system allows it, and goes with the last reference to the KeptFilm. When the disk is full, frames are decoded again, nothing else."""

    is_still = False

    def __init__(self, source: FrameSource, first: Picture, folder: Path) -> None:
        """first: of its frames; those of another kind are not kept. folder: where the file lies. Raises OSError when it cannot be used."""
        self.source = source
        self.path: Path = source.path
        self.width, self.height = source.width, source.height
        self.n_frames = source.n_frames
        self.clock: Clock = source.clock
        self._first, self._size = first, _bytes(first)
        self._there = np.zeros(source.n_frames, bool)
        self._lock = threading.Lock()
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 (closed below)
        weakref.finalize(self, self._file.close)

    @property
    def n_bytes(self) -> int:
        """How large its file is with all frames in it."""
        return self.n_frames * self._size

    @property
    def sound(self) -> Sound | None:
        return self.source.sound

    @property
    def content_key(self) -> str:
        return self.source.content_key

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        stop = self.n_frames if stop is None else min(stop, self.n_frames)
        while start < stop and self._there[start]:
            yield Frame(start, self._read(start))
            start += 1
        if start < stop:
            with closing(self.source.frames(start, stop)) as decoded:
                for frame in decoded:
                    self._keep(frame)
                    yield frame

    def walk(self, indices: Iterable[int]) -> Iterator[Frame]:
        return walk(indices, self.n_frames, self.frames, _HOLD)

    def frame(self, index: int) -> Frame:
        with closing(self.walk([index])) as frames:
            return next(frames)

    def _keep(self, frame: Frame) -> None:
        if self._there[frame.index] or not self._first.is_like(frame.picture):
            return
        with suppress(OSError), self._lock:
            self._file.seek(frame.index * self._size)
            written = sum(self._file.write(np.ascontiguousarray(plane)) for plane in frame.picture.planes)
            self._there[frame.index] = written == self._size

    def _read(self, index: int) -> Picture:
        with self._lock:
            self._file.seek(index * self._size)
            return self._first.another(self._fill)

    def _fill(self, plane: np.ndarray) -> None:
        rows = plane if plane.flags.c_contiguous else np.empty(plane.shape, plane.dtype)
        self._file.readinto(rows)
        if rows is not plane:
            plane[:] = rows


def _bytes(picture: Picture) -> int:
    return sum(plane.nbytes for plane in picture.planes)
