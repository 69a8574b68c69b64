"""The course of a face: whether the next frame's place can be told from the last ones, so that the mesh need not be laid to know it."""
from __future__ import annotations

from math import exp, hypot, log, pi, remainder

from .region import Region

_EVEN = 0.01
"""How far from its expected place a face may be found and still move evenly: shares of the region's side and size, and radians."""

_FAR = 0.05
"""A face that moves by more than this in a frame (in the same measures) is looked at however evenly it moves."""


class Course:
    """The last two regions in which a face was found, by frame. Moves evenly: the last one was where the two before led."""

    def __init__(self) -> None:
        self._found: list[tuple[int, Region]] = []
        self._even = False

    def note(self, frame: int, region: Region) -> None:
        """The face was found there."""
        expected = self.expected(frame)
        self._even = expected is not None and _apart(expected, region) < _EVEN
        self._found = [*self._found[-1:], (frame, region)]

    def may_pass(self, frame: int) -> bool:
        """Whether `frame` need not be looked at: the face moves evenly and not far, and was found in the frame before."""
        if not self._even or self._found[-1][0] != frame - 1:
            return False
        return _apart(self.expected(frame), self._found[-1][1]) < _FAR

    def expected(self, frame: int) -> Region | None:
        """Where the face is in `frame` if it goes on as it did; None before it was found twice."""
        if len(self._found) < 2:
            return None
        (early, one), (late, other) = self._found
        way = (frame - late) / (late - early)
        turn = remainder(other.turn - one.turn, 2 * pi)
        return Region(other.x + way * (other.x - one.x), other.y + way * (other.y - one.y),
                      other.side * exp(way * log(other.side / one.side)), other.turn + way * turn)


def _apart(one: Region, other: Region) -> float:
    return max(hypot(one.x - other.x, one.y - other.y) / other.side, abs(log(one.side / other.side)),
               abs(remainder(one.turn - other.turn, 2 * pi)))
