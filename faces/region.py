"""The turned square around a face that the mesh looks at: where it lies, cutting it out, and taking points back."""
from __future__ import annotations

from dataclasses import dataclass, replace
from math import atan2, ceil, cos, floor, sin

import cv2
import numpy as np

from ..media.picture import Picture, evenly

MARGIN = 1.5
"""Side of the square, in longer sides of the face's box (as MediaPipe's face mesh was trained)."""

_SHRINK_ABOVE = 1.6
"""Picture pixels per crop pixel above which bilinear sampling alone would alias, so that the picture is shrunk first."""

_NEARLY_WHOLE = 0.08
"""How far from a whole number of picture pixels a crop pixel may be, as a share, for that number to be taken instead. A painted face read
at 0.88 of its step lost a tenth of its r."""


@dataclass(frozen=True)
class Region:
    """x, y: centre in picture pixels. side: pixels. turn: radians, how far the face is turned clockwise on the screen."""

    x: float
    y: float
    side: float
    turn: float = 0.0

    def affine(self, size: int) -> np.ndarray:
        """float64 [2, 3] from points of the crop (0 .. size) to points of the picture."""
        scale = self.side / size
        across, down = scale * cos(self.turn), scale * sin(self.turn)
        half = size / 2
        return np.array([
            [across, -down, self.x - (across - down) * half],
            [down, across, self.y - (down + across) * half],
        ])


def region_of_box(box: np.ndarray, eye: np.ndarray, other_eye: np.ndarray) -> Region:
    """The region of a detection: box x0, y0, x1, y1; the eyes (x, y) on the left and on the right of an upright picture."""
    x0, y0, x1, y1 = (float(v) for v in box)
    dx, dy = (float(v) for v in np.subtract(other_eye, eye))
    return Region((x0 + x1) / 2, (y0 + y1) / 2, MARGIN * max(x1 - x0, y1 - y0), atan2(dy, dx))


def region_of_landmarks(landmarks: np.ndarray) -> Region:
    """The region for the next look, from the landmarks [468, 2 or 3] of this one: their box, and the turn of the line
    through the outer eye corners (33, 263)."""
    points = landmarks[:, :2]
    return region_of_box(np.concatenate([points.min(0), points.max(0)]), points[33], points[263])


@dataclass(frozen=True)
class Patch:
    """A part of a picture to cut regions from. pixels: uint8, RGB [h, w, 3] or grey [h, w]. origin: x, y of its corner in the picture.
    step: picture pixels per patch pixel, across and down (1 unless it was shrunk)."""

    pixels: np.ndarray
    origin: tuple[int, int]
    step: tuple[float, float]

    def grey(self) -> Patch:
        """The same part of an RGB patch in grey."""
        return replace(self, pixels=cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY))


def cut_out(picture: Picture, region: Region, size: int) -> np.ndarray:
    """uint8 RGB [size, size, 3]: the region, turned upright, black outside the picture."""
    return sample(lift(picture, region, size), region, size)


def lift(picture: Picture, region: Region, size: int, room: float = 1.0) -> Patch | None:
    """The part of `picture` under `region` made `room` times larger, ready for crops of `size`; None if that is outside.

    Only this part is converted to RGB. Where a crop pixel spans many picture pixels it is shrunk by area averaging; by a whole number
    where that is nearly the same, which OpenCV does faster (a region of 480 pixels: 0.9 instead of 2.3 ms)."""
    x0, y0, x1, y1 = _covered(replace(region, side=region.side * room).affine(size), size, picture.width, picture.height)
    if x1 <= x0 or y1 <= y0:
        return None
    scale = region.side / size
    if scale <= _SHRINK_ABOVE:
        return Patch(picture.rgb((x0, y0, x1, y1)), (x0, y0), (1.0, 1.0))
    nearest = round(scale)
    whole = abs(scale / nearest - 1) <= _NEARLY_WHOLE
    x0, y0, x1, y1 = evenly((x0, y0, x1, y1), picture.width, picture.height, nearest if whole else 1)
    scale = nearest if whole else scale
    width, height = max(1, round((x1 - x0) / scale)), max(1, round((y1 - y0) / scale))
    small = picture.small_rgb((x0, y0, x1, y1), (width, height))
    return Patch(small, (x0, y0), ((x1 - x0) / width, (y1 - y0) / height))


def sample(patch: Patch | None, region: Region, size: int) -> np.ndarray:
    """uint8 RGB [size, size, 3], or [size, size] of a grey patch: the region cut out of it by bilinear interpolation; black outside it."""
    if patch is None:
        return np.zeros((size, size, 3), np.uint8)
    affine = region.affine(size)
    affine[:, 2] -= patch.origin
    affine /= np.array(patch.step)[:, None]
    # OpenCV counts from the centre of the first pixel, this pack from its corner.
    affine[:, 2] += affine[:, :2].sum(1) / 2 - 0.5
    return cv2.warpAffine(patch.pixels, affine, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def into_picture(points: np.ndarray, region: Region, size: int) -> np.ndarray:
    """float32 [N, 3]: points x, y, z of the crop in picture pixels, z scaled alike."""
    affine = region.affine(size)
    placed = np.empty_like(points, dtype=np.float32)
    placed[:, :2] = points[:, :2] @ affine[:, :2].T + affine[:, 2]
    placed[:, 2] = points[:, 2] * (region.side / size)
    return placed


def _covered(affine: np.ndarray, size: int, width: int, height: int) -> tuple[int, int, int, int]:
    """Whole-pixel box of the picture under the crop, with two pixels to spare for the sampling, inside the picture."""
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) @ affine[:, :2].T + affine[:, 2]
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    return (max(0, floor(left) - 2), max(0, floor(top) - 2), min(width, ceil(right) + 2), min(height, ceil(bottom) + 2))
