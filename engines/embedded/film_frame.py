"""One frame of a talking film: the base frame's jaw and the source's mouth, both bent to the wanted shape, as a patch.

Two layers come from one bending field. The base layer moves chin and jaw of the frame that is there, so that the mouth of the source may
end inside the jaw: no second chin edge, no swimming beard, no ground dragged along.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np

from ...compose.colour import gained
from ...compose.mask import Box, bend_hull, mouth_mask, skin
from .canonical_face import similarity
from .control_points import HALO_BY, HALO_OF, HALO_RIM, control_points
from .crop_store import Crop
from .film_front import left_over
from .thin_plate import field, thin_plate

_HALF_SIDE = 0.48  # face heights of the square that is worked on
_NODES = 20  # nodes of the field a face height
_STILL_PIXELS = 0.02, 0.2  # offsets: up to the first the base keeps its own pixels, from the second it is bent; no step between
_MASK_UNIT = 120  # pixels of the face at which masks are drawn
_RAMP = 0.06  # face heights over which the bending ends at the border of the square
_CARRIED = [33, 263, 6, 197, 195, 5, 4, 1, 98, 234, 454, 10, 9]  # points that carry the halo into a source


Front = Callable[[np.ndarray, Box], "np.ndarray | None"]
"""From landmarks [468, 2] and a box in the same raster: uint8 [h, w], what stays in front; None where nothing does."""


@dataclass(frozen=True)
class Face:
    """A frame's crop and its landmarks float32 [468, 3], in frame pixels."""

    crop: Crop
    points: np.ndarray


@dataclass(frozen=True)
class Painted:
    """pixels: uint8 RGB [h, w, 3]; alpha: uint8 [h, w]; both to be laid at x, y. frame x (1 - alpha) + pixels x alpha is the result."""

    pixels: np.ndarray
    alpha: np.ndarray
    x: int
    y: int


def paint(base: Face, sources: list[Face], weights: tuple[float, ...], moved: np.ndarray, strength: float, front: Front) -> Painted | None:
    """The mouths of `sources`, mixed by `weights`, on the base frame, whose landmarks shall move to `moved` (float [468, 2]). strength:
    0 .. 1, how much of the result is shown. front: tells what stays in front of the base frame. None where nothing changes."""
    unit = float(np.linalg.norm(base.points[10, :2] - base.points[152, :2]))
    box = working_box(base, unit)
    halo = _halo(base.points, unit)
    bend = _bend(base, sources, moved, halo, box, unit)

    small = _Small(box, unit)
    points = small.places(moved)
    seen = mouth_mask(points, small.box).astype(np.float32) * (strength / 255)
    bending = bend_hull(points, small.places(halo[:HALO_RIM]), small.box).astype(np.float32) / 255
    still, moving = _STILL_PIXELS
    bending *= _ramp(box, base.crop, unit, small.size) * np.clip((bend.motion(small) - still) / (moving - still), 0, 1)
    before = front(small.places(base.points[:, :2]), small.box)
    if before is not None:
        seen, bending = left_over(seen, before), left_over(bending, before)
    under = (1 - seen) * bending
    cells = bend.cells(small.around(seen + under > 0))
    if cells is None:
        return None

    part = bend.pixels(cells)
    pixels = _remapped(base.crop, bend.places(cells, 0, base.crop))
    shown = bend.cells(small.around(seen > 0))
    seen, under = (small.cut(one, part) for one in (seen, under))
    if shown is not None:
        within = bend.pixels(shown)
        here = np.s_[within[1] - part[1]:within[3] - part[1], within[0] - part[0]:within[2] - part[0]]
        mouth = _mixed([_remapped(face.crop, bend.places(shown, k, face.crop)) for k, face in enumerate(sources, 1)], weights)
        inner = _Small(within, unit)
        mouth = gained(mouth, pixels[here], skin(inner.places(moved), inner.box), unit)
        pixels[here] = cv2.blendLinear(mouth, pixels[here], seen[here], under[here])
    return Painted(pixels, cv2.convertScaleAbs(seen + under, alpha=255), part[0], part[1])


class _Small:
    """A box at a size at which masks are drawn: they are soft, and nobody sees the difference.

    box: x0, y0, x1, y1 of the small raster. size: its width, height."""

    def __init__(self, box: Box, unit: float) -> None:
        self._outer = box
        sides = np.array([box[2] - box[0], box[3] - box[1]])
        self.size = tuple(np.maximum(1, np.round(sides * min(1.0, _MASK_UNIT / unit))).astype(int).tolist())
        self.box = (0, 0, *self.size)
        self._scale = np.array(self.size) / sides

    def places(self, points: np.ndarray) -> np.ndarray:
        """Frame coordinates [n, 2] in the small raster."""
        return (points - self._outer[:2]) * self._scale

    def around(self, seen: np.ndarray) -> tuple[float, float, float, float] | None:
        """x0, y0, x1, y1 from the corner of the box, in pixels, around what is True of bool [h, w]; None where nothing is. What is shown
        reaches half a small pixel beyond."""
        x, y, width, height = cv2.boundingRect(seen.view(np.uint8))
        low, high = (np.array([x, y]) - 0.5) / self._scale, (np.array([x + width, y + height]) + 0.5) / self._scale
        return (*low, *high) if width else None

    def cut(self, mask: np.ndarray, part: Box) -> np.ndarray:
        """The part of a mask at the size of the frame."""
        x0, y0, x1, y1 = self._outer
        full = cv2.resize(mask, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(full[part[1] - y0:part[3] - y0, part[0] - x0:part[2] - x0])


@dataclass(frozen=True)
class _Bend:
    """Where base and sources are read, known at nodes: they stand in the middle of cells of step x step pixels of the box, one cell beyond
    it on each side, so that a plain enlargement by the step puts their values where they belong.

    nodes: float64 [rows, columns, 2], in the frame. offsets: float64 [rows, columns, 2 * pictures], from there to where each is read."""

    box: Box
    step: int
    nodes: np.ndarray
    offsets: np.ndarray

    def motion(self, small: _Small) -> np.ndarray:
        """float32 [h, w] of the small raster: how many pixels the base moves there."""
        pixels = np.abs(self.offsets[..., :2]).max(-1).astype(np.float32)
        return cv2.resize(_upsampled(pixels, self.step, self.box), small.size, interpolation=cv2.INTER_LINEAR)

    def cells(self, around: tuple[float, float, float, float] | None) -> Box | None:
        """The first column and row and the last, not included, of the cells that hold a part of the box."""
        if around is None:
            return None
        rows, columns = (length - 2 for length in self.nodes.shape[:2])
        x0, y0 = (max(0, floor(low / self.step)) for low in around[:2])
        x1, y1 = (min(count, ceil(high / self.step)) for high, count in zip(around[2:], (columns, rows), strict=True))
        return x0, y0, x1, y1

    def pixels(self, cells: Box) -> Box:
        """The box of some cells in the frame."""
        x0, y0 = self.box[0] + cells[0] * self.step, self.box[1] + cells[1] * self.step
        return x0, y0, min(self.box[2], self.box[0] + cells[2] * self.step), min(self.box[3], self.box[1] + cells[3] * self.step)

    def places(self, cells: Box, number: int, crop: Crop) -> np.ndarray:
        """float32 [h, w, 2]: where in a picture's crop each pixel of some cells is read (as indices). number: 0 is the base."""
        here = np.s_[cells[1]:cells[3] + 2, cells[0]:cells[2] + 2]
        place = self.nodes[here] + self.offsets[here][..., 2 * number:2 * number + 2] - (crop.x + 0.5, crop.y + 0.5)
        return _upsampled(place.astype(np.float32), self.step, self.pixels(cells))


def working_box(base: Face, unit: float) -> Box:
    """The square around the mouth that may change, cut off at the crop."""
    x, y = base.points[[0, 17, 152], :2].mean(0)
    half, crop = _HALF_SIDE * unit, base.crop
    height, width = crop.pixels.shape[:2]
    return (max(crop.x, int(x - half)), max(crop.y, int(y - half)),
            min(crop.x + width, int(x + half) + 1), min(crop.y + height, int(y + half) + 1))


def _halo(points: np.ndarray, unit: float) -> np.ndarray:
    """Fixed points of neck and ground around the jaw, float64 [12, 2]."""
    jaw = points[list(HALO_OF), :2].astype(np.float64)
    away = jaw - points[4, :2]
    return jaw + away / np.linalg.norm(away, axis=1, keepdims=True) * (np.array(HALO_BY) * unit)[:, None]


def _bend(base: Face, sources: list[Face], moved: np.ndarray, halo: np.ndarray, box: Box, unit: float) -> _Bend:
    """The field that takes each pixel of the box to where it is read in base and sources."""
    points = control_points().points
    target = np.vstack([moved[points], halo])
    known = [np.vstack([base.points[points, :2], halo])]
    for face in sources:
        turn, shift = similarity(base.points[_CARRIED, :2].astype(np.float64), face.points[_CARRIED, :2].astype(np.float64))
        known.append(np.vstack([face.points[points, :2], halo @ turn.T + shift]))
    origin = target.mean(0)
    at = (target - origin) / unit
    coefficients = thin_plate(at, np.hstack(known) - np.tile(target, len(known)))
    nodes, step = _nodes(box, unit)
    return _Bend(box, step, nodes, field(coefficients, at, (nodes.reshape(-1, 2) - origin) / unit).reshape(*nodes.shape[:2], -1))


def _nodes(box: Box, unit: float) -> tuple[np.ndarray, int]:
    """Frame coordinates float64 [rows, columns, 2] of the field's nodes, and the pixels between them; see `_Bend`."""
    step = max(2, round(unit / _NODES))
    columns, rows = (-(-(box[k + 2] - box[k]) // step) for k in (0, 1))
    x = box[0] + step * (np.arange(-1, columns + 1) + 0.5)
    y = box[1] + step * (np.arange(-1, rows + 1) + 0.5)
    return np.stack(np.meshgrid(x, y), -1), step


def _upsampled(values: np.ndarray, step: int, box: Box) -> np.ndarray:
    """Node values enlarged to the pixels of the box."""
    full = cv2.resize(values, None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
    return full[step:step + box[3] - box[1], step:step + box[2] - box[0]]


def _remapped(crop: Crop, place: np.ndarray) -> np.ndarray:
    return cv2.remap(crop.pixels, place, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _mixed(pictures: list[np.ndarray], weights: tuple[float, ...]) -> np.ndarray:
    if len(pictures) == 1:
        return pictures[0]
    return cv2.addWeighted(pictures[0], weights[0], pictures[1], weights[1], 0)


def _ramp(box: Box, crop: Crop, unit: float, size: tuple[int, int]) -> np.ndarray:
    """float32 [h, w] of size = w, h: 1 inside the box, falling to 0 at its borders, but not at those that are the picture's own (where the
    crop ends too)."""
    sides = []
    for axis, (origin, length) in enumerate(zip((crop.x, crop.y), crop.pixels.shape[1::-1], strict=True)):
        low, high = box[axis], box[axis + 2]
        place = low + (np.arange(size[axis]) + 0.5) * (high - low) / size[axis]
        from_low = place - low if low > origin else np.inf
        to_high = high - place if high < origin + length else np.inf
        sides.append(np.clip(np.minimum(from_low, to_high) / (_RAMP * unit), 0, 1) + np.zeros(size[axis], np.float32))
    return np.minimum(sides[0][None], sides[1][:, None]).astype(np.float32)
