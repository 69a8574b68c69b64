"""Cut a picture out along an affine, and put one back: every resampling of the room is done here, once, with sub-pixel placement.

An affine is float64 [2, 3] and takes patch coordinates to frame coordinates; in both, pixel (0, 0) covers [0, 1) x [0, 1).
"""
from __future__ import annotations

import cv2
import numpy as np

from ..media.picture import Picture

_MARGIN = 3  # pixels a cubic kernel reads around a point, and one more


def cut_out(picture: Picture, affine: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 RGB [height, width, 3] of the patch that `affine` lays into the picture; size = width, height, pixels of the patch.

    Only the part of the picture that is needed is converted. Where the patch reaches over the picture's edge, the edge is repeated.
    Where the patch is smaller than its place in the picture, the place is averaged over areas first, so nothing aliases."""
    box = _needed(picture, affine, size)
    return warped(picture.rgb(box), inverse(shifted(affine, -box[0], -box[1])), size)


def cut_out_grey(picture: Picture, affine: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """As `cut_out`, but only how bright it is, uint8 [height, width]."""
    box = _needed(picture, affine, size)
    return warped(picture.grey(box), inverse(shifted(affine, -box[0], -box[1])), size)


def warped(pixels: np.ndarray, affine: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture (uint8 [h, w] or [h, w, 3]) under an affine that takes its coordinates to those of the result, size = width,
    height. Axes that shrink are averaged over areas first, then one cubic step does the rest; edges are repeated."""
    small, affine = _shrunk(pixels, affine)
    if whole_shift(affine) == (0, 0) and small.shape[1::-1] == tuple(size):
        return small
    return cv2.warpAffine(small, _by_centres(affine), size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def warped_mask(mask: np.ndarray, affine: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Like `warped` for a mask (uint8 [h, w]): linear, so that it never rings, and 0 outside."""
    small, affine = _shrunk(mask, affine)
    return cv2.warpAffine(small, _by_centres(affine), size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)


def whole_shift(affine: np.ndarray) -> tuple[int, int] | None:
    """x, y when the affine only moves by whole pixels, else None."""
    x, y = float(affine[0, 2]), float(affine[1, 2])
    if np.array_equal(affine[:, :2], np.eye(2)) and x.is_integer() and y.is_integer():
        return int(x), int(y)
    return None


def inverse(affine: np.ndarray) -> np.ndarray:
    """The affine that goes the other way."""
    turn = np.linalg.inv(affine[:, :2])
    return np.column_stack([turn, -turn @ affine[:, 2]])


def shifted(affine: np.ndarray, x: float, y: float) -> np.ndarray:
    """The affine followed by a move by x, y."""
    return np.column_stack([affine[:, :2], affine[:, 2] + (x, y)])


def scales(affine: np.ndarray) -> tuple[float, float]:
    """How many pixels of the frame one pixel of the patch covers along its own x and y."""
    return float(np.hypot(*affine[:, 0])), float(np.hypot(*affine[:, 1]))


def covered(affine: np.ndarray, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 in frame coordinates around a patch of width, height = size."""
    corners = np.array([[0, 0], [size[0], 0], [0, size[1]], list(size)], np.float64) @ affine[:, :2].T + affine[:, 2]
    return (*corners.min(0), *corners.max(0))


def _needed(picture: Picture, affine: np.ndarray, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The part of the picture that a patch is read from."""
    return _clipped(covered(affine, size), picture.width, picture.height, _MARGIN + 2 * int(np.ceil(max(scales(affine)))))


def _clipped(around: tuple[float, float, float, float], width: int, height: int, margin: int) -> tuple[int, int, int, int]:
    """The whole-pixel box of at least one pixel inside a picture that holds what is there of `around` and a margin."""
    x0 = int(np.clip(np.floor(around[0]) - margin, 0, width - 1))
    y0 = int(np.clip(np.floor(around[1]) - margin, 0, height - 1))
    x1 = int(np.clip(np.ceil(around[2]) + margin, x0 + 1, width))
    y1 = int(np.clip(np.ceil(around[3]) + margin, y0 + 1, height))
    return x0, y0, x1, y1


def _shrunk(pixels: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture averaged over areas along each axis that the affine shrinks, and the affine that is left to do."""
    height, width = pixels.shape[:2]
    sx, sy = (min(1.0, scale) for scale in scales(affine))
    small = max(1, round(width * sx)), max(1, round(height * sy))
    if small == (width, height):
        return pixels, affine
    left = np.column_stack([affine[:, 0] * width / small[0], affine[:, 1] * height / small[1], affine[:, 2]])
    return cv2.resize(pixels, small, interpolation=cv2.INTER_AREA), left


def _by_centres(affine: np.ndarray) -> np.ndarray:
    """The same affine for functions that count from the middle of pixel (0, 0)."""
    return shifted(affine, *(affine[:, :2] @ (0.5, 0.5) - 0.5))
