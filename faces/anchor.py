"""Tie the mesh's region to the points of a face that stay where they are while it speaks.

The landmarks depend a little on where the region lies. A region taken from the box of the landmarks moves with the chin and with
their noise, and the next landmarks with it. Measured on a portrait moved by known amounts, error of the landmarks in face heights: region
from the box 0.0027; tied to still points 0.0016; laid a second time along the smoothed path (`steady.py`) 0.0006 to 0.0012.
"""
from __future__ import annotations

import numpy as np

from .region import Region, region_of_landmarks

STILL = (33, 263, 133, 362, 168, 6, 197, 195, 5, 4, 9, 8, 151, 55, 285, 107, 336, 70, 300, 109, 338, 10, 67, 297, 127, 356, 21, 251, 54,
         284, 234, 454, 98, 327)
"""Eye corners, nose, brows, forehead, temples and the ends of the cheekbones."""

_RENEWAL = 0.05
"""Share of the layout that is renewed with each frame, so that it follows a head that turns within about a second."""


class Anchor:
    """Where the still points lie in their region, learnt from a face and slowly renewed."""

    def __init__(self, landmarks: np.ndarray):
        self._layout = _layout(landmarks)

    def region(self, landmarks: np.ndarray) -> Region:
        """The region in which the still points of `landmarks` [468, 3] lie as they did so far (least squares)."""
        region = _fit(self._layout, landmarks[STILL, :2])
        self._layout += _RENEWAL * (_layout(landmarks) - self._layout)
        return region


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
