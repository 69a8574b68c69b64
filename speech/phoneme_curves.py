"""Curves of the mouth from phoneme times: the viseme table, smoothed as lips move, with closures that really shut."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .mouth import RATE, MouthCurves
from .smoothing import gaussian
from .speech import Phoneme
from .visemes import Viseme, visemes

LEAD = 0.05
OPENING_SIGMA, CLOSURE_SIGMA, DENTAL_SIGMA, WIDTH_SIGMA = 3.6, 1.8, 2.2, 5.0
"""Rows of 10 ms: 36, 18, 22 and 50 ms, measured against re-tracked films so that 16 of 16 closures shut without popping."""
LEAST_CLOSURE = 0.06
"""Seconds for which the lips meet at least; voices mark some plosives by their burst alone, and the lips meet before it."""
BRIDGED_PAUSE = 0.15
"""Pauses shorter than this, in seconds, are closures within speech, not rests."""
SHORTEST, FADING, RISING = 0.06, 0.03, 0.05
"""Seconds a sound before a pause lasts at least, goes on after the gate has shut, and begins after it has opened."""
MOST_EARLY = 0.15
LEAST_WIDE = 0.5
"""Opening that counts as wide in a speech without wide vowels."""


def phoneme_curves(phonemes: Sequence[Phoneme], heard: np.ndarray) -> MouthCurves:
    """Curves from phonemes in order, for a sound with the voice gate `heard` (float [n], 100 rows a second: 0 silence .. 1 voice).

    Everything is zero where nothing is spoken."""
    n_rows = len(heard)
    pieces = _pieces(_fitted_to_voice(phonemes, heard))
    steps = _steps(pieces, n_rows)
    gate = np.clip(gaussian(_spoken(pieces, n_rows), OPENING_SIGMA), 0, 1)
    closure = gaussian(steps[2], CLOSURE_SIGMA)
    dental = np.clip(1.2 * gaussian(steps[3], DENTAL_SIGMA), 0, 1)
    opening = gaussian(steps[0], OPENING_SIGMA)
    opening *= (1 - np.clip((closure - 0.15) / 0.35, 0, 1)) * (1 - 0.8 * dental)
    voiced = opening[gate > 0.5]
    top = max(LEAST_WIDE, float(np.percentile(voiced, 97))) if len(voiced) else 1.0
    width = np.clip(gaussian(steps[1], WIDTH_SIGMA), -1, 1)
    return MouthCurves(np.clip(opening / top, 0, 1.15) * gate, width * gate, np.clip(1.3 * closure, 0, 1) * gate, dental * gate, gate,
                       LEAD, from_phonemes=True)


def _fitted_to_voice(phonemes: Sequence[Phoneme], heard: np.ndarray) -> list[Phoneme]:
    """Phonemes beside a pause, begun and ended with the voice: many voices let the last sound before a pause last into the silence,
    where the lips would hang open, and the first one after it begin late."""
    voiced, silent = (np.flatnonzero(found) / RATE for found in (heard > 0.5, heard <= 0.5))
    pauses = [True, *(not visemes(phoneme.symbol) for phoneme in phonemes), True]
    out = []
    for at, phoneme in enumerate(phonemes):
        start, end = phoneme.start, phoneme.end
        if pauses[at] and not pauses[at + 1] and at:
            before = np.searchsorted(silent, start) - 1
            begun = silent[before] + RISING if before >= 0 else -np.inf
            if start - MOST_EARLY <= begun < start:
                start = begun
        if pauses[at + 2] and not pauses[at + 1]:
            last = np.searchsorted(voiced, end) - 1
            end = min(end, max(voiced[last] + FADING if last >= 0 else 0.0, phoneme.start + SHORTEST))
        out.append(Phoneme(phoneme.symbol, start, end))
    return out


def _pieces(phonemes: Sequence[Phoneme]) -> list[tuple[float, float, Viseme]]:
    """(start, end, viseme) of everything that is not a pause; a phoneme of several visemes is shared out evenly."""
    found = []
    for phoneme in phonemes:
        parts = visemes(phoneme.symbol)
        edges = np.linspace(phoneme.start, phoneme.end, len(parts) + 1)
        found += [(start, end, part) for start, end, part in zip(edges, edges[1:], parts, strict=False) if end > start]
    return found


def _steps(pieces: list[tuple[float, float, Viseme]], n_rows: int) -> np.ndarray:
    """float64 [4, n]: opening, width, closure and dental as steps; a row holds the mean over its 10 ms (k - 1/2 .. k + 1/2).

    f and v count as shut here: the teeth hold the lips apart, which `dental` tells."""
    steps = np.zeros((4, n_rows + 2))
    for start, end, viseme in pieces:
        first, share = _coverage(start, end, n_rows)
        steps[:2, first:first + len(share)] += np.outer((viseme.opening * (1 - viseme.dental), viseme.width), share)
        if viseme.closure or viseme.dental:
            first, share = _coverage(min(start, end - LEAST_CLOSURE), end, n_rows)
            steps[2:, first:first + len(share)] += np.outer((viseme.closure, viseme.dental), share)
    return np.minimum(steps[:, :n_rows], 1)


def _coverage(start: float, end: float, n_rows: int) -> tuple[int, np.ndarray]:
    """The first row an interval touches, and how much of each row from there on it covers (0..1)."""
    low, high = (min(max(seconds * RATE + 0.5, 0.0), n_rows) for seconds in (start, end))
    first = int(low)
    edges = np.arange(first, int(np.ceil(high)) + 1)
    return first, np.diff(np.clip(edges, low, max(high, low)))


def _spoken(pieces: list[tuple[float, float, Viseme]], n_rows: int) -> np.ndarray:
    """1 from the first to the last sound of each breath, a little beyond both so that the smoothed opening is not cut."""
    spoken = np.zeros(n_rows)
    reach = BRIDGED_PAUSE / 2
    for start, end, _ in pieces:
        spoken[max(0, round((start - reach) * RATE)):max(0, round((end + reach) * RATE))] = 1
    return spoken
