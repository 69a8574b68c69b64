"""A film or photo seen at another rate or in a smaller size."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from .clock import Clock
from .film import Frame, FrameSource
from .picture import Picture
from .sound import Sound
from .timeline import nearest_frames


def at_rate(source: FrameSource, fps: Fraction) -> FrameSource:
    """The film at a constant rate, each frame the nearest of the film's; itself if it has that rate already or is a still."""
    if source.is_still or (source.clock.is_even and source.clock.fps == fps):
        return source
    return FilmView(source, nearest_frames(source.clock, source.n_frames, fps), Clock(fps), (source.width, source.height), f"fps {fps}")


def within(source: FrameSource, max_side: int) -> FrameSource:
    """The source with its longer side at most `max_side`, both sides even; itself if it is small enough."""
    scale = max_side / max(source.width, source.height)
    if scale >= 1:
        return source
    size = tuple(max(2, 2 * round(side * scale / 2)) for side in (source.width, source.height))
    return FilmView(source, np.arange(source.n_frames), source.clock, size, f"size {size}")


class FilmView:
    """A FrameSource (see `film.FrameSource`) that shows `picks` of `source`, at another clock, shrunk to `size`."""

    def __init__(self, source: FrameSource, picks: np.ndarray, clock: Clock | None, size: tuple[int, int], name: str):
        self.source, self._picks, self._name = source, picks, name
        self.clock = clock
        self.width, self.height = size
        self.n_frames = len(picks)
        self.is_still = source.is_still
        self.path: Path = source.path

    @property
    def sound(self) -> Sound | None:
        return self.source.sound

    @property
    def content_key(self) -> str:
        return f"{self.source.content_key} {self._name}"

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        return self.walk(range(start, self.n_frames if stop is None else min(stop, self.n_frames)))

    def walk(self, indices: Iterable[int]) -> Iterator[Frame]:
        shrink = lru_cache(maxsize=2)(self._shrunk)  # a frame that stands still is not shrunk again
        wanted: list[int] = []

        def asked() -> Iterator[int]:
            for index in map(int, indices):
                wanted.append(index)
                yield int(self._picks[index])

        frames = self.source.walk(asked())
        try:
            for frame in frames:
                yield Frame(wanted.pop(), shrink(frame.picture))
        finally:
            frames.close()

    def frame(self, index: int) -> Frame:
        return next(self.walk([index]))

    def _shrunk(self, picture: Picture) -> Picture:
        if (picture.width, picture.height) == (self.width, self.height):
            return picture
        layout = picture.layout
        planes = []
        for number, plane in enumerate(picture.planes):
            shift_x, shift_y = (layout.shift_x, layout.shift_y) if number in (1, 2) else (0, 0)
            planes.append(cv2.resize(plane, (-(-self.width >> shift_x), -(-self.height >> shift_y)), interpolation=cv2.INTER_AREA))
        return Picture.from_planes(tuple(planes), layout, picture.colour, picture.sar)
