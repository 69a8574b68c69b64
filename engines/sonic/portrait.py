"""The portrait as Sonic takes it: cut out around the face, stretched to sides that are multiples of 64, with the face marked.

Rules and rounding as in the published preprocessing (jixiaozhong/Sonic); `crop_square` gives its squares to the pixel.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

Box = tuple[float, float, float, float]
MULTIPLE = 64
_AREA = 1.1


@dataclass(frozen=True)
class Portrait:
    """pixels: uint8 RGB [H, W, 3], H and W multiples of 64. mask: float32 [H, W], 0 .. 1, where the face is. square: x0, y0, x1, y1, the
    part of the picture it shows."""

    pixels: np.ndarray
    mask: np.ndarray
    square: tuple[int, int, int, int]


def portrait_of(picture: np.ndarray, box: Box, expand: float | None, resolution: int, face: np.ndarray | None = None) -> Portrait:
    """picture: uint8 RGB [h, w, 3]. box: x0, y0, x1, y1 of the face in it. expand: face sizes to add on each side before a square is cut
    out; None: the whole picture. resolution: pixels of the shorter side, about. face: uint8 [h, w], 255 where the face is, instead of the
    box."""
    height, width = picture.shape[:2]
    square = (0, 0, width, height) if expand is None else crop_square(box, expand, height, width)
    x0, y0, x1, y1 = square
    picture = picture[y0:y1, x0:x1]
    mask = face_mask(moved(box, -x0, -y0), *picture.shape[:2]) if face is None else face[y0:y1, x0:x1]
    size = network_size(*picture.shape[:2], resolution)
    return Portrait(resized(picture, size), resized(mask, size).astype(np.float32) / 255, square)


def crop_square(box: Box, expand: float, height: int, width: int) -> tuple[int, int, int, int]:
    """The square that is cut out of a picture: inside the box grown by `expand` of its size on each side, as near to the box's centre as
    it goes. Sides are rounded one by one, so that it may be a pixel off a square."""
    x0, y0, x1, y1 = box
    wide, high = expand * (x1 - x0), expand * (y1 - y0)
    left, top = max(0.0, x0 - wide), max(0.0, y0 - high)
    right, bottom = min(float(width), x1 + wide), min(float(height), y1 + high)
    side = min(right - left, bottom - top)
    left, top = _nearest(left, right, side, (x0 + x1) / 2), _nearest(top, bottom, side, (y0 + y1) / 2)
    return round(left), round(top), round(left + side), round(top + side)


def face_mask(box: Box, height: int, width: int) -> np.ndarray:
    """uint8 [height, width]: 255 in the box grown by a tenth."""
    x0, y0, x1, y1 = box
    mask = np.zeros((height, width), np.uint8)
    across, down = _AREA * (x1 - x0) // 2, _AREA * (y1 - y0) // 2
    x, y = (x0 + x1) // 2, (y0 + y1) // 2
    mask[int(max(y - down, 0)):int(min(y + down, height)), int(max(x - across, 0)):int(min(x + across, width))] = 255
    return mask


def network_size(height: int, width: int, resolution: int) -> tuple[int, int]:
    """Height and width in which a picture is animated: the shorter side about `resolution`, both multiples of 64."""
    scale = resolution / min(height, width)
    return tuple(max(1, round(side * scale / MULTIPLE)) * MULTIPLE for side in (height, width))


def resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 [h, w] or [h, w, 3] stretched to height, width (Lanczos)."""
    if pixels.shape[:2] == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.LANCZOS))


def moved(box: Box, x: float, y: float) -> Box:
    """The box moved by x, y."""
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def _nearest(start: float, stop: float, side: float, centre: float) -> float:
    """Where `side` begins between start and stop, its middle as near to `centre` as possible."""
    return min(max(centre - side / 2, start), stop - side)
