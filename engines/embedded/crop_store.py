"""The part of a film around the mouth, on disk: any frame of a window can be read at once and memory stays flat.

Crops lie uncompressed in one temporary file that has no name any more, so nothing is left behind however the program ends. Frame k has
its place at k modulo the number of places; a film that is short enough stays whole, of a longer one the file holds a window that moves.
"""
from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from ...host.errors import OutputError
from ...host.folders import temp_folder
from ...media.film import Frame, FrameSource

DISK_BUDGET = 800_000_000
"""Bytes up to which crops of a whole film are kept; only the window may take more."""


@dataclass(frozen=True)
class Crop:
    """pixels: uint8 RGB [h, w, 3]. x, y: place of its first pixel in the frame."""

    pixels: np.ndarray
    x: int
    y: int


class CropStore:
    """Crops of `source` at `boxes` (int32 [N, 4], x0 y0 x1 y1 inside the picture; an empty box: no crop for this frame).

    window: how many frames must be held at once. Use it as a context, or call `close`."""

    def __init__(self, source: FrameSource, boxes: np.ndarray, window: int) -> None:
        self._source, self._boxes = source, boxes
        self._bytes = _crop_bytes(boxes)
        self._places = min(len(boxes), max(window, frames_that_fit(boxes)))
        self._held = np.full(self._places, -1, np.int64)
        self._folder = temp_folder()
        self._file: BinaryIO = tempfile.TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115 - closed by `close`

    def __enter__(self) -> CropStore:
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()

    def hold(self, start: int, stop: int, seen: Callable[[Frame], None]) -> None:
        """Have the crops of frames start .. stop-1 (at most the window). What is missing is decoded, in order, and each frame that is
        decoded is shown to `seen`. Raises OutputError when the disk is full."""
        wanted = np.arange(start, stop)
        missing = wanted[self._held[wanted % self._places] != wanted]
        if len(missing) == 0:
            return
        for frame in self._source.frames(int(missing[0]), int(missing[-1]) + 1):
            seen(frame)
            self._keep(frame)

    @property
    def held(self) -> np.ndarray:
        """bool [N]: the frames that are held."""
        there = np.zeros(len(self._boxes), bool)
        there[self._held[self._held >= 0]] = True
        return there

    def crop(self, frame: int) -> Crop:
        """The crop of a frame that is held."""
        place = frame % self._places
        if self._held[place] != frame:
            raise KeyError(f"The crop of frame {frame} is not held.")
        x0, y0, x1, y1 = (int(edge) for edge in self._boxes[frame])
        pixels = np.empty((y1 - y0, x1 - x0, 3), np.uint8)
        self._file.seek(place * self._bytes)
        self._file.readinto(pixels.data.cast("B"))
        return Crop(pixels, x0, y0)

    def _keep(self, frame: Frame) -> None:
        place = frame.index % self._places
        x0, y0, x1, y1 = (int(edge) for edge in self._boxes[frame.index])
        if x1 > x0 and y1 > y0:
            self._write(place * self._bytes, np.ascontiguousarray(frame.picture.rgb((x0, y0, x1, y1))))
        self._held[place] = frame.index

    def _write(self, at: int, pixels: np.ndarray) -> None:
        try:
            self._file.seek(at)
            if self._file.write(pixels.data.cast("B")) < pixels.nbytes:
                raise OSError(errno.ENOSPC, "no room")
        except OSError as error:
            raise OutputError(f"The pictures of the mouths do not fit into the temporary folder '{self._folder}' ({error.strerror}): "
                              "make room there, or set TMPDIR to another folder.") from error


def frames_that_fit(boxes: np.ndarray) -> int:
    """How many frames' crops may lie on disk at once."""
    return DISK_BUDGET // _crop_bytes(boxes)


def _crop_bytes(boxes: np.ndarray) -> int:
    return 3 * int(((boxes[:, 2] - boxes[:, 0]).astype(np.int64) * (boxes[:, 3] - boxes[:, 1])).max(initial=1))
