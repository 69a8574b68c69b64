"""The clock of a film: frame <-> time <-> sample, exactly.

A film with a constant rate has a rational `fps`; one with uneven steps has a time stamp for every frame as well. Time is counted
in seconds from the film's first frame. Nothing is ever resampled to another rate to please a network.
"""
from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..host.errors import InputError

_HALF = Fraction(1, 2)
_MICROSECONDS = 1_000_000
_WHOLE_RATES = (12, 15, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120, 240)
_SLOWEST, _FASTEST = 1, 240


@dataclass(frozen=True)
class Clock:
    """fps: frames a second, rational (30000/1001), for an uneven film its mean. times: float64 [N], seconds of every
    frame from the first (0.0), strictly rising, for an uneven film; None where frame i stands at exactly i / fps."""

    fps: Fraction
    times: np.ndarray | None = None

    @property
    def is_even(self) -> bool:
        """Whether every step is 1 / fps."""
        return self.times is None

    def time(self, frame: int) -> Fraction:
        """Seconds at which `frame` (>= 0) begins. Beyond the last stamp of an uneven film steps are 1 / fps."""
        if self.times is None:
            return frame / self.fps
        last = len(self.times) - 1
        if frame <= last:
            return _exact(self.times[frame])
        return _exact(self.times[last]) + (frame - last) / self.fps

    def frames_in(self, samples: int, rate: int) -> int:
        """How many frames last as long as `samples` of sound at `rate`: round(samples x fps / rate), halves up.

        On an uneven clock: the number of frames whose middle does not lie behind the end of the sound, which is the same rule."""
        seconds = Fraction(int(samples), int(rate))
        if self.times is None:
            return int(seconds * self.fps + _HALF)
        end = self.time(len(self.times))
        if seconds >= end:
            return len(self.times) + int((seconds - end) * self.fps + _HALF)
        middles = (self.times + np.append(self.times[1:], float(end))) / 2
        return int(np.count_nonzero(middles <= float(seconds) + 0.5 / _MICROSECONDS))

    def sample(self, frame: int, rate: int) -> int:
        """The sample (at `rate`) that sounds when `frame` appears, rounded to the nearest."""
        return int(self.time(frame) * rate + _HALF)


def exact_rate(fps: Fraction | float | str) -> Fraction:
    """Frames a second as a rational: 29.97 and 23.976 mean 30000/1001 and 24000/1001; "30000/1001" and 25 are what they say.

    Raises InputError outside 1 .. 240."""
    try:
        rate = Fraction(fps)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError):
        raise InputError(f"'{fps}' is no frame rate: give a number such as 25, 29.97 or 30000/1001.") from None
    if not _SLOWEST <= rate <= _FASTEST:
        raise InputError(f"{fps} frames a second cannot be used: give {_SLOWEST} to {_FASTEST}.")
    for whole in _WHOLE_RATES:
        ntsc = Fraction(whole * 1000, 1001)
        if abs(rate - ntsc) < Fraction(1, 100) * whole / 30:
            return ntsc
    return rate.limit_denominator(100_000)


def _exact(seconds: float) -> Fraction:
    return Fraction(float(seconds)).limit_denominator(_MICROSECONDS)
