"""Which frame of the avatar stands under each frame of the result, when film and speech differ in length."""
from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from .clock import Clock


@dataclass(frozen=True)
class Timeline:
    """source: int32 [n], the avatar's frame under each output frame. clock: of the result; output frame i stands at
    clock.time(i) seconds, and so does its sound. mode: how the lengths were joined ("loop", "bounce", "hold", "cut off", …)."""

    source: np.ndarray
    clock: Clock
    mode: str

    @property
    def n_frames(self) -> int:
        return len(self.source)

    def times(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """float64 seconds of output frames start .. stop-1."""
        stop = self.n_frames if stop is None else min(stop, self.n_frames)
        if self.clock.is_even:
            step: Fraction = 1 / self.clock.fps
            return np.arange(start, stop) * step.numerator / step.denominator
        return np.array([float(self.clock.time(i)) for i in range(start, stop)])
