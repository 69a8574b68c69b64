"""Where there is a voice and where the lips rest."""
from __future__ import annotations

import numpy as np

from .log_mel import SoundRows
from .smoothing import gaussian
from .stretches import in_stretches

SHUT_DB = -38.0
FULL_DB = -28.0
QUIETEST_SPEAKER_DB = -12.0
STEADY_DB = 1.5
LIVELY_DB = 3.0
SMOOTH_ROWS = 3.0
NOTHING = 1e-6
"""Level of -120 dB: below it there is nothing to hear."""


def voice_gate(rows: SoundRows) -> np.ndarray:
    """float32 [n], 0 silence .. 1 voice, smoothed by a Gaussian of 30 ms and exactly 0 in pauses.

    Two signs are multiplied. Loudness: 0 at 38 dB below the 95th percentile of the 80 ms level, 1 at 28 dB below it. Liveliness, for
    sounds of a second and more: how far the bands stand above their own floors (10th percentile of 40 ms power), by mean over the bands
    or by spread between them, whichever is less; 1.5 dB for 0, 3 dB for 1. Measured: noise alone (white, pink, brown, swelling like a
    fan's) and the pauses of noisy recordings stay below 1.8 dB; speech stands above 2.8 in 99 % of its moments, 10 dB above white noise
    above 2.6 in 98 %."""
    if len(rows.levels) == 0 or rows.levels.max() < NOTHING:
        return np.zeros(len(rows.levels), np.float32)
    decibel = 20 * np.log10(np.maximum(rows.levels, 1e-7))
    loudest = _top(decibel)
    smooth = np.stack([gaussian(_held_ends(band), 4.0) for band in rows.energies.T], 1)

    def open_share(stretch: slice) -> np.ndarray:
        top = max(_top(decibel[stretch]), loudest + QUIETEST_SPEAKER_DB)
        return _ramp(decibel[stretch] - top, SHUT_DB, FULL_DB) * _ramp(_liveliness(smooth[stretch]), STEADY_DB, LIVELY_DB)

    return np.clip(gaussian(in_stretches(len(decibel), open_share), SMOOTH_ROWS), 0, 1)


def _top(decibel: np.ndarray) -> float:
    """The speaking level: the 95th percentile, or 6 dB below the 99th where there is little speech in much silence."""
    return max(np.percentile(decibel, 95), np.percentile(decibel, 99) - 6)


def _liveliness(energies: np.ndarray) -> np.ndarray:
    """Decibel by which bands [n, 24] stand above their floors, mean or spread; without limit for less than a second."""
    if len(energies) < 100:
        return np.full(len(energies), np.inf)
    decibel = 10 * np.log10(energies + 1e-5 * energies.mean(dtype=np.float64) + 1e-14)
    above = np.clip(decibel - np.percentile(decibel, 10, axis=0), 0, None)
    return np.minimum(above.mean(1), above.std(1))


def _held_ends(band: np.ndarray) -> np.ndarray:
    """The first and last windows hang over the sound's edge, which sounds like a click; the windows next to them stand in."""
    return band if len(band) < 5 else np.concatenate([band[[2, 2]], band[2:-2], band[[-3, -3]]])


def _ramp(value: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip((value - low) / (high - low), 0, 1)
