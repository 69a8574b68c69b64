"""What the lips should do while known phonemes are spoken: curves made from the package's viseme table.

The table (speech/visemes.py) was fixed before any network was trained or scored and is not to be changed to please a score.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d
from talking_avatar.speech.speech import Phoneme
from talking_avatar.speech.visemes import visemes

RATE = 50
"""Rows a second of the targets."""
FINE_RATE = 400
OPENING_SIGMA, WIDTH_SIGMA, CLOSURE_SIGMA = 0.040, 0.050, 0.015
CLOSED = 0.06


def lip_targets(phonemes: Sequence[Phoneme], seconds: float) -> np.ndarray:
    """float32 [int(seconds * RATE) + 1, 4]; row k belongs to second k / RATE of the sound: opening 0..1; width -1 rounded .. +1
    spread; rounding 0..1 (the rounded half of the width); closure 0..1 (lips pressed: m b p).

    Every viseme holds its row of the table from start to end, pauses are shut; the steps are smoothed by Gaussians (opening 40 ms,
    width 50 ms). Around m, b and p the opening is pulled to at most 0.06 within a window softened by 15 ms, so the lips really shut."""
    n = int(seconds * FINE_RATE) + 1
    opening, width, closed = np.zeros(n), np.zeros(n), np.zeros(n)
    for phoneme in phonemes:
        parts = visemes(phoneme.symbol)
        edges = np.round(np.linspace(phoneme.start, phoneme.end, len(parts) + 1) * FINE_RATE).astype(int)
        for start, end, viseme in zip(edges, edges[1:], parts, strict=False):
            opening[start:end], width[start:end], closed[start:end] = viseme.opening, viseme.width, viseme.closure == 1
    smooth = gaussian_filter1d(opening, OPENING_SIGMA * FINE_RATE)
    window = np.clip(gaussian_filter1d(closed, CLOSURE_SIGMA * FINE_RATE), 0, 1)
    smooth = smooth * (1 - window) + np.minimum(smooth, CLOSED) * window
    wide = [gaussian_filter1d(part, WIDTH_SIGMA * FINE_RATE) for part in (width, np.maximum(-width, 0))]
    return np.stack([smooth, *wide, window], axis=1)[::FINE_RATE // RATE].astype(np.float32)
