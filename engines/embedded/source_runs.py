"""Runs of source frames: short ones are absorbed by their neighbours, and where one ends and the next begins both are blended."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

JUMP_OVER = 2
"""Source frames further apart than this on successive output frames are a jump."""


@dataclass(frozen=True)
class Blend:
    """Source frames whose mouths are mixed on one output frame, with weights that sum to 1: one, or two around a jump."""

    frames: tuple[int, ...]
    weights: tuple[float, ...]


def jumps(path: np.ndarray) -> np.ndarray:
    """Output frames i at which source path[i] does not follow path[i - 1]."""
    return np.flatnonzero(np.abs(np.diff(path)) > JUMP_OVER) + 1


def absorb_short_runs(path: np.ndarray, opening: np.ndarray, wished: np.ndarray, fixed: int, shortest: int) -> np.ndarray:
    """The path [m] without runs of fewer than `shortest` frames between two jumps: the run before goes on, or the next starts
    earlier, whichever keeps nearer to `wished`, float32 [m]. opening: float32 [N] of the film's frames, NaN where no mouth can be taken.
    Frames before `fixed` are not touched."""
    path = path.copy()
    at = fixed
    while True:
        starts = jumps(path)
        short = [(int(a), int(b)) for a, b in zip(starts, starts[1:], strict=False) if a >= at and b - a < shortest]
        if not short:
            return path
        at, stop = short[0]
        ways = [_extended(path, anchor, at, stop) for anchor in (at - 1, stop)]
        misses = [_miss(way, opening, wished[at:stop]) for way in ways]
        if np.isfinite(min(misses)):
            path[at:stop] = ways[int(np.argmin(misses))]
        else:
            at += 1


def blend_at(path: np.ndarray, i: int, half: int, usable: np.ndarray) -> Blend:
    """What is mixed on output frame i of the path [m]: within `half` frames of a jump the old run, gone on, and the new one, started
    earlier, by a smooth step over 2 x half frames; elsewhere one source. usable: bool [n], which frames may lend a mouth."""
    near = [c for c in jumps(path[max(0, i - half - 1):i + half + 1]) + max(0, i - half - 1) if c - half <= i < c + half]
    between = [c for c in near if len([d for d in near if min(i, c) < d <= max(i, c) and d != c]) == 0]
    if not between:
        return Blend((int(path[i]),), (1.0,))
    c = min(between, key=lambda c: abs(i - c + 0.5))
    share = (i - c + half + 0.5) / (2 * half)
    share = share * share * (3 - 2 * share)
    if i >= c:
        old, new = _gone_on(path, c - 1, i, usable), int(path[i])
    else:
        old, new = int(path[i]), _gone_on(path, c, i, usable)
    if abs(old - new) == 0:
        return Blend((new,), (1.0,))
    return Blend((old, new), (1 - share, share))


def _extended(path: np.ndarray, anchor: int, first: int, stop: int) -> np.ndarray:
    """The sources of outputs first .. stop-1 if the run of `anchor` covered them."""
    return path[anchor] + _direction(path, anchor) * (np.arange(first, stop) - anchor)


def _miss(way: np.ndarray, opening: np.ndarray, wished: np.ndarray) -> float:
    """Sum of the distances to what is wished; infinite for a way that leaves the usable frames."""
    if way.min() < 0 or way.max() >= len(opening):
        return float("inf")
    return float(np.nan_to_num(np.abs(opening[way] - wished), nan=np.inf).sum())


def _gone_on(path: np.ndarray, anchor: int, i: int, usable: np.ndarray) -> int:
    """The source at output i if the run that holds `anchor` went on there, stopping at the last frame that is usable."""
    at, step = int(path[anchor]), _direction(path, anchor) * (1 if i > anchor else -1)
    for _ in range(abs(i - anchor)):
        if not (0 <= at + step < len(usable) and usable[at + step]):
            break
        at += step
    return at


def _direction(path: np.ndarray, anchor: int) -> int:
    """1 or -1: which way the film runs around an output frame, judged inside its run."""
    around = [int(path[k + 1] - path[k]) for k in (anchor - 1, anchor) if k >= 0 and k + 1 < len(path)]
    inside = [move for move in around if 0 < abs(move) <= JUMP_OVER]
    return -1 if inside and sum(inside) < 0 else 1
