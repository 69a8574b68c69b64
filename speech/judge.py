"""Do the lips of a film follow a speech? Measured on the film itself, by whatever measures its opening."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mouth import MouthCurves

FURTHEST_LAG, LAG_STEP = 0.12, 0.01
MARGIN = 0.15
"""Seconds that a pause's ends are left out of it: there the lips still close or already open."""


@dataclass(frozen=True)
class Verdict:
    """r: correlation of measured and driving opening. best_r at best_lag: the largest within 0.12 s, positive where the lips are late
    (seconds). leak: lip motion in pauses over lip motion in speech, NaN without pauses of 0.4 s. closures: share of the pressed moments
    (closure > 0.9) in which the opening lies in the lowest quarter of its range, NaN without any."""

    r: float
    best_r: float
    best_lag: float
    leak: float
    closures: float


def judge_lips(times: np.ndarray, opening: np.ndarray, driven_by: MouthCurves) -> Verdict:
    """Compare the opening measured in a film (float [n], NaN where there is no face) at its frames' times (seconds) with the curves
    that drove it, or that a speech asks for. Two lips that never move give r = 0."""
    times, opening = np.asarray(times, np.float64), np.asarray(opening, np.float64)
    seen = np.isfinite(opening)
    lags = np.arange(-FURTHEST_LAG, FURTHEST_LAG + 1e-9, LAG_STEP)
    found = [_correlation(opening[seen], driven_by.at(times[seen] - lag).opening) for lag in lags]
    best = int(np.argmax(found))
    return Verdict(_correlation(opening[seen], driven_by.at(times[seen]).opening), found[best], float(lags[best]),
                   _leak(times, opening, driven_by), _closures(opening[seen], driven_by.at(times[seen]).closure))


def _leak(times: np.ndarray, opening: np.ndarray, curves: MouthCurves) -> float:
    """Mean speed of the lips where nothing is said over that where something is."""
    speed = np.abs(np.diff(opening)) / np.maximum(np.diff(times), 1e-9)
    middle = (times[1:] + times[:-1]) / 2
    around = np.stack([curves.at(middle + offset).gate for offset in np.arange(-MARGIN, MARGIN + 1e-9, 0.05)])
    rest, speech = around.max(0) == 0, around.min(0) > 0.5
    rest, speech = (np.isfinite(speed) & chosen for chosen in (rest, speech))
    if not rest.any() or not speech.any() or speed[speech].mean() == 0:
        return float("nan")
    return float(speed[rest].mean() / speed[speech].mean())


def _closures(opening: np.ndarray, closure: np.ndarray) -> float:
    pressed = closure > 0.9
    if not pressed.any():
        return float("nan")
    low, high = np.percentile(opening, (2, 98))
    return float((opening[pressed] <= low + (high - low) / 4).mean())


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
