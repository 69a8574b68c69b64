"""Open what a person gives: a film, a photo, a sound. What it is, its content says, never its name."""
from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from .container import existing_file
from .film import FrameSource
from .film_file import FilmFile
from .sound import Sound
from .sound_array import SoundArray
from .sound_file import SoundFile
from .still import Still, opened_picture


def open_source(path: str | Path, *, fps: Fraction | float | None = None, max_side: int | None = None) -> FrameSource:
    """A film or a photo. Raises InputError if there is no such file or no picture in it."""
    path = existing_file(path)
    image = opened_picture(path)
    if image is not None:
        image.close()
        return Still(path)
    return FilmFile(path)


def open_sound(path: str | Path) -> Sound:
    """Any file of sound, or a film's sound. Raises InputError if there is none."""
    return SoundFile(existing_file(path))


def sound_of_array(samples: np.ndarray, rate: int) -> Sound:
    """Sound from float32 [channels, n] (or [n]) in memory; NaN and infinity become 0."""
    return SoundArray(samples, rate)
