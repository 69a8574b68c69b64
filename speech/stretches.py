"""Work on a long row of moments in stretches, so that statistics follow a new speaker, room or microphone."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

STRETCH_ROWS = 6000


def in_stretches(n_rows: int, work: Callable[[slice], np.ndarray]) -> np.ndarray:
    """`work(rows)` -> float [len, ...] for stretches of a minute that overlap by half or more, faded linearly into each other;
    up to a minute it is one stretch. float32 [n_rows, ...]."""
    if n_rows <= STRETCH_ROWS:
        return np.asarray(work(slice(0, n_rows)), np.float32)
    count = -(-(n_rows - STRETCH_ROWS) // (STRETCH_ROWS // 2)) + 1
    starts = np.linspace(0, n_rows - STRETCH_ROWS, count).round().astype(int)
    joined, shares = None, np.zeros(n_rows, np.float32)
    for start in starts:
        rows = slice(start, start + STRETCH_ROWS)
        part, share = work(rows), _share(first=start == 0, last=rows.stop == n_rows)
        if joined is None:
            joined = np.zeros((n_rows, *part.shape[1:]), np.float32)
        joined[rows] += part * share.reshape(-1, *[1] * (part.ndim - 1))
        shares[rows] += share
    return joined / shares.reshape(-1, *[1] * (joined.ndim - 1))


def _share(first: bool, last: bool) -> np.ndarray:
    """A tent over the stretch; nothing fades out where no neighbour fades in."""
    rise = np.arange(1, STRETCH_ROWS + 1, dtype=np.float32)
    ends = [side for side, held in ((rise, first), (rise[::-1], last)) if not held]
    return np.minimum.reduce([*ends, np.full(STRETCH_ROWS, STRETCH_ROWS / 2, np.float32)])
