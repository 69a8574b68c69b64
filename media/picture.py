"""Pixels in the film's own format, so that what no mask touches stays bit-identical to the decoded source."""
from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np

from .chroma import halved, widened
from .colour import SRGB, Colour, rgb_from_yuv, yuv_from_rgb
from .pixel_format import PixelFormat, blank, native, pixel_format, planes_of

PAPER = 235  # the grey that shows through where a picture is transparent

Box = tuple[int, int, int, int]


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

    @classmethod
    def from_av(cls, frame: av.VideoFrame, chroma_site: tuple[float, float] = (0.0, 0.5), sar: Fraction = Fraction(1)) -> Picture:
        """A decoded frame, without a copy where its format is native (see `pixel_format.native`)."""
        frame, layout, colour = native(frame, chroma_site)
        return cls(layout, colour, planes_of(frame, layout), frame, sar)

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
        luma = self.planes[0][y0:y1, x0:x1]
        to_rgb = rgb_from_yuv(self.colour, self.layout.depth)
        if self.layout.kind == "gray":
            flat = to_rgb[0, 0] * np.arange(2**self.layout.depth) + to_rgb[0] @ [0, *[2 ** (self.layout.depth - 1)] * 2, 1]
            grey = np.clip(np.rint(flat), 0, 255).astype(np.uint8)[luma]
            return cv2.merge([grey, grey, grey])
        chroma = [widened(plane, box, self.layout, self.colour.chroma_site) for plane in self.planes[1:3]]
        shown = cv2.transform(cv2.merge([luma, *chroma]), to_rgb)
        return shown if shown.dtype == np.uint8 else np.minimum(shown, 255).astype(np.uint8)

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
            colours[:] = _mixed(colours, pixels, np.repeat(mask[..., None], 3, axis=2), 8)
        else:
            self._paste_samples(planes, pixels, mask, left, top)
        return self._tagged(frame, planes, self.layout, self.colour, self.sar)

    def _paste_samples(self, planes: tuple[np.ndarray, ...], pixels: np.ndarray, mask: np.ndarray, left: int, top: int) -> None:
        depth = self.layout.depth
        samples = cv2.split(cv2.transform(pixels.astype(np.float32), yuv_from_rgb(self.colour, depth)))
        here = np.s_[top : top + mask.shape[0], left : left + mask.shape[1]]
        planes[0][here] = _mixed(planes[0][here], samples[0], mask, depth)
        if self.layout.kind == "gray":
            return
        size = (self.width, self.height)
        chroma, cover, (cx, cy) = halved(samples[1:], mask, left, top, size, self.layout, self.colour.chroma_site)
        there = np.s_[cy : cy + cover.shape[0], cx : cx + cover.shape[1]]
        for plane, laid in zip(planes[1:3], chroma, strict=True):
            plane[there] = _mixed(plane[there], laid, cover, depth)


def _mixed(old: np.ndarray, new: np.ndarray, mask: np.ndarray, depth: int) -> np.ndarray:
    """old + (new - old) x mask / 255, rounded: old's bits where the mask is 0. Any shape; new uint8 or float32, mask uint8 or float32."""
    before = old.astype(np.float32)
    change = cv2.subtract(new.astype(np.float32, copy=False), before)
    change = cv2.multiply(change, cv2.divide(mask.astype(np.float32, copy=False), 255.0))
    if depth == 8:
        return cv2.add(before, change, dtype=cv2.CV_8U).reshape(old.shape)
    return np.clip(np.rint(before + change), 0, 2**depth - 1).astype(old.dtype)


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
    down, across = np.flatnonzero(inside.max(axis=1)), np.flatnonzero(inside.max(axis=0))
    if not len(down):
        return None
    return (slice(rows.start + int(down[0]), rows.start + int(down[-1]) + 1),
            slice(columns.start + int(across[0]), columns.start + int(across[-1]) + 1))
