"""Which pixel format and colours an encoder gets, and how a picture becomes them."""
from __future__ import annotations

from collections.abc import Sequence

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from .colour import BT709, RGB, Colour
from .picture import Picture
from .pixel_format import blank, one_swscale_thread, pixel_format, planes_of

# Bicubic, accurate rounding, full chroma in and out, as in swscale.h; PyAV has had names for all of them only since 17. Without the
# last three chroma is off by up to 0.06 of a step and has half the resolution.
_BEST = 0x4 | 0x40000 | 0x4000 | 0x2000
_LIMITED, _FULL = 1, 2


def choose_pix_fmt(source: str, offered: Sequence[str], photo: str | None, photo_alpha: str | None) -> str:
    """The pixel format to encode pictures of format `source` in: itself if `offered`; for RGB and grey pictures what the format
    names for photos (`photo`, `photo_alpha` for those with alpha); else the nearest, which loses least: alpha, then chroma
    resolution, then depth, and among equals the smallest."""
    if source in offered:
        return source
    shape = av.VideoFormat(source, 64, 64)
    if shape.is_rgb or len(shape.components) == 1:
        named = photo_alpha if _has_alpha(shape) and photo_alpha else photo
        if named in offered:
            return named
    return min(offered, key=lambda name: _loss(shape, av.VideoFormat(name, 64, 64)))


def target_colour(source: Colour, source_kind: str, pix_fmt: str, limited_only: bool) -> Colour:
    """The colours of what is encoded. RGB stays sRGB; what turns from RGB or grey to YUV becomes BT.709 of limited range, as players
    expect of films; YUV keeps its own, with limited range where the format cannot say full."""
    if av.VideoFormat(pix_fmt, 64, 64).is_rgb:
        return Colour(RGB, True, source.primaries, source.transfer, (0.0, 0.0))
    if source_kind != "yuv" and not pix_fmt.startswith("gray"):
        return Colour(BT709, False, BT709, BT709)
    full = source.full_range and not limited_only
    return Colour(source.matrix, full, source.primaries, source.transfer, source.chroma_site)


class PixelConverter:
    """Turns pictures into frames of one pixel format, size and colour. Call it with a Picture.

    A picture that has them already is handed on as it is, its samples untouched. A size one larger than the picture's is reached by
    repeating the last column or row. Alpha the format cannot keep is shown over the paper of `Picture.rgb`."""

    def __init__(self, pix_fmt: str, width: int, height: int, colour: Colour) -> None:
        self._pix_fmt, self._size, self._colour = pix_fmt, (width, height), colour
        self._shape = av.VideoFormat(pix_fmt, 64, 64)
        self._reformatter = VideoReformatter()

    def __call__(self, picture: Picture) -> av.VideoFrame:
        if picture.alpha is not None and not _has_alpha(self._shape):
            picture = Picture.from_rgb(picture.rgb())
        if (picture.width, picture.height) != self._size:
            picture = _padded(picture, *self._size)
        if picture.layout.name == self._pix_fmt and picture.colour.full_range == self._colour.full_range:
            return _relabelled(picture, self._pix_fmt)
        if picture.layout.kind != "yuv" and self._is_subsampled():
            return self._subsampled(picture)
        if self._shape.is_rgb and picture.layout.kind != "rgb" and picture.alpha is None and picture.layout.depth == 8:
            picture = Picture.from_rgb(picture.rgb())
        return self._reformat(picture, self._pix_fmt)

    def _is_subsampled(self) -> bool:
        return not self._shape.is_rgb and self._shape.chroma_width() == 32

    def _subsampled(self, picture: Picture) -> av.VideoFrame:
        """RGB to 4:2:0 or 4:2:2 with chroma sited as MPEG-2 and H.264 have it by default: on the left pixel, between two rows.
        (swscale puts it between the columns and cannot be told otherwise through PyAV.)"""
        layout = pixel_format(_planar(self._pix_fmt))
        frame, planes = blank(layout, picture.width, picture.height)
        whole_layout = layout.without_subsampling()
        whole = planes_of(self._reformat(picture, whole_layout.name), whole_layout)
        rows = np.full(2, 0.5, np.float32) if layout.shift_y else np.ones(1, np.float32)
        for number, (view, plane) in enumerate(zip(planes, whole, strict=True)):
            if number in (1, 2):
                height = plane.shape[0] + (plane.shape[0] & layout.shift_y)
                plane = cv2.copyMakeBorder(plane, 0, height - plane.shape[0], 0, 0, cv2.BORDER_REPLICATE)
                plane = cv2.sepFilter2D(plane, -1, np.array([0.25, 0.5, 0.25], np.float32), rows, anchor=(1, 0),
                                        borderType=cv2.BORDER_REPLICATE)[:: 1 << layout.shift_y, ::2]
            view[:] = plane
        return frame if layout.name == self._pix_fmt else self._shuffled(frame)

    def _reformat(self, picture: Picture, pix_fmt: str) -> av.VideoFrame:
        """By swscale. It only converts between matrices when it makes RGB or is made from RGB, which is all that is asked of it."""
        source, target = picture.colour, self._colour
        matrix = target.matrix if source.matrix == RGB else source.matrix
        return self._reformatter.reformat(
            _relabelled(picture, picture.layout.name), format=pix_fmt, interpolation=_BEST, src_colorspace=matrix, dst_colorspace=matrix,
            src_color_range=_FULL if source.full_range else _LIMITED, dst_color_range=_FULL if target.full_range else _LIMITED,
            **one_swscale_thread())

    def _shuffled(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Planar to semi-planar: the same samples in another order."""
        return self._reformatter.reformat(frame, format=self._pix_fmt, interpolation=_BEST, src_color_range=_LIMITED,
                                          dst_color_range=_LIMITED, **one_swscale_thread())


def _relabelled(picture: Picture, pix_fmt: str) -> av.VideoFrame:
    """The picture's frame under the name `pix_fmt`; a decoder's "yuvj420p" would else be squeezed to limited range on its way."""
    frame = picture.to_av()
    if frame.format.name == pix_fmt:
        return frame
    return Picture.from_planes(picture.planes, picture.layout, picture.colour, picture.sar).to_av()


def _padded(picture: Picture, width: int, height: int) -> Picture:
    frame, views = blank(picture.layout, width, height)
    for view, plane in zip(views, picture.planes, strict=True):
        rows, columns = plane.shape[:2]
        view[:rows, :columns] = plane
        view[:rows, columns:] = plane[:, -1:]
        view[rows:] = view[rows - 1]
    return Picture(picture.layout, picture.colour, views, frame, picture.sar)


def _planar(pix_fmt: str) -> str:
    return {"nv12": "yuv420p", "p010le": "yuv420p10le", "nv16": "yuv422p"}.get(pix_fmt, pix_fmt)


def _has_alpha(shape: av.VideoFormat) -> bool:
    return any(part.is_alpha for part in shape.components)


def _loss(source: av.VideoFormat, target: av.VideoFormat) -> tuple:
    """What is lost from source to target, gravest first, then what is wasted."""
    rgb_to_yuv = source.is_rgb and not target.is_rgb
    coarser = _chroma_step(target) / (1 if source.is_rgb else _chroma_step(source))
    shallower = max(0, _depth(source) - _depth(target))
    wasted = (_depth(target) - _depth(source), 1 / _chroma_step(target), len(target.components))
    return (_has_alpha(source) and not _has_alpha(target), target.name.startswith("gray") and not source.name.startswith("gray"),
            max(1, coarser), shallower, rgb_to_yuv, target.is_rgb != source.is_rgb, *wasted)


def _chroma_step(shape: av.VideoFormat) -> int:
    """How many pixels share one chroma sample."""
    return 1 if shape.is_rgb or len(shape.components) < 3 else (64 // shape.chroma_width()) * (64 // shape.chroma_height())


def _depth(shape: av.VideoFormat) -> int:
    return shape.components[0].bits
