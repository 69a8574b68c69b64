"""Pixel formats: which ones pictures keep, what their planes are, and how any other becomes one of them without loss."""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import av
import numpy as np

from .colour import SRGB, UNSAID, Colour, matrix_or_default

_LIMITED, _FULL = 1, 2
# Same samples in another order. What is not here and not planar already becomes RGB(A).
_PLANAR_SIBLING = {
    "nv12": "yuv420p", "nv21": "yuv420p", "nv16": "yuv422p", "nv24": "yuv444p", "nv42": "yuv444p",
    "yuyv422": "yuv422p", "uyvy422": "yuv422p", "yvyu422": "yuv422p", "vuyx": "yuv444p", "ayuv": "yuva444p", "vuya": "yuva444p",
    "p010": "yuv420p10le", "p210": "yuv422p10le", "p410": "yuv444p10le", "p012": "yuv420p12le", "p212": "yuv422p12le",
    "p412": "yuv444p12le", "p016": "yuv420p16le", "p216": "yuv422p16le", "p416": "yuv444p16le", "nv20": "yuv422p10le",
    "y210": "yuv422p10le", "y212": "yuv422p12le", "xv30": "yuv444p10le", "xv36": "yuv444p12le", "v30x": "yuv444p10le",
    "y216": "yuv422p16le", "xv48": "yuv444p16le", "ayuv64": "yuva444p16le", "vyu444": "yuv444p", "uyva": "yuva444p",
    "monow": "gray", "monob": "gray", "uyyvyy411": "yuv411p",
}


@dataclass(frozen=True)
class PixelFormat:
    """name: FFmpeg's. kind: "yuv" (planes Y, U, V), "gray" (one plane) or "rgb" (one plane of [h, w, 3] or [h, w, 4]).
    depth: bits of a sample. alpha: whether there is a fourth plane or channel. shift_x, shift_y: a chroma sample stands
    for 2 ** shift pixels across and down."""

    name: str
    kind: str
    depth: int
    alpha: bool
    shift_x: int
    shift_y: int

    @property
    def dtype(self) -> type:
        return np.uint8 if self.depth <= 8 else np.uint16

    def without_subsampling(self) -> PixelFormat:
        """The 4:4:4 format of the same depth and alpha."""
        suffix = "" if self.depth == 8 else f"{self.depth}le"
        return pixel_format(f"yuv{'a' if self.alpha else ''}444p{suffix}")


@lru_cache(maxsize=64)
def pixel_format(name: str) -> PixelFormat:
    """The facts of a native format. Raises ValueError for one that pictures do not keep."""
    shape = av.VideoFormat(name, 64, 64)
    parts = shape.components
    if name in ("rgb24", "rgba"):
        return PixelFormat(name, "rgb", 8, name == "rgba", 0, 0)
    separate = len({part.plane for part in parts}) == len(parts)
    plain = not (shape.is_rgb or shape.is_big_endian or shape.has_palette or shape.is_bit_stream)
    if not (separate and plain and 8 <= parts[0].bits <= 16 and name.startswith(("yuv", "gray")) and "f" not in name and "msb" not in name):
        raise ValueError(name)
    if len(parts) == 1:
        return PixelFormat(name, "gray", parts[0].bits, False, 0, 0)
    shift_x = (64 // shape.chroma_width()).bit_length() - 1
    shift_y = (64 // shape.chroma_height()).bit_length() - 1
    return PixelFormat(name, "yuv", parts[0].bits, len(parts) == 4, shift_x, shift_y)


def native(frame: av.VideoFrame, chroma_site: tuple[float, float] = (0.0, 0.5), stream_tags: tuple[int, int] = (UNSAID, UNSAID),
           ) -> tuple[av.VideoFrame, PixelFormat, Colour]:
    """A decoded frame in a format that pictures keep, that format, and its colours.

    Planar YUV and grey of 8 to 16 bits stay as they are (`yuvj…` only loses its letter); semi-planar, packed and big-endian ones are
    reordered; RGB of any kind becomes rgb24 or rgba. chroma_site: what to take for subsampled formats. stream_tags: primaries and
    transfer to take where a frame cannot say them (PyAV before 17).
    """
    name, full = _kept_name(frame.format.name)
    layout = pixel_format(name)
    if layout.kind == "rgb":
        return _reordered(frame, name), layout, SRGB
    full = full or frame.color_range == _FULL or (layout.kind == "gray" and frame.color_range != _LIMITED)
    if name != frame.format.name and not frame.format.name.startswith("yuvj"):
        frame = _reordered(frame, name)
    primaries, transfer = getattr(frame, "color_primaries", stream_tags[0]), getattr(frame, "color_trc", stream_tags[1])
    matrix = matrix_or_default(frame.colorspace, frame.height)
    return frame, layout, Colour(matrix, full, primaries, transfer, chroma_site)


def blank(layout: PixelFormat, width: int, height: int) -> tuple[av.VideoFrame, tuple[np.ndarray, ...]]:
    """A new frame and writable views of its planes."""
    frame = av.VideoFrame(width, height, layout.name)
    return frame, planes_of(frame, layout)


def planes_of(frame: av.VideoFrame, layout: PixelFormat) -> tuple[np.ndarray, ...]:
    """Views of a frame's planes: [h, w] each, or one [h, w, 3 or 4] for RGB. They keep the frame alive."""
    channels = (4 if layout.alpha else 3) if layout.kind == "rgb" else 1
    size = np.dtype(layout.dtype).itemsize
    views = []
    for plane in frame.planes:
        stride = plane.line_size
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, abs(stride))
        if stride < 0:
            rows = rows[::-1]
        view = rows[:, : plane.width * channels * size].view(layout.dtype)
        views.append(view.reshape(plane.height, plane.width, channels) if layout.kind == "rgb" else view)
    return tuple(views)


@lru_cache(maxsize=64)
def _kept_name(name: str) -> tuple[str, bool]:
    """The native format for any format, and whether its name says that the range is full."""
    full = name.startswith("yuvj")
    plain = name.replace("yuvj", "yuv")
    family = plain.removesuffix("le").removesuffix("be")
    for candidate in (plain, family + "le", _PLANAR_SIBLING.get(family, "")):
        try:
            return pixel_format(candidate).name, full
        except ValueError:
            continue
    shape = av.VideoFormat(name, 64, 64)
    return ("rgba" if any(part.is_alpha for part in shape.components) or shape.has_palette else "rgb24"), full


def _reordered(frame: av.VideoFrame, name: str) -> av.VideoFrame:
    if frame.format.name == name:
        return frame
    is_rgb = av.VideoFormat(frame.format.name).is_rgb
    source_range = frame.color_range or (_FULL if is_rgb or frame.format.name.startswith("gray") else _LIMITED)
    matrix = matrix_or_default(frame.colorspace, frame.height)
    return frame.reformat(format=name, interpolation="POINT", src_colorspace=matrix, dst_colorspace=matrix,
                          src_color_range=source_range, dst_color_range=_FULL if name.startswith("rgb") else source_range,
                          **one_swscale_thread())


@lru_cache(maxsize=1)
def one_swscale_thread() -> dict[str, int]:
    """How to keep swscale on one thread: with more, rows of p210 and xv30 came out wrong now and then (FFmpeg 8.1). PyAV before 17 uses
    one anyway and does not know the word."""
    try:
        av.VideoFrame(16, 16, "gray").reformat(format="rgb24", threads=1)
    except TypeError:
        return {}
    return {"threads": 1}
