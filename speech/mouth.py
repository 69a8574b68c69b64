"""What the mouth does over time: the curves that drive every mouth the pack makes by itself."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RATE = 100
"""Rows a second of a MouthCurves."""


@dataclass(frozen=True)
class MouthCurves:
    """Curves at `RATE` rows a second; row k belongs to second k / RATE of the *sound* (no lead applied), float32 [n] each.

    opening: 0 lips shut .. 1 as wide as this speech gets (the 97th percentile of its voiced moments; may overshoot to 1.15), so an
    avatar's own range is put on it by mapping 0 to its shut and 1 to its wide mouth. width: -1 rounded .. +1 spread. closure: 0..1,
    lips pressed (m b p). dental: 0..1, lower lip at the upper teeth (f v). gate: 0 silence .. 1 voice; every curve is 0 where the
    gate is 0. lead: seconds by which the lips go ahead of the sound. from_phonemes: whether phoneme times were known.
    """

    opening: np.ndarray
    width: np.ndarray
    closure: np.ndarray
    dental: np.ndarray
    gate: np.ndarray
    lead: float
    from_phonemes: bool

    def at(self, times: np.ndarray) -> MouthCurves:
        """The same curves read at the output frames' times (seconds, float64 [m]), the lead applied; linear between rows, ends held
        at rest. The result's rows are those times and its lead is 0."""
        place = (np.asarray(times, np.float64) + self.lead) * RATE
        rows = np.arange(len(self.opening))
        read = {name: np.interp(place, rows, getattr(self, name), left=0.0, right=0.0).astype(np.float32)
                if len(rows) else np.zeros(len(place), np.float32)
                for name in ("opening", "width", "closure", "dental", "gate")}
        return MouthCurves(**read, lead=0.0, from_phonemes=self.from_phonemes)
