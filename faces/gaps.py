"""Bridge short gaps in a track: the face was lost for a moment and came back at the same place."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_NEAR = 0.25
_GROWTH = 1.3


def bridgeable(present: np.ndarray, starts: np.ndarray, regions: np.ndarray, limit: int) -> Iterator[tuple[int, int]]:
    """(first, stop) of each gap that may be filled: at most `limit` frames, a face before and after it at about the same place, no cut.

    present: bool [N]. starts: bool [N], frames that begin a new shot. regions: float [N, 4], x, y, side, turn of the face."""
    edges = np.flatnonzero(np.diff(present.astype(np.int8)))
    for before, last in zip(edges[:-1], edges[1:], strict=True):
        first, stop = int(before) + 1, int(last) + 1
        if present[first] or stop - first > limit or starts[first : stop + 1].any():
            continue
        one, other = regions[first - 1], regions[stop]
        apart = float(np.hypot(*(other[:2] - one[:2]))) / max(one[2], other[2])
        if apart < _NEAR and 1 / _GROWTH < other[2] / one[2] < _GROWTH:
            yield first, stop


def between(one: np.ndarray, other: np.ndarray, count: int) -> np.ndarray:
    """[count, ...]: the values between two arrays at even steps, neither included."""
    shares = np.arange(1, count + 1, dtype=np.float64) / (count + 1)
    shares = shares.reshape(-1, *[1] * one.ndim)
    return one + shares * (other - one)
