"""By how much the lips of a film come before or after its sound, without any network that was trained to tell: what the lips do is compared
with what the voice lets expect of them, at every shift."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mouth import MouthCurves
from .smoothing import gaussian

RATE = 50
"""Steps a second at which both are compared."""

FURTHEST = 0.6
"""Seconds by which the sound is shifted either way: 15 frames of 25, as SyncNet does."""

STEPS = np.arange(-round(FURTHEST * RATE), round(FURTHEST * RATE) + 1)
CHANCE, LEAST = 0.95, 0.15
"""An offset is believed where the agreement at it is above `CHANCE` over the root of the seconds compared, and above `LEAST`. Measured on
films of 6 to 10 s with the speech of other films: 29 of 30 stay below; with their own: see docs/measurements.md."""

WINDOW, HOP = 4.0, 0.5
_SLOW = 1.0 * RATE
_SMOOTH = 0.03 * RATE
_LEAST_SPREAD = 1e-6


@dataclass(frozen=True)
class LipOffset:
    """seconds: by which the lips come after the sound (negative: before it), NaN where nothing can be told. agreement: -1..1 at that
    shift, the mean correlation of the opening and of its speed with what the voice lets expect. clear: whether that is more than chance.
    curve: float [61], the agreement at `STEPS` / `RATE` seconds. windows: float [k], the offset of every window of 4 s in which it is
    clear, in seconds."""

    seconds: float
    agreement: float
    clear: bool
    curve: np.ndarray
    windows: np.ndarray


def lip_offset(times: np.ndarray, opening: np.ndarray, voice: MouthCurves) -> LipOffset:
    """Compare the opening of the lips (float [n], NaN without a face) at the frames' times (seconds) with what `voice`, heard in the
    same film's sound, asks for."""
    lips, expected = _on_grid(times, opening, voice)
    sums = _shifted_sums(lips, expected)
    curve = _agreement(sums.sum(0)) if len(lips) else np.zeros(len(STEPS))
    best = int(np.argmax(curve))
    if not curve[best] > 0:
        return LipOffset(float("nan"), 0.0, False, curve, np.zeros(0))
    seconds = sums[:, best, 0, 0].sum() / RATE
    return LipOffset(_peak(curve, best), float(curve[best]), bool(curve[best] >= _bar(seconds)), curve, _of_windows(sums))


def _on_grid(times: np.ndarray, opening: np.ndarray, voice: MouthCurves) -> tuple[np.ndarray, np.ndarray]:
    """Opening and its speed, slow changes taken out, on an even grid: lips and voice, float [m, 2] each, NaN where no face is seen."""
    times, opening = np.asarray(times, np.float64), np.asarray(opening, np.float64)
    n = int(times[-1] * RATE) + 1 if len(times) else 0
    grid = np.arange(n) / RATE
    seen = np.isfinite(opening)
    if seen.sum() < 3:
        return np.zeros((0, 2)), np.zeros((0, 2))
    nearest = np.clip(np.searchsorted(times, grid), 0, len(times) - 1)
    around = seen[nearest] & seen[np.maximum(nearest - 1, 0)]
    lips = np.where(around, np.interp(grid, times[seen], opening[seen]), np.nan)
    return _features(lips), _features(voice.at(grid).opening.astype(np.float64))


def _features(curve: np.ndarray) -> np.ndarray:
    there = np.isfinite(curve)
    filled, weight = np.where(there, curve, 0.0), there.astype(np.float64)
    smooth = gaussian(filled, _SMOOTH) / np.maximum(gaussian(weight, _SMOOTH), 1e-9)
    slow = gaussian(filled, _SLOW) / np.maximum(gaussian(weight, _SLOW), 1e-9)
    return np.where(there[:, None], np.stack([smooth - slow, np.gradient(smooth)], 1), np.nan)


def _shifted_sums(lips: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """[pieces of HOP seconds, 61 shifts, 2 features, 6]: the sums of which correlations are made (n, x, y, xx, yy, xy)."""
    size = round(HOP * RATE)
    pieces = -(-len(lips) // size)
    sums = np.zeros((pieces, len(STEPS), 2, 6))
    for at, step in enumerate(STEPS):
        shifted = np.full_like(expected, np.nan)
        if abs(step) < len(lips):
            shifted[max(0, step):len(lips) + min(0, step)] = expected[max(0, -step):len(lips) - max(0, step)]
        both = np.isfinite(lips) & np.isfinite(shifted)
        x, y = np.where(both, lips, 0), np.where(both, shifted, 0)
        terms = np.stack([both.astype(np.float64), x, y, x * x, y * y, x * y], 2)
        padded = np.pad(terms, ((0, pieces * size - len(lips)), (0, 0), (0, 0)))
        sums[:, at] = padded.reshape(pieces, size, 2, 6).sum(1)
    return sums


def _agreement(sums: np.ndarray) -> np.ndarray:
    """[61]: the mean over both features of the correlation at each shift, from sums [61, 2, 6]."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    n = np.maximum(n, 1)
    spread = np.sqrt(np.maximum(xx / n - (x / n) ** 2, 0) * np.maximum(yy / n - (y / n) ** 2, 0))
    r = np.where(spread > _LEAST_SPREAD ** 2, (xy / n - x * y / n ** 2) / np.maximum(spread, 1e-30), 0)
    return r.mean(1)


def _of_windows(sums: np.ndarray) -> np.ndarray:
    length = round(WINDOW / HOP)
    found = []
    for first in range(max(1, len(sums) - length + 1)):
        window = sums[first:first + length].sum(0)
        if window[len(STEPS) // 2, 0, 0] < 0.6 * WINDOW * RATE:
            continue
        curve = _agreement(window)
        best = int(np.argmax(curve))
        if curve[best] >= _bar(WINDOW):
            found.append(_peak(curve, best))
    return np.array(found)


def _bar(seconds: float) -> float:
    return max(LEAST, CHANCE / np.sqrt(max(seconds, 0.1)))


def _peak(curve: np.ndarray, best: int) -> float:
    """Seconds of the top of the parabola through the best shift and its neighbours."""
    shift = float(STEPS[best])
    if 0 < best < len(curve) - 1:
        low, top, high = curve[best - 1:best + 2]
        bend = low - 2 * top + high
        shift += 0.5 * (low - high) / bend if bend < 0 else 0.0
    return shift / RATE
