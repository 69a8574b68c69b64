"""Where there is a voice and where the lips rest."""
from __future__ import annotations

import numpy as np

from .smoothing import gaussian

SHUT_DB = -38.0
FULL_DB = -28.0
SMOOTH_ROWS = 3.0


def voice_gate(levels: np.ndarray) -> np.ndarray:
    """float32 [n], 0 silence .. 1 voice, from levels over 80 ms [n].

    Shut 38 dB below the 95th percentile of the level, full 28 dB below it, smoothed by a Gaussian of 30 ms."""
    if len(levels) == 0 or levels.max() <= 0:
        return np.zeros(len(levels), np.float32)
    decibel = 20 * np.log10(np.maximum(levels, 1e-7))
    top = np.percentile(decibel, 95)
    return np.clip(gaussian(np.clip((decibel - top - SHUT_DB) / (FULL_DB - SHUT_DB), 0, 1), SMOOTH_ROWS), 0, 1)
