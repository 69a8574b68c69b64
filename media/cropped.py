"""A part of every frame of a film."""
from __future__ import annotations

import numpy as np

from .film import FrameSource
from .film_view import FilmView
from .picture import Picture


def cropped(source: FrameSource, x: int, y: int, width: int, height: int) -> FrameSource:
    """The rectangle of every frame, kept inside the picture and on even pixels; the source itself where nothing is cut off."""
    left, top = 2 * (max(0, min(x, source.width - 2)) // 2), 2 * (max(0, min(y, source.height - 2)) // 2)
    width = min(width or source.width, source.width - left)
    height = min(height or source.height, source.height - top)
    if (width, height) == (source.width, source.height):
        return source
    return CroppedFilm(source, left, top, max(2, 2 * (width // 2)), max(2, 2 * (height // 2)))


class CroppedFilm(FilmView):
    """A FrameSource (see `film.FrameSource`) of a rectangle of another one's frames; left and top are even."""

    def __init__(self, source: FrameSource, left: int, top: int, width: int, height: int) -> None:
        super().__init__(source, np.arange(source.n_frames), source.clock, (width, height), f"crop {left},{top}")
        self._left, self._top = left, top

    def _shrunk(self, picture: Picture) -> Picture:
        planes = []
        for number, plane in enumerate(picture.planes):
            shift_x, shift_y = (picture.layout.shift_x, picture.layout.shift_y) if number in (1, 2) else (0, 0)
            across = slice(self._left >> shift_x, -(-(self._left + self.width) >> shift_x))
            down = slice(self._top >> shift_y, -(-(self._top + self.height) >> shift_y))
            planes.append(plane[down, across])
        return Picture.from_planes(tuple(planes), picture.layout, picture.colour, picture.sar)
