"""Moving pictures in picture files (GIF, WebP, PNG, AVIF) as a source of frames."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from ..host.errors import InputError
from .content_key import key_of_file
from .film import Frame
from .packets import clock_of
from .picture import Picture
from .still import opened_picture
from .walk import walk

_HELD_FRAMES = 24
_SHORTEST, _INSTEAD = 10, 100  # milliseconds: browsers show frames of 10 ms or less for 100
_ENDS = (OSError, EOFError, SyntaxError, ValueError)  # what Pillow raises where a file breaks off


class Animation:
    """A FrameSource (see `film.FrameSource`) over a picture file with more than one frame; RGB, or RGBA if any frame is transparent."""

    is_still = False
    sound = None

    def __init__(self, path: Path):
        """Reads all frames once, for their durations. Raises InputError if none can be read."""
        self.path = path
        self._alpha = False
        starts, now = [], 0
        for image in self._images():
            self.width, self.height = image.size
            self._alpha = self._alpha or _is_transparent(image)
            starts.append(now)
            lasting = round(image.info.get("duration", 0))
            now += lasting if lasting > _SHORTEST else _INSTEAD
        if not starts:
            raise InputError(f"'{path.name}' is damaged or cut off: copy or download it again.")
        self.n_frames = len(starts)
        self.clock = clock_of(np.array(starts), Fraction(1, 1000), Fraction(1000 * len(starts), now))

    @cached_property
    def content_key(self) -> str:
        return key_of_file(self.path)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        stop = self.n_frames if stop is None else min(stop, self.n_frames)
        make, mode = (Picture.from_rgba, "RGBA") if self._alpha else (Picture.from_rgb, "RGB")
        for index, image in enumerate(self._images()):
            if index >= stop:
                return
            if index >= start:
                yield Frame(index, make(np.asarray(image.convert(mode))))

    def walk(self, indices: Iterable[int]) -> Iterator[Frame]:
        return walk(indices, self.n_frames, self.frames, _HELD_FRAMES)

    def frame(self, index: int) -> Frame:
        return next(self.walk([index]))

    def _images(self) -> Iterator[Image.Image]:
        with opened_picture(self.path) as image:
            for index in range(getattr(image, "n_frames", 1)):
                try:
                    image.seek(index)
                    image.load()
                except _ENDS:
                    return
                yield image


def _is_transparent(image: Image.Image) -> bool:
    return image.has_transparency_data and image.convert("RGBA").getextrema()[3][0] < 255
