"""Find the cuts of a film while it is read: where one shot ends and the next begins."""
from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from enum import Enum

import cv2
import numpy as np

from ..media.film import Frame
from ..media.picture import Picture

_WIDTH, _HEIGHT = 32, 18
_HISTORY = 12
_LEAST = 0.02
"""Mean difference of two thumbnails (0 .. 1) below which nothing is a cut. Measured: unlike films differ by 0.07 and more, while
people who talk and gesture change at most 0.015 a frame."""

_RATIO = 4.0
"""How many times larger than the changes around it a cut's change is."""

_CELL, _NEARLY_ALL, _MANY = 0.03, 0.7, 0.15
"""A cell has changed when it differs by more than _CELL; a cut changes nearly all of them. Where only many have changed, something may
have come before the camera instead."""


class Change(Enum):
    """What a frame is to the one before: the same shot, a new one, or perhaps a new one (whether it is the face must say)."""

    NONE = 0
    DOUBTFUL = 1
    CUT = 2


def shots(frames: Iterable[Frame]) -> Iterator[tuple[Frame, Change]]:
    """The frames, each with its change from the one before (NONE for the first). Reads one frame ahead.

    A cut changes the thumbnail more than the film's motion does before and after it, and the change stays: a flash, after which
    the picture is as it was, is none. Dissolves are not found."""
    before, history = None, deque([0.0], _HISTORY)
    waiting: tuple[Frame, np.ndarray] | None = None
    for following in _with_end(frames):
        next_thumbnail = None if following is None else thumbnail(following.picture)
        if waiting is not None:
            frame, now = waiting
            change = Change.NONE if before is None else _change(before, now, next_thumbnail, history)
            if before is not None and change is not Change.CUT:
                history.append(difference(before, now))
            yield frame, change
            before = now
        waiting = None if following is None else (following, next_thumbnail)


def thumbnail(picture: Picture) -> np.ndarray:
    """float32 [18, 32, channels] of the picture's own planes, 0 .. 1: small enough to ignore motion, cheap enough for every frame."""
    top = float(2**picture.layout.depth - 1)
    planes = [plane for plane in picture.planes if plane.ndim == 2][:3] or [picture.planes[0][..., :3]]
    small = [cv2.resize(_thinned(plane), (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA) for plane in planes]
    return np.dstack(small).astype(np.float32) / top


def _thinned(plane: np.ndarray) -> np.ndarray:
    """Some of the pixels, at most 4 x 4 for each of the thumbnail's: averaging all of them took 10 times as long."""
    size = min(plane.shape[1], 4 * _WIDTH), min(plane.shape[0], 4 * _HEIGHT)
    return cv2.resize(plane, size, interpolation=cv2.INTER_NEAREST)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference of two thumbnails, 0 .. 1, a change of brightness as a whole (a fade, a lamp) counting a quarter."""
    if one.shape != other.shape:
        return 1.0
    change = one - other
    light = change.mean()
    return float(np.abs(change - 0.75 * light).mean())


def changed_share(one: np.ndarray, other: np.ndarray) -> float:
    """Share of the cells, 0 .. 1, in which two thumbnails differ visibly."""
    if one.shape != other.shape:
        return 1.0
    return float((np.abs(one - other).max(-1) > _CELL).mean())


def _change(before: np.ndarray, now: np.ndarray, after: np.ndarray | None, history: deque[float]) -> Change:
    amount = difference(before, now)
    usual = max(float(np.median(history)), max(list(history)[-2:]) / 2)
    if amount < max(_LEAST, _RATIO * usual):
        return Change.NONE
    if after is not None and (difference(before, after) < amount / 2 or difference(now, after) > amount / 2):
        return Change.NONE
    changed = changed_share(before, now)
    return Change.CUT if changed > _NEARLY_ALL else Change.DOUBTFUL if changed > _MANY else Change.NONE


def _with_end(frames: Iterable[Frame]) -> Iterator[Frame | None]:
    yield from frames
    yield None
