"""Open what a person gives: a film, a photo, a sound. What it is, its content says, never its name."""
from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from ..host.errors import InputError
from .animation import Animation
from .clock import exact_rate
from .container import brand_of, existing_file
from .film import FrameSource
from .film_file import FilmFile
from .film_view import at_rate, within
from .sound import Sound
from .sound_array import SoundArray
from .sound_file import SoundFile
from .still import Still, opened_picture

_MOVING = ("GIF", "WEBP", "PNG", "AVIF")  # the second page of a TIFF or of a camera's JPEG is not motion
_PHOTO_BRANDS = ("heic", "heix", "heim", "heis", "mif1", "avif")
_SMALLEST_SIDE = 16


def open_source(path: str | Path, *, fps: Fraction | float | None = None, max_side: int | None = None) -> FrameSource:
    """A film (also an animated gif, webp, png) or a photo. fps: show the film at this constant rate, choosing its nearest frames.
    max_side: shrink it so that neither side is longer. Raises InputError if there is no such file or no picture in it."""
    if max_side is not None and max_side < _SMALLEST_SIDE:
        raise InputError(f"A longest side of {max_side} pixels is too small: give at least {_SMALLEST_SIDE}.")
    source = _source(existing_file(path))
    if max_side is not None:
        source = within(source, max_side)
    return source if fps is None else at_rate(source, exact_rate(fps))


def _source(path: Path) -> FrameSource:
    image = opened_picture(path)
    if image is None and brand_of(path) in _PHOTO_BRANDS:
        raise InputError(f"'{path.name}' is a HEIC photo, which cannot be read here: save it as jpg or png.")
    if image is None:
        return FilmFile(path)
    with image:
        moving = image.format in _MOVING and getattr(image, "n_frames", 1) > 1
    return Animation(path) if moving else Still(path)


def open_sound(path: str | Path) -> Sound:
    """Any file of sound, or a film's sound. Raises InputError if there is none."""
    return SoundFile(existing_file(path))


def sound_of_array(samples: np.ndarray, rate: int) -> Sound:
    """Sound from float32 [channels, n] (or [n]) in memory; NaN and infinity become 0."""
    return SoundArray(samples, rate)
