"""Lay the mesh a second time, in regions that move smoothly with the head.

Most of the mesh's noise comes from its region: it shifts with the noise of the last landmarks, and they with it. In a region that
follows the head exactly, the jitter was measured to be 5 times smaller (see `anchor.py`).
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np

from ..models.mediapipe.face_mesh import SIZE
from .mesh import SURE, run_mesh
from .pursuit import Sighting
from .region import Patch, Region, sample

REACH = 4
"""Frames on either side from which a region is smoothed."""

_AT_ONCE = 8
"""Frames that go through the network together: 4.7 ms of a processor each (medians of 25), by fours 5.1, one by one 6.6."""

_WIDTH = 2.0
_JUMP, _GROWTH = 0.3, 0.3
"""A change of the region by more than these shares of its side within one frame is no motion of a head: smoothing stops there."""


@dataclass(frozen=True)
class Laid:
    """One frame after the second laying. region: None where no face is. points: float32 [468, 3] in it, 0 .. 192. starts: whether the
    frame has nothing to do with the one before it (a cut, a jump, or the first after a gap)."""

    index: int
    region: Region | None = None
    points: np.ndarray | None = None
    confidence: float = 0.0
    starts: bool = False
    cut: bool = False


@dataclass(frozen=True)
class _Placed:
    """A frame whose smoothed region is known. patch, region: None where no face is. seen: whether the first laying found the face."""

    index: int
    region: Region | None = None
    patch: Patch | None = None
    seen: bool = True
    starts: bool = False
    cut: bool = False


def steady(sightings: Iterable[Sighting]) -> Iterator[Laid]:
    """One result a frame, in order, 4 to 12 frames behind; nothing is smoothed across a cut, a gap or a jump."""
    waiting: list[_Placed] = []
    for placed in _placed(sightings):
        waiting.append(placed)
        if len(waiting) == _AT_ONCE:
            yield from _lay(waiting)
            waiting = []
    yield from _lay(waiting)


def _lay(waiting: list[_Placed]) -> Iterator[Laid]:
    """The mesh on some frames, each in its smoothed region."""
    crops = [sample(placed.patch, placed.region, SIZE) for placed in waiting if placed.region is not None]
    read = zip(*run_mesh(crops), strict=True) if crops else iter(())
    for placed in waiting:
        points, confidence = next(read) if placed.region is not None else (None, 0.0)
        if placed.region is None or (not placed.seen and confidence <= SURE):
            yield Laid(placed.index, starts=True, cut=placed.cut)
        else:
            yield Laid(placed.index, placed.region, points, float(confidence), placed.starts, placed.cut)


def _placed(sightings: Iterable[Sighting]) -> Iterator[_Placed]:
    run: deque[Sighting] = deque(maxlen=2 * REACH + 1)
    done = 0
    for sighting in sightings:
        if run and _breaks(run[-1], sighting):
            yield from _finish(run, done)
            run.clear()
            done = 0
        if sighting.region is None:
            yield _Placed(sighting.index, starts=True, cut=sighting.cut)
            continue
        if len(run) == run.maxlen:
            done -= 1
        run.append(sighting)
        if len(run) - done > REACH:
            yield _place(run, done)
            done += 1
    yield from _finish(run, done)


def _finish(run: deque[Sighting], done: int) -> Iterator[_Placed]:
    for at in range(done, len(run)):
        yield _place(run, at)


def _breaks(before: Sighting, now: Sighting) -> bool:
    if now.region is None or now.cut:
        return True
    one, other = before.region, now.region
    apart = np.hypot(other.x - one.x, other.y - one.y)
    return apart > _JUMP * one.side or abs(log(other.side / one.side)) > _GROWTH


def _place(run: deque[Sighting], at: int) -> _Placed:
    """Frame `at` of the run, in its smoothed region."""
    sighting = run[at]
    region = smoothed([entry.region for entry in run], at)
    return _Placed(sighting.index, region, sighting.patch, sighting.reading is not None, starts=at == 0, cut=sighting.cut)


def smoothed(regions: Sequence[Region], at: int) -> Region:
    """The region of frame `at`, by a parabola fitted to its neighbours (Gaussian weights, local regression): it keeps speed and bends,
    and has no delay. Near the ends fewer neighbours serve."""
    near = [(place - at, region) for place, region in enumerate(regions) if abs(place - at) <= REACH]
    offsets = np.array([offset for offset, _ in near])
    turns = np.unwrap([region.turn for _, region in near])
    values = np.array([[region.x, region.y, log(region.side)] for _, region in near])
    weights = np.exp(-0.5 * (offsets / _WIDTH) ** 2)
    degree = min(2, len(offsets) - 1)
    powers = np.vander(offsets, degree + 1, increasing=True)
    fit, *_ = np.linalg.lstsq(powers * weights[:, None] ** 0.5, np.column_stack([values, turns]) * weights[:, None] ** 0.5, rcond=None)
    x, y, size, turn = (float(value) for value in fit[0])
    return Region(x, y, exp(size), turn)
