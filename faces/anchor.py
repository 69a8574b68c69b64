"""Tie the mesh's region to the points of a face that stay where they are while it speaks.

The landmarks depend a little on where the region lies. A region taken from the box of the landmarks moves with the chin and with
their noise, and the next landmarks with it. Measured on a portrait moved by known amounts, in face heights, after all steps: error
0.0028 with the region from the box, 0.0013 tied to still points; jitter (second difference) 0.008 with the mesh laid once, 0.0015 laid a
second time along the smoothed path (`steady.py`), 0.0004 smoothed (`smooth.py`).
"""
from __future__ import annotations

from math import hypot, log, pi, remainder

import numpy as np

from .region import Region, region_of_landmarks

STILL = (33, 263, 133, 362, 168, 6, 197, 195, 5, 4, 9, 8, 151, 55, 285, 107, 336, 70, 300, 109, 338, 10, 67, 297, 127, 356, 21, 251, 54,
         284, 234, 454, 98, 327)
"""Eye corners, nose, brows, forehead, temples and the ends of the cheekbones."""

_RENEWAL = 0.05
"""Share of the layout that is renewed with each frame while the region lies badly, so that it follows a head that turns within about a
second. Renewed all the time, the layout wanders with the noise: measured, the error of the landmarks doubles."""

_SHIFT, _GROWTH, _TURN = 0.08, 0.12, 0.12
"""How far the region may lie from the one the box of the landmarks gives, in shares of its side and radians, before it lies badly.
Speech moves that one by about half as much."""


class Anchor:
    """Where the still points lie in their region, learnt from a face, and learnt anew when the head has turned."""

    def __init__(self, landmarks: np.ndarray):
        self._layout = _layout(landmarks)

    def region(self, landmarks: np.ndarray) -> Region:
        """The region in which the still points of `landmarks` [468, 3] lie as they did so far (least squares)."""
        region = self.region_of(landmarks[STILL, :2])
        renewal = _RENEWAL * min(1.0, max(0.0, 2 * (_misplacement(region, region_of_landmarks(landmarks)) - 1)))
        if renewal > 0:
            self._layout += renewal * (_layout(landmarks) - self._layout)
        return region

    def region_of(self, still: np.ndarray) -> Region:
        """The region in which the still points [n, 2] lie as they did so far (least squares)."""
        return _fit(self._layout, still)


def _misplacement(region: Region, by_box: Region) -> float:
    """How badly a region lies: above 1 it does."""
    shift = hypot(by_box.x - region.x, by_box.y - region.y) / region.side
    turn = abs(remainder(by_box.turn - region.turn, 2 * pi))
    return max(shift / _SHIFT, abs(log(by_box.side / region.side)) / _GROWTH, turn / _TURN)


def _layout(landmarks: np.ndarray) -> np.ndarray:
    """float64 [n, 2]: the still points in the region of these landmarks, from -1/2 to 1/2 of its side."""
    region = region_of_landmarks(landmarks)
    affine = region.affine(1)
    return (landmarks[STILL, :2] - affine[:, 2]) @ np.linalg.inv(affine[:, :2]).T - 0.5


def _fit(layout: np.ndarray, points: np.ndarray) -> Region:
    """The similarity from layout to points, as a region (Umeyama 1991, in the plane)."""
    source, target = (array[:, 0] + 1j * array[:, 1] for array in (layout, points.astype(np.float64)))
    middle = source.mean()
    motion = np.vdot(source - middle, target - target.mean()) / np.vdot(source - middle, source - middle).real
    centre = target.mean() - motion * middle
    return Region(centre.real, centre.imag, abs(motion), float(np.angle(motion)))
