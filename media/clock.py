"""The clock of a film: frame <-> time <-> sample, exactly.

A film with a constant rate has a rational `fps`; one with uneven steps has a time stamp for every frame as well. Time is counted
in seconds from the film's first frame. Nothing is ever resampled to another rate to please a network.
"""
from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np


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
            return Fraction(float(self.times[frame])).limit_denominator(1_000_000)
        return Fraction(float(self.times[last])).limit_denominator(1_000_000) + (frame - last) / self.fps

    def frames_in(self, samples: int, rate: int) -> int:
        """How many frames last as long as `samples` of sound at `rate`: round(samples x fps / rate), halves up.

        On an uneven clock: the number of frames whose middle lies before the end of the sound, which is the same rule."""
        if self.times is None:
            return int(Fraction(samples) * self.fps / rate + Fraction(1, 2))
        seconds = samples / rate
        starts = np.append(self.times, self.times[-1] + float(1 / self.fps))
        if seconds > starts[-1]:
            extra = Fraction(seconds - starts[-1]).limit_denominator(1_000_000) * self.fps + Fraction(1, 2)
            return len(self.times) + int(extra)
        return int(np.count_nonzero((starts[:-1] + starts[1:]) / 2 <= seconds + 1e-9))

    def sample(self, frame: int, rate: int) -> int:
        """The sample (at `rate`) that sounds when `frame` appears, rounded to the nearest."""
        return int(self.time(frame) * rate + Fraction(1, 2))
