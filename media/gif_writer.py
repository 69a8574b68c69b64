"""An animated GIF with one good palette for the whole film, made in two passes over a lossless spool on disk."""
from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from fractions import Fraction
from itertools import chain

import av
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext

from .encode_pixels import PixelConverter
from .encoders import plan_encoding
from .film_writer import Job
from .picture import Picture
from .pixel_format import one_swscale_thread
from .write_settings import WrittenFilm

_TICK = Fraction(1, 100)
"""GIF counts in hundredths of a second."""

_SHORTEST = 2
"""Ticks; browsers show a frame with a shorter delay for a tenth of a second."""

_USE_PALETTE = "dither=bayer:bayer_scale=3:diff_mode=rectangle"
"""An ordered pattern stands still while the picture moves. Error diffusion swarms, costs five times the time and a quarter more bytes."""


class GifWriter:
    """Writes one GIF: `put` for each picture, then `finish`; or `abandon`. Memory holds the colours seen, never the film."""

    def __init__(self, job: Job, first: Picture) -> None:
        """Opens the spool, a nameless file beside the result."""
        self._job = job
        self._plan = plan_encoding(job.format, job.settings, first, job.clock.fps, _TICK)
        self._size = self._plan.width, self._plan.height
        self._convert = PixelConverter("bgra" if first.alpha is not None else "bgr0", *self._size, self._plan.colour)
        self._colours = Graph()
        self._seen = _source(self._colours, *_halved(self._size))
        self._palette = _filtered(self._colours, "palettegen", "stats_mode=full", self._seen)
        self._put, self._stamps = 0, []
        self._opened = ExitStack()
        self._file = self._opened.enter_context(tempfile.TemporaryFile(dir=job.part.parent))  # noqa: SIM115
        self._spool = av.open(self._file, "w", format="matroska")
        self._stream = self._spool.add_stream("ffv1", rate=25, options={"level": "3", "g": "1", "slices": "4"})
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "bgra" if first.alpha is not None else "bgr0"

    def put(self, picture: Picture) -> None:
        """Note the picture's colours and keep it for the second pass; it is left out if it comes too soon after the one before."""
        stamp = round(self._job.clock.time(self._put) / _TICK)
        self._put += 1
        if self._stamps and stamp - self._stamps[-1] < _SHORTEST:
            return
        frame = self._convert(picture)
        frame.pts, frame.time_base = len(self._stamps), Fraction(1, 25)
        self._stamps.append(stamp)
        self._spool.mux(self._stream.encode(frame))
        self._look_at(frame)

    def finish(self) -> WrittenFilm:
        """Choose the palette, then write every picture with it."""
        self._seen.push(None)
        palette = self._palette.pull()
        self._spool.mux(self._stream.encode(None))
        self._spool.close()
        self._file.seek(0)
        with av.open(str(self._job.part), "w", format="gif", container_options=self._job.format.container_options) as container:
            stream = container.add_stream("gif", rate=Fraction(100))
            stream.width, stream.height, stream.pix_fmt = *self._size, "pal8"
            stream.codec_context.time_base = _TICK
            until = self._ends()
            for frame in chain(self._painted(palette), [None]):
                for packet in stream.encode(frame):
                    packet.duration = until[packet.pts] - packet.pts
                    container.mux(packet)
        self._opened.close()
        return self._job.written(self._plan, len(self._stamps), notes=self._notes())

    def abandon(self) -> None:
        """Close everything; the spool goes with its file."""
        with suppress(av.FFmpegError, OSError, ValueError):
            self._spool.close()
        self._opened.close()

    def _look_at(self, frame: av.VideoFrame) -> None:
        """Count the colours of every other pixel, to a step of four: the palette is as good, and takes a tenth of the time."""
        width, height = _halved(self._size)
        small = frame.reformat(width, height, "bgra", interpolation="POINT", **one_swscale_thread())
        small.pts, small.time_base = self._stamps[-1], _TICK
        pixels = np.frombuffer(small.planes[0], np.uint8).reshape(height, -1, 4)
        pixels[..., :3] &= 0xFC
        self._seen.push(small)
        with suppress(av.BlockingIOError):  # a filter works, and lets go of its input, only when it is asked for output
            self._palette.pull()

    def _painted(self, palette: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """The spooled pictures in the palette's colours, stamped in ticks."""
        graph = Graph()
        pictures, colours = _source(graph, *self._size), _source(graph, palette.width, palette.height)
        painted = _filtered(graph, "paletteuse", _USE_PALETTE, pictures, colours)
        colours.push(_stamped(palette, 0))
        colours.push(None)
        with av.open(self._file) as spool:
            for frame, stamp in zip(spool.decode(video=0), self._stamps, strict=True):
                pictures.push(_stamped(frame, stamp))
                yield from _ready(painted)
        pictures.push(None)
        yield from _ready(painted)

    def _ends(self) -> dict[int, int]:
        """When each picture gives way, by when it appears."""
        end = round(self._job.clock.time(self._job.n_frames) / _TICK)
        return dict(zip(self._stamps, [*self._stamps[1:], end], strict=True))

    def _notes(self) -> tuple[str, ...]:
        left_out = self._put - len(self._stamps)
        if not left_out:
            return ()
        return (f"{left_out} of {self._put} frames were left out, as a GIF shows at most 50 frames a second",)


def _source(graph: Graph, width: int, height: int) -> FilterContext:
    return graph.add_buffer(width=width, height=height, format="bgra", time_base=_TICK)


def _filtered(graph: Graph, name: str, options: str, *sources: FilterContext) -> FilterContext:
    """The sink of a filter that is fed by `sources`."""
    node, sink = graph.add(name, options), graph.add("buffersink")
    for number, source in enumerate(sources):
        source.link_to(node, 0, number)
    node.link_to(sink)
    graph.configure()
    return sink


def _halved(size: tuple[int, int]) -> tuple[int, int]:
    return -(-size[0] // 2), -(-size[1] // 2)


def _stamped(frame: av.VideoFrame, stamp: int) -> av.VideoFrame:
    frame = frame.reformat(format="bgra", **one_swscale_thread())
    frame.pts, frame.time_base = stamp, _TICK
    return frame


def _ready(sink: FilterContext) -> Iterator[av.VideoFrame]:
    with suppress(av.BlockingIOError, av.EOFError):
        while True:
            yield sink.pull()
