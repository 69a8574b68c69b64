"""A stretch of a film, with its sound."""
from __future__ import annotations

from fractions import Fraction
from functools import cached_property

import numpy as np

from ..host.errors import InputError
from .clock import Clock
from .film import FrameSource
from .film_view import FilmView
from .sound import Sound
from .sound_part import SoundPart


def trimmed(source: FrameSource, start: float = 0.0, duration: float = 0.0) -> FrameSource:
    """The film from `start` seconds (negative: counted from its end) on, `duration` seconds long (0: to its end), to the nearest frame;
    itself where nothing is cut off, or if it is a still. Raises InputError if nothing is left."""
    if source.is_still:
        return source
    seconds = float(source.clock.time(source.n_frames))
    begins = max(0.0, seconds + start) if start < 0 else start
    first = _frame_at(source, begins)
    stop = _frame_at(source, float(source.clock.time(first)) + duration) if duration > 0 else source.n_frames
    if first >= source.n_frames:
        raise InputError(f"'{source.path.name}' lasts {seconds:.2f} s, so nothing is left of it from {start:g} s on: begin earlier.")
    stop = max(stop, first + 1)
    return source if (first, stop) == (0, source.n_frames) else TrimmedFilm(source, first, stop)


class TrimmedFilm(FilmView):
    """A FrameSource (see `film.FrameSource`) of frames first .. stop-1 of another one."""

    def __init__(self, source: FrameSource, first: int, stop: int) -> None:
        times = None if source.clock.is_even else source.clock.times[first:stop] - source.clock.times[first]
        super().__init__(source, np.arange(first, stop), Clock(source.clock.fps, times), (source.width, source.height), f"{first}:{stop}")
        self._first, self._stop = first, stop

    @cached_property
    def sound(self) -> Sound | None:
        sound = self.source.sound
        if sound is None:
            return None
        begins, ends = (self.source.clock.time(frame) - Fraction(sound.start) for frame in (self._first, self._stop))
        return SoundPart(sound, round(begins * sound.rate), min(round(ends * sound.rate), sound.n_samples))


def _frame_at(source: FrameSource, seconds: float) -> int:
    """The frame nearest to `seconds`, at most the film's end."""
    if source.clock.is_even:
        return min(source.n_frames, int(seconds * source.clock.fps + 0.5))
    middles = source.clock.times + 0.5 * np.diff(source.clock.times, append=float(source.clock.time(source.n_frames)))
    return int(np.searchsorted(middles, seconds))
