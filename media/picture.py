"""Pixels in the film's own format, so that what no mask touches stays bit-identical to the decoded source."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm

import av
import cv2
import numpy as np

from .chroma import gathered, widened
from .colour import SRGB, UNSAID, Colour, rgb_from_yuv, yuv_from_rgb
from .pixel_format import PixelFormat, blank, native, pixel_format, planes_of

PAPER = 235  # the grey that shows through where a picture is transparent
_BAND = 96 * 1024  # pixels converted at a time: what stays in the processor's cache took half the time of whole frames

Box = tuple[int, int, int, int]


def evenly(box: Box, width: int, height: int, whole: int = 1) -> Box:
    """The box made a little larger, so that it begins and ends with whole samples of chroma and its sides are multiples of `whole`, where
    the picture has room for that."""
    x0, y0, step = box[0] - box[0] % 2, box[1] - box[1] % 2, lcm(2, whole)
    return x0, y0, min(width, x0 - (x0 - box[2]) // step * step), min(height, y0 - (y0 - box[3]) // step * step)


@dataclass(frozen=True, eq=False)
class Picture:
    """One upright picture in its native pixel format: planar YUV or grey of 8 to 16 bits, or RGB of 8, with or without alpha.

    planes: read-only arrays (Y, U, V, A), (Y,) or one [h, w, 3 or 4]. sar: width of a pixel over its height. Nothing changes a
    picture once it is made; `pasted` makes another."""

    layout: PixelFormat
    colour: Colour
    planes: tuple[np.ndarray, ...]
    frame: av.VideoFrame
    sar: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        for plane in self.planes:
            plane.flags.writeable = False

    @classmethod
    def from_av(cls, frame: av.VideoFrame, chroma_site: tuple[float, float] = (0.0, 0.5), sar: Fraction = Fraction(1),
                stream_tags: tuple[int, int] = (UNSAID, UNSAID)) -> Picture:
        """A decoded frame, without a copy where its format is native (see `pixel_format.native`)."""
        frame, layout, colour = native(frame, chroma_site, stream_tags)
        planes = planes_of(frame, layout)
        if frame.format.name != layout.name:  # a yuvj format, whose name would say the range a second time
            return cls.from_planes(planes, layout, colour, sar)
        return cls._tagged(frame, planes, layout, colour, sar)

    @classmethod
    def from_planes(cls, planes: tuple[np.ndarray, ...], layout: PixelFormat, colour: Colour, sar: Fraction = Fraction(1)) -> Picture:
        """A picture with copies of `planes`, the first of which has its full size."""
        height, width = planes[0].shape[:2]
        frame, views = blank(layout, width, height)
        for view, plane in zip(views, planes, strict=True):
            view[:] = plane
        return cls._tagged(frame, views, layout, colour, sar)

    @classmethod
    def from_rgb(cls, pixels: np.ndarray) -> Picture:
        """uint8 [h, w, 3], sRGB."""
        return cls.from_planes((pixels,), pixel_format("rgb24"), SRGB)

    @classmethod
    def from_rgba(cls, pixels: np.ndarray) -> Picture:
        """uint8 [h, w, 4], sRGB, alpha not multiplied in."""
        return cls.from_planes((pixels,), pixel_format("rgba"), SRGB)

    @classmethod
    def from_gray(cls, pixels: np.ndarray) -> Picture:
        """uint8 [h, w], full range."""
        return cls.from_planes((pixels,), pixel_format("gray"), Colour(6, True))

    def another(self, fill: Callable[[np.ndarray], None]) -> Picture:
        """A picture of the same size and kind; `fill` writes its planes, one after the other."""
        frame, views = blank(self.layout, self.width, self.height)
        for view in views:
            fill(view)
        return self._tagged(frame, views, self.layout, self.colour, self.sar)

    def is_like(self, other: Picture) -> bool:
        """Whether another picture is of the same size and kind."""
        return all(getattr(self, name) == getattr(other, name) for name in ("layout", "colour", "sar", "width", "height"))

    @classmethod
    def _tagged(cls, frame, planes, layout: PixelFormat, colour: Colour, sar: Fraction) -> Picture:
        frame.colorspace, frame.color_range = colour.matrix, 2 if colour.full_range else 1
        if hasattr(frame, "color_trc"):
            frame.color_trc, frame.color_primaries = colour.transfer, colour.primaries
        return cls(layout, colour, planes, frame, sar)

    @property
    def width(self) -> int:
        return self.planes[0].shape[1]

    @property
    def height(self) -> int:
        return self.planes[0].shape[0]

    @property
    def alpha(self) -> np.ndarray | None:
        """[h, w] in the format's own depth, or None."""
        if not self.layout.alpha:
            return None
        return self.planes[0][..., 3] if self.layout.kind == "rgb" else self.planes[3]

    def to_av(self) -> av.VideoFrame:
        """The frame itself, not a copy, tagged with matrix and range, its picture type cleared so that an encoder chooses. The caller
        may set pts and time base; the samples are shared and must not be written."""
        self.frame.pict_type = 0
        return self.frame

    def rgb(self, box: Box | None = None) -> np.ndarray:
        """uint8 RGB [h, w, 3] of the picture, or of box x0, y0, x1, y1 (whole pixels, inside the picture). Chroma is interpolated
        linearly; transparent pixels show a light grey (235)."""
        x0, y0, x1, y1 = box or (0, 0, self.width, self.height)
        if not (0 <= x0 < x1 <= self.width and 0 <= y0 < y1 <= self.height):
            raise ValueError(f"box {box} is not inside {self.width} x {self.height}")
        part = np.s_[y0:y1, x0:x1]
        if self.layout.kind == "rgb":
            shown = np.ascontiguousarray(self.planes[0][part][..., :3])
        else:
            shown = self._rgb_of_samples((x0, y0, x1, y1))
        if self.alpha is not None:
            shown = _over_paper(shown, self.alpha[part], self.layout.depth)
        return shown

    def _rgb_of_samples(self, box: Box) -> np.ndarray:
        x0, y0, x1, y1 = box
        to_rgb = rgb_from_yuv(self.colour, self.layout.depth)
        if self.layout.kind == "gray":
            grey = _grey_levels(self.colour, self.layout.depth)[self.planes[0][y0:y1, x0:x1]]
            return cv2.merge([grey, grey, grey])
        shown = np.empty((y1 - y0, x1 - x0, 3), np.uint8)
        rows = max(16, _BAND // (x1 - x0))
        for top in range(y0, y1, rows):
            bottom = min(top + rows, y1)
            chroma = [widened(plane, (x0, top, x1, bottom), self.layout, self.colour.chroma_site) for plane in self.planes[1:3]]
            colours = cv2.transform(cv2.merge([self.planes[0][top:bottom, x0:x1], *chroma]), to_rgb)
            shown[top - y0 : bottom - y0] = colours if colours.dtype == np.uint8 else np.minimum(colours, 255)
        return shown

    def small_rgb(self, box: Box, size: tuple[int, int]) -> np.ndarray:
        """uint8 RGB [h, w, 3]: the box (as in `rgb`) shrunk to size = width, height by averaging areas. Samples are averaged before they
        become colours, and chroma is taken to sit in the middle of its pixels: colours may lie half a pixel of the picture beside."""
        shift_x, shift_y = self.layout.shift_x, self.layout.shift_y
        if self.layout.kind != "yuv" or self.alpha is not None or not _on_grid(box, self.width, self.height, shift_x, shift_y):
            return cv2.resize(self.rgb(box), size, interpolation=cv2.INTER_AREA)
        x0, y0, x1, y1 = box
        here = np.s_[y0 >> shift_y : -(-y1 >> shift_y), x0 >> shift_x : -(-x1 >> shift_x)]
        parts = self.planes[0][y0:y1, x0:x1], self.planes[1][here], self.planes[2][here]
        samples = cv2.merge([cv2.resize(part, size, interpolation=_averaging(part, size)) for part in parts])
        return np.minimum(cv2.transform(samples, rgb_from_yuv(self.colour, self.layout.depth)), 255).astype(np.uint8)

    def grey(self, box: Box) -> np.ndarray:
        """uint8 [h, w]: how bright the picture is in a box (as in `rgb`), black 0 and white 255; transparency is not looked at."""
        x0, y0, x1, y1 = box
        if self.layout.kind == "rgb":
            return cv2.cvtColor(np.ascontiguousarray(self.planes[0][y0:y1, x0:x1, :3]), cv2.COLOR_RGB2GRAY)
        levels, samples = _grey_levels(self.colour, self.layout.depth), np.ascontiguousarray(self.planes[0][y0:y1, x0:x1])
        return cv2.LUT(samples, levels) if self.layout.depth == 8 else levels[samples]

    def pasted(self, pixels: np.ndarray, mask: np.ndarray, x: int, y: int) -> Picture:
        """A copy with `pixels` (uint8 RGB [h, w, 3]) laid at (x, y) through `mask` (uint8 [h, w]); parts outside the picture are
        dropped. Every sample under mask 0, and every chroma sample that covers a pixel under mask 0, keeps its bits; alpha too."""
        cut = _seen_part(mask, x, y, self.width, self.height)
        if cut is None:
            return self
        frame, planes = blank(self.layout, self.width, self.height)
        for view, plane in zip(planes, self.planes, strict=True):
            view[:] = plane
        rows, columns = cut
        left, top = x + columns.start, y + rows.start
        pixels, mask = pixels[rows, columns], mask[rows, columns]
        here = np.s_[top : top + mask.shape[0], left : left + mask.shape[1]]
        if self.layout.kind == "rgb":
            colours = planes[0][here][..., :3]
            colours[:] = _mixed(colours, pixels, mask[..., None], 8)
        else:
            self._paste_samples(planes, pixels, mask, left, top)
        return self._tagged(frame, planes, self.layout, self.colour, self.sar)

    def _paste_samples(self, planes: tuple[np.ndarray, ...], pixels: np.ndarray, mask: np.ndarray, left: int, top: int) -> None:
        depth, layout = self.layout.depth, self.layout
        if depth > 8:
            pixels = pixels.astype(np.float32)
        samples = cv2.split(cv2.transform(pixels, yuv_from_rgb(self.colour, depth)))
        here = np.s_[top : top + mask.shape[0], left : left + mask.shape[1]]
        planes[0][here] = _mixed(planes[0][here], samples[0], mask, depth)
        if layout.kind == "gray":
            return
        chroma, corner = samples[1:], (left, top)
        if layout.shift_x or layout.shift_y:
            chroma, mask, corner = gathered(chroma, mask, left, top, (self.width, self.height), layout, self.colour.chroma_site)
        there = np.s_[corner[1] : corner[1] + mask.shape[0], corner[0] : corner[0] + mask.shape[1]]
        for plane, laid in zip(planes[1:3], chroma, strict=True):
            plane[there] = _mixed(plane[there], laid, mask, depth)


@lru_cache(maxsize=8)
def _grey_levels(colour: Colour, depth: int) -> np.ndarray:
    """uint8 [2 ** depth]: what each sample of a grey picture shows."""
    top = 2**depth - 1 if colour.full_range else 235 * 2 ** (depth - 8)
    black = 0 if colour.full_range else 16 * 2 ** (depth - 8)
    levels = (np.arange(2**depth) - black) * 255 / (top - black)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def _on_grid(box: Box, width: int, height: int, shift_x: int, shift_y: int) -> bool:
    """Whether a box begins and ends where samples of chroma do."""
    x0, y0, x1, y1 = box
    across, down = (1 << shift_x) - 1, (1 << shift_y) - 1
    return not (x0 & across or y0 & down or (x1 & across and x1 < width) or (y1 & down and y1 < height))


def _averaging(part: np.ndarray, size: tuple[int, int]) -> int:
    return cv2.INTER_AREA if part.shape[1] >= size[0] and part.shape[0] >= size[1] else cv2.INTER_LINEAR


def _mixed(old: np.ndarray, new: np.ndarray, mask: np.ndarray, depth: int) -> np.ndarray:
    """old + (new - old) x mask / 255, rounded: old's bits where the mask (uint8) is 0, new rounded where it is 255."""
    if depth == 8:
        if new.dtype != np.uint8:
            new = np.rint(new).astype(np.uint8)
        both = np.multiply(old, 255 - mask, dtype=np.uint16)
        both += np.multiply(new, mask, dtype=np.uint16)
        both += 128
        both += both >> 8  # with the line above: round(both / 255), exact up to 255 x 255
        return (both >> 8).astype(np.uint8)
    before = old.astype(np.float32)
    after = before + (new - before) * (mask / np.float32(255))
    return np.clip(np.rint(after), 0, 2**depth - 1).astype(old.dtype)


def _over_paper(shown: np.ndarray, alpha: np.ndarray, depth: int) -> np.ndarray:
    part = alpha.astype(np.float32)[..., None] / (2**depth - 1)
    return np.rint(PAPER + (shown - np.float32(PAPER)) * part).astype(np.uint8)


def _seen_part(mask: np.ndarray, x: int, y: int, width: int, height: int) -> tuple[slice, slice] | None:
    """Rows and columns of the mask that lie inside the picture and hold something other than 0; None if there are none."""
    rows = slice(max(0, -y), max(0, min(mask.shape[0], height - y)))
    columns = slice(max(0, -x), max(0, min(mask.shape[1], width - x)))
    inside = mask[rows, columns]
    if inside.size == 0:
        return None
    left, top, wide, high = cv2.boundingRect(np.ascontiguousarray(inside))
    if not wide:
        return None
    return slice(rows.start + top, rows.start + top + high), slice(columns.start + left, columns.start + left + wide)
