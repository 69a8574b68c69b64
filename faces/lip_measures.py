"""What a face track tells about lips and about its own steadiness."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .track import FaceTrack

UPPER_LIP, LOWER_LIP, FOREHEAD, CHIN, LEFT_SIDE, RIGHT_SIDE = 13, 14, 10, 152, 234, 454
STILL_POINTS = (33, 263, 133, 362, 168, 6, 197, 195)
"""Corners of the eyes and the bridge of the nose, which speech does not move."""

_PIECE = 1024


def lip_opening(track: FaceTrack) -> np.ndarray:
    """float64 [N]: the gap between the inner lips over the height of the face, NaN without a face."""
    return np.concatenate([opening_of(points) for points in _pieces(track)] or [np.zeros(0)])


def opening_of(points: np.ndarray) -> np.ndarray:
    """The same of landmarks [n, 468, 3]."""
    return _distance(points, UPPER_LIP, LOWER_LIP) / _distance(points, FOREHEAD, CHIN)


def jitter(track: FaceTrack) -> float:
    """How much points tremble that speech does not move: root mean square of their second difference, in thousandths of the face's
    width. NaN for fewer than three frames with a face."""
    if not track.present.any():
        return float("nan")
    width = np.nanmean(np.concatenate([_distance(points, LEFT_SIDE, RIGHT_SIDE) for points in _pieces(track)]))
    squares, count, done, tail = 0.0, 0, 0, np.zeros((0, len(STILL_POINTS), 2))
    for points in _pieces(track):
        still = np.concatenate([tail, points[:, STILL_POINTS, :2] / width])
        second = np.diff(still, n=2, axis=0)
        for cut in track.cuts:  # row k is made of frames first + k .. first + k + 2
            second[max(0, cut - 2 - done + len(tail)):max(0, cut - done + len(tail))] = np.nan
        done += len(points)
        seen = np.isfinite(second)
        squares, count, tail = squares + float((second[seen] ** 2).sum()), count + int(seen.sum()), still[-2:]
    return 1000 * float(np.sqrt(squares / count)) if count else float("nan")


def _pieces(track: FaceTrack) -> Iterator[np.ndarray]:
    for start in range(0, track.n_frames, _PIECE):
        yield np.asarray(track.landmarks[start:start + _PIECE], np.float64)


def _distance(points: np.ndarray, a: int, b: int) -> np.ndarray:
    return np.linalg.norm(points[:, a, :2] - points[:, b, :2], axis=1)
