"""Landmarks on disk: written as tracking goes, read frame by frame, so that an hour of film costs no memory."""
from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np

from ..models.mediapipe.face_mesh import POINTS

_ROW = POINTS * 3
_ROW_BYTES = _ROW * 4


class LandmarkFile:
    """A track's landmarks: float32 [n, 468, 3] in a raw file of little-endian numbers, row after row.

    Index it by a frame or a slice and get an array of its own; any number of threads may. The file stays readable
    even if it is removed from its folder meanwhile (on systems that allow that)."""

    def __init__(self, path: Path, n_frames: int):
        """Raises OSError if the file cannot be read, ValueError if it has not the size of n_frames rows."""
        self.shape = (n_frames, POINTS, 3)
        self.path = path
        self._file = path.open("rb", buffering=0)
        self._lock = threading.Lock()
        if os.fstat(self._file.fileno()).st_size != n_frames * _ROW_BYTES:
            self._file.close()
            raise ValueError(f"'{path}' has not {n_frames} rows")

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, frames: int | slice) -> np.ndarray:
        if isinstance(frames, slice):
            start, stop, step = frames.indices(self.shape[0])
            if step == 1:
                return self._rows(start, max(start, stop))
            rows = [self._rows(i, i + 1) for i in range(start, stop, step)]
            return np.concatenate(rows) if rows else np.empty((0, POINTS, 3), np.float32)
        index = int(frames) + (self.shape[0] if frames < 0 else 0)
        if not 0 <= index < self.shape[0]:
            raise IndexError(f"frame {frames} of {self.shape[0]}")
        return self._rows(index, index + 1)[0]

    def close(self) -> None:
        """Give the file back; it is also closed when this object is dropped."""
        self._file.close()

    def _rows(self, start: int, stop: int) -> np.ndarray:
        rows = np.empty((stop - start, POINTS, 3), "<f4")
        wanted = memoryview(rows).cast("B") if len(rows) else memoryview(b"")
        with self._lock:
            self._file.seek(start * _ROW_BYTES)
            done = 0
            while done < len(wanted):
                read = self._file.readinto(wanted[done:])
                if not read:
                    raise OSError(f"'{self.path}' ends before row {stop}")
                done += read
        return rows


class LandmarkWriter:
    """Writes such a file row by row; a frame left out is NaN. Use it as a context manager."""

    def __init__(self, path: Path):
        self._file = path.open("wb")
        self._next = 0

    def __enter__(self) -> LandmarkWriter:
        return self

    def __exit__(self, *error) -> None:
        self._file.close()

    def put(self, index: int, landmarks: np.ndarray) -> None:
        """Write rows index, index + 1, … ([468, 3] or [m, 468, 3]); index may not lie before what is written."""
        rows = np.ascontiguousarray(landmarks, "<f4").reshape(-1, _ROW)
        self.pad(index)
        self._file.write(rows)
        self._next = index + len(rows)

    def pad(self, stop: int) -> None:
        """Fill up to row `stop` with NaN."""
        if stop < self._next:
            raise ValueError(f"row {stop} is written already")
        blank = np.full((1, _ROW), np.nan, "<f4").tobytes()
        for _ in range(stop - self._next):
            self._file.write(blank)
        self._next = stop
