"""One frame of a talking film: the base frame's jaw and the source's mouth, both bent to the wanted shape, as a patch.

Two layers come from one bending field. The base layer moves chin and jaw of the frame that is there, so that the mouth of the source may
end inside the jaw: no second chin edge, no swimming beard, no ground dragged along.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
_STILL_PIXELS = 0.02, 0.08  # offsets: up to the first the base keeps its own pixels, from the second it is bent; no step between
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


def paint(base: Face, sources: list[Face], weights: tuple[float, ...], moved: np.ndarray, strength: float, front: Front) -> Painted:
    """The mouths of `sources`, mixed by `weights`, on the base frame, whose landmarks shall move to `moved` (float [468, 2]). strength:
    0 .. 1, how much of the result is shown. front: tells what stays in front of the base frame."""
    unit = float(np.linalg.norm(base.points[10, :2] - base.points[152, :2]))
    box = working_box(base, unit)
    halo = _halo(base.points, unit)
    maps, motion = _maps(base, sources, moved, halo, box, unit)
    bent = _remapped(base.crop, maps[0])
    mouth = _mixed([_remapped(face.crop, place) for face, place in zip(sources, maps[1:], strict=True)], weights)

    small = _Small(box, unit)
    points = small.places(moved)
    mouth = gained(mouth, bent, skin(points, small.box), unit)
    seen = mouth_mask(points, small.box).astype(np.float32) * (strength / 255)
    bending = bend_hull(points, small.places(halo[:HALO_RIM]), small.box).astype(np.float32) / 255
    still, moving = _STILL_PIXELS
    bending *= _ramp(box, base.crop, unit, small.size) * np.clip((small.resized(motion) - still) / (moving - still), 0, 1)
    before = front(small.places(base.points[:, :2]), small.box)
    if before is not None:
        seen, bending = left_over(seen, before), left_over(bending, before)
    seen, under = (cv2.resize(one, bent.shape[1::-1], interpolation=cv2.INTER_LINEAR) for one in (seen, (1 - seen) * bending))
    return Painted(cv2.blendLinear(mouth, bent, seen, under), cv2.convertScaleAbs(seen + under, alpha=255), box[0], box[1])


class _Small:
    """The box at a size at which masks are drawn: they are soft, and nobody sees the difference.

    box: x0, y0, x1, y1 of the small raster. size: its width, height."""

    def __init__(self, box: Box, unit: float) -> None:
        self._origin = box[:2]
        sides = np.array([box[2] - box[0], box[3] - box[1]])
        self.size = tuple(np.maximum(1, np.round(sides * min(1.0, _MASK_UNIT / unit))).astype(int).tolist())
        self.box = (0, 0, *self.size)
        self._scale = np.array(self.size) / sides

    def places(self, points: np.ndarray) -> np.ndarray:
        """Frame coordinates [n, 2] in the small raster."""
        return (points - self._origin) * self._scale

    def resized(self, values: np.ndarray) -> np.ndarray:
        return cv2.resize(values, self.size, interpolation=cv2.INTER_LINEAR)


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


def _maps(base: Face, sources: list[Face], moved: np.ndarray, halo: np.ndarray, box: Box,
          unit: float) -> tuple[list[np.ndarray], np.ndarray]:
    """For base and sources: float32 [h, w, 2], where in the crop each pixel of the box is read (as indices); and float32 [h, w], how many
    pixels the base moves."""
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
    offsets = field(coefficients, at, (nodes.reshape(-1, 2) - origin) / unit).reshape(*nodes.shape[:2], -1)
    maps = []
    for k, face in enumerate([base, *sources]):
        place = nodes + offsets[..., 2 * k:2 * k + 2] - (face.crop.x + 0.5, face.crop.y + 0.5)
        maps.append(_upsampled(place.astype(np.float32), step, box))
    return maps, _upsampled(np.abs(offsets[..., :2]).max(-1), step, box)


def _nodes(box: Box, unit: float) -> tuple[np.ndarray, int]:
    """Frame coordinates float64 [rows, columns, 2] of the field's nodes, one cell beyond the box on each side, and the pixels between
    them. They stand in the middle of cells, so that a plain enlargement by the step puts their values where they belong."""
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
