"""Carry the still points of a face from picture to picture by optical flow, so that the mesh need not be laid to know where it is.

Flow by Lucas and Kanade 1981, "An Iterative Image Registration Technique with an Application to Stereo Vision", in OpenCV's pyramids; the
points that move together tell how the head moved (least squares, Umeyama 1991, in the plane). Measured on four portraits moved by known
amounts for 150 frames, in face heights, after all steps: error 0.00107 with the mesh laid in every sixth frame and half believed there,
0.00114 with the mesh in every frame and no flow.
"""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .region import Patch, Region, sample

_SIZE = 160
"""Side of the grey crops that are compared."""

_WINDOW, _LEVELS, _ROUNDS, _ENOUGH = 15, 2, 12, 0.02
_LEAST = 0.6
"""Share of the points that must move together, else something else than the head was followed."""

_TOGETHER, _OUTLYING = 0.01, 2.5
"""A point belongs to the head if it misses the common motion by less than 2.5 times what the points do (and a tenth of a hundredth of the
crop is no miss); the points as a whole by less than a hundredth of the crop."""

_FAR = 0.02
"""A face that moves by more than this share of its region's side is not carried: in quick turns the flow errs, and passes it on."""


@dataclass(frozen=True)
class StillPoints:
    """Where points of a head lie in a picture. points: float64 [n, 2], picture pixels. patch: the part of that picture around the face.
    age: through how many pictures they were carried since the mesh told them."""

    points: np.ndarray
    patch: Patch | None
    age: int = 0


def carry(still: StillPoints | None, patch: Patch | None, region: Region) -> StillPoints | None:
    """The points in the next picture, of which `patch` is a part; they keep their layout. region: of the face in the picture before.

    None where that cannot be told: too few move together, or they move far."""
    if still is None or still.patch is None or patch is None:
        return None
    affine = region.affine(_SIZE)
    begun = ((still.points - affine[:, 2]) @ np.linalg.inv(affine[:, :2]).T - 0.5).astype(np.float32)
    ends = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ROUNDS, _ENOUGH)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(_grey(still.patch, region), _grey(patch, region), begun, None,
                                               winSize=(_WINDOW, _WINDOW), maxLevel=_LEVELS, criteria=ends)
    together = _moved_together(begun @ (1, 1j), moved @ (1, 1j), found[:, 0] == 1)
    if together is None or np.abs(together - begun @ (1, 1j)).max() > _FAR * _SIZE:
        return None
    crop = np.column_stack([together.real, together.imag]) + 0.5
    return StillPoints(crop @ affine[:, :2].T + affine[:, 2], patch, still.age + 1)


def _moved_together(begun: np.ndarray, moved: np.ndarray, found: np.ndarray) -> np.ndarray | None:
    """complex [n]: `begun` (x + iy, crop pixels) turned, scaled and shifted as most of the points moved; None where fewer do."""
    for _ in range(3):
        if found.mean() < _LEAST:
            return None
        middle, target = begun[found].mean(), moved[found].mean()
        away = begun[found] - middle
        turn = np.vdot(away, moved[found] - target) / np.vdot(away, away).real
        together = turn * (begun - middle) + target
        missed = np.abs(together - moved)
        usual, before = np.median(missed[found]), found
        found = found & (missed <= max(_OUTLYING * usual, 0.1 * _TOGETHER * _SIZE))
        if np.array_equal(found, before):
            break
    return together if usual <= _TOGETHER * _SIZE else None


def _grey(patch: Patch, region: Region) -> np.ndarray:
    """uint8 [160, 160]: the region cut out of a patch."""
    return sample(patch.grey(), region, _SIZE)
