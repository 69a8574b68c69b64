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


def halved(samples: Sequence[np.ndarray], mask: np.ndarray, left: int, top: int, size: tuple[int, int], layout: PixelFormat,
           site: tuple[float, float]) -> tuple[list[np.ndarray], np.ndarray, tuple[int, int]]:
    """Chroma of a patch on the chroma grid of a picture.

    samples: float32 [h, w] planes of chroma for each pixel of the patch. mask: uint8 [h, w]. left, top: where the patch lies in a
    picture of `size` (width, height). Returns the planes, float32 [h', w'], each sample the mean of the pixels around it weighed by
    the mask; the mask for them, float32 0 .. 255, which is 0 where any covered pixel has 0; and column and row of their corner."""
    if not (layout.shift_x or layout.shift_y):
        return list(samples), mask, (left, top)
    step_x, step_y = 1 << layout.shift_x, 1 << layout.shift_y
    before_x, before_y = left % step_x, top % step_y
    right, bottom = left + mask.shape[1], top + mask.shape[0]
    after_x, after_y = -right % step_x, -bottom % step_y
    # At the picture's own edge the last block has fewer pixels: repeat them. Elsewhere the block has pixels that no patch covers.
    edge_x, edge_y = (after_x if right == size[0] else 0), (after_y if bottom == size[1] else 0)
    mask = cv2.copyMakeBorder(mask, 0, edge_y, 0, edge_x, cv2.BORDER_REPLICATE)
    mask = cv2.copyMakeBorder(mask, before_y, after_y - edge_y, before_x, after_x - edge_x, cv2.BORDER_CONSTANT, value=0)
    weight = mask.astype(np.float32)
    total = cv2.max(_gathered(weight, step_x, step_y, site), 1e-6)
    planes = []
    for plane in samples:
        plane = cv2.copyMakeBorder(plane, before_y, after_y, before_x, after_x, cv2.BORDER_REPLICATE)
        planes.append(cv2.divide(_gathered(cv2.multiply(plane, weight), step_x, step_y, site), total))
    cover = cv2.resize(weight, (weight.shape[1] // step_x, weight.shape[0] // step_y), interpolation=cv2.INTER_AREA)
    cover[_least(mask, step_x, step_y) == 0] = 0
    return planes, cover, (left // step_x, top // step_y)


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


def _gathered(plane: np.ndarray, step_x: int, step_y: int, site: tuple[float, float]) -> np.ndarray:
    """Means over blocks; over 1, 2, 1 where samples sit on a pixel and not between two."""
    plane = _gathered_across(plane, step_x, site[0])
    if step_y == 1:
        return plane
    if site[1] == 0.5:
        return cv2.resize(plane, (plane.shape[1], plane.shape[0] // step_y), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(_gathered_across(np.ascontiguousarray(plane.T), step_y, site[1]).T)


def _gathered_across(plane: np.ndarray, step: int, site: float) -> np.ndarray:
    if step == 1:
        return plane
    blocks = cv2.resize(plane, (plane.shape[1] // step, plane.shape[0]), interpolation=cv2.INTER_AREA)
    if site == 0.5 or step > 2:
        return blocks
    on_site = plane[:, 0::2] if site == 0 else plane[:, 1::2]
    other = plane[:, 1::2] if site == 0 else plane[:, 0::2]
    beside = np.empty_like(other)
    if site == 0:
        beside[:, 1:], beside[:, 0] = other[:, :-1], on_site[:, 0]
    else:
        beside[:, :-1], beside[:, -1] = other[:, 1:], on_site[:, -1]
    return 0.5 * blocks + 0.25 * (on_site + beside)


def _least(mask: np.ndarray, step_x: int, step_y: int) -> np.ndarray:
    least = mask[:, ::step_x]
    for i in range(1, step_x):
        least = cv2.min(least, mask[:, i::step_x])
    rows = least[::step_y]
    for i in range(1, step_y):
        rows = cv2.min(rows, least[i::step_y])
    return rows
