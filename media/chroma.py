"""Chroma between its own grid and the grid of pixels: linear both ways, by where the samples sit."""
from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .pixel_format import PixelFormat


def widened(plane: np.ndarray, box: tuple[int, int, int, int], layout: PixelFormat, site: tuple[float, float]) -> np.ndarray:
    """[h, w] chroma of every pixel of box x0, y0, x1, y1, in the plane's own type; `site` as in `Colour.chroma_site`.

    The result does not depend on the box: a sample's neighbours outside are read where the plane has them."""
    x0, y0, x1, y1 = box
    columns = slice(max(0, (x0 >> layout.shift_x) - 1), ((x1 - 1) >> layout.shift_x) + 2)
    rows = slice(max(0, (y0 >> layout.shift_y) - 1), ((y1 - 1) >> layout.shift_y) + 2)
    part = plane[rows, columns]
    part = _doubled_down(part, layout.shift_y, site[1])
    part = _doubled_across(part, layout.shift_x, site[0])
    left, top = x0 - (columns.start << layout.shift_x), y0 - (rows.start << layout.shift_y)
    return part[top : top + y1 - y0, left : left + x1 - x0]


def gathered(samples: Sequence[np.ndarray], mask: np.ndarray, left: int, top: int, size: tuple[int, int], layout: PixelFormat,
             site: tuple[float, float]) -> tuple[list[np.ndarray], np.ndarray, tuple[int, int]]:
    """Chroma of a patch on the chroma grid of a picture.

    samples: [h, w] planes of chroma for each pixel of the patch, uint8 or float32. mask: uint8 [h, w]. left, top: where the patch lies
    in a picture of `size` (width, height). Returns the planes, float32 [h', w'], each sample the mean of the pixels around it weighed
    by the mask; the mask for them, uint8, which is 0 where any covered pixel has 0; and column and row of their corner."""
    step_x, step_y = 1 << layout.shift_x, 1 << layout.shift_y
    before_x, before_y = left % step_x, top % step_y
    right, bottom = left + mask.shape[1], top + mask.shape[0]
    after_x, after_y = -right % step_x, -bottom % step_y
    # At the picture's own edge the last block has fewer pixels: repeat them. Elsewhere the block has pixels that no patch covers.
    edge_x, edge_y = (after_x if right == size[0] else 0), (after_y if bottom == size[1] else 0)
    mask = cv2.copyMakeBorder(mask, 0, edge_y, 0, edge_x, cv2.BORDER_REPLICATE)
    mask = cv2.copyMakeBorder(mask, before_y, after_y - edge_y, before_x, after_x - edge_x, cv2.BORDER_CONSTANT, value=0)
    weight = mask.astype(np.float32)
    total = np.maximum(_averaged(weight, step_x, step_y, site), 1e-3)
    planes = []
    for plane in samples:
        plane = cv2.copyMakeBorder(plane, before_y, after_y, before_x, after_x, cv2.BORDER_REPLICATE)
        planes.append(_averaged(plane * weight, step_x, step_y, site) / total)
    return planes, _cover(mask, step_x, step_y), (left // step_x, top // step_y)


def _doubled_down(part: np.ndarray, shift: int, site: float) -> np.ndarray:
    if shift == 0:
        return part
    if site != 0.5:
        return np.ascontiguousarray(_doubled_across(np.ascontiguousarray(part.T), shift, site).T)
    return cv2.resize(part, (part.shape[1], part.shape[0] << shift), interpolation=cv2.INTER_LINEAR)


def _doubled_across(part: np.ndarray, shift: int, site: float) -> np.ndarray:
    if shift == 0:
        return part
    if site == 0.5 or shift > 1:
        return cv2.resize(part, (part.shape[1] << shift, part.shape[0]), interpolation=cv2.INTER_LINEAR)
    height, width = part.shape
    if site == 0:
        beside = cv2.copyMakeBorder(part[:, 1:], 0, 0, 0, 1, cv2.BORDER_REPLICATE) if width > 1 else part
    else:
        beside = cv2.copyMakeBorder(part[:, :-1], 0, 0, 1, 0, cv2.BORDER_REPLICATE) if width > 1 else part
    between = cv2.addWeighted(part, 0.5, beside, 0.5, 0)
    # Two channels side by side in memory are the even and odd columns.
    pair = [part, between] if site == 0 else [between, part]
    return cv2.merge(pair).reshape(height, 2 * width)


def _averaged(plane: np.ndarray, step_x: int, step_y: int, site: tuple[float, float]) -> np.ndarray:
    """Means over blocks; where samples sit on the first or last pixel of their block, over that pixel's two neighbours (1, 2, 1)."""
    height, width = plane.shape
    padded = cv2.copyMakeBorder(plane, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    corners = [(y, x) for y in _starts(step_y, site[1]) for x in _starts(step_x, site[0])]
    total = None
    for y, x in corners:
        block = padded[y : y + height, x : x + width]
        means = cv2.resize(block, (width // step_x, height // step_y), interpolation=cv2.INTER_AREA)
        total = means if total is None else total + means
    return total / len(corners)


def _starts(step: int, site: float) -> tuple[int, ...]:
    """Where blocks begin in a plane padded by 1 so that their mean stands at the site: two of them, a pixel apart, for 1, 2, 1."""
    if step != 2 or site == 0.5:
        return (1,)
    return (0, 1) if site == 0 else (1, 2)


def _cover(mask: np.ndarray, step_x: int, step_y: int) -> np.ndarray:
    """uint8: means of blocks of the mask, 0 where a block holds a 0."""
    size = (mask.shape[1] // step_x, mask.shape[0] // step_y)
    holes = cv2.resize((mask == 0).view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    return cv2.resize(mask, size, interpolation=cv2.INTER_AREA) * (holes == 0)
