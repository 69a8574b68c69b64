"""From a speech to the curves that drive a mouth."""
from __future__ import annotations

import numpy as np

from ..host.errors import InputError
from ..host.progress import Progress
from .gate import voice_gate
from .log_mel import log_mel, sound_rows
from .mouth import MouthCurves
from .ridge import predict_mouth
from .speech import Speech

RIDGE_LEAD = 0.065


def mouth_curves(speech: Speech, progress: Progress | None = None) -> MouthCurves:
    """The mouth's curves for the whole speech, n = length at 16 kHz // 160 + 1 rows. Silence gives zeros.

    Raises InputError for a sound without samples, Cancelled if the user stops the work."""
    if speech.sound.n_samples == 0:
        raise InputError(f"The sound {speech.sound.path or 'in memory'} has no samples; give one that lasts at least a tenth of a second.")
    rows = sound_rows(speech.sound, progress)
    gate = voice_gate(rows.levels)
    opening, width = predict_mouth(log_mel(rows))
    opening = scaled_opening(opening, gate) * gate
    closure = np.clip(1 - opening / 0.10, 0, 1) * gate
    return MouthCurves(opening, np.clip(width, -1, 1) * gate, closure, np.zeros_like(gate), gate, RIDGE_LEAD, from_phonemes=False)


def scaled_opening(opening: np.ndarray, gate: np.ndarray) -> np.ndarray:
    """A predicted opening brought to 0 shut .. 1 as wide as this speech gets (at most 1.15).

    Shut = the 10th percentile of the voiced moments, held to 0.07 .. 0.20; wide = their 97th percentile, at least 0.35."""
    voiced = opening[gate > 0.5] if (gate > 0.5).sum() > 20 else opening
    low = float(np.clip(np.percentile(voiced, 10), 0.07, 0.20))
    top = max(0.35, float(np.percentile(voiced, 97)))
    return np.clip((opening - low) / (top - low), 0, 1.15).astype(np.float32)
