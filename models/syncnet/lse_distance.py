"""LSE-D, LSE-C and the offset: how far lips and voice lie apart in SyncNet's space, at every shift of one against the other.

Formulas of github.com/joonson/syncnet_python (SyncNetInstance.py)."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FURTHEST = 15
"""Frames by which the voice is shifted either way."""

SHIFTS = np.arange(-FURTHEST, FURTHEST + 1)
_EPSILON = 1e-6  # that torch's pairwise distance adds to every difference
_MEDIAN = 9


@dataclass(frozen=True)
class LseScore:
    """d: LSE-D, the smallest mean distance (lower is better). c: LSE-C, by how much it stands out from the median (higher is better).
    offset: frames of 25 a second by which the lips come after the sound; 3 where the sound of a film in sync was moved 3 frames
    forward. means: float [31], mean distance at each shift. confidence: float [n], how clearly each frame is in sync at that offset."""

    d: float
    c: float
    offset: int
    means: np.ndarray
    confidence: np.ndarray


def lse_distances(lips: np.ndarray, sound: np.ndarray) -> np.ndarray:
    """float [n, 31]: Euclidean distance of the lips of frame i to the sound of frame i - 15 .. i + 15.

    lips [n, D]; sound [n + 30, D]: that of the frames from -15 on, zeros where there is none."""
    lips, sound = np.asarray(lips, np.float32), np.asarray(sound, np.float32)
    shifted = [np.linalg.norm(lips - sound[k:k + len(lips)] + np.float32(_EPSILON), axis=1) for k in range(len(SHIFTS))]
    return np.stack(shifted, 1)


def lse_score(distances: np.ndarray) -> LseScore:
    """What [n, 31] distances say together, n at least 1."""
    means = distances.mean(0, dtype=np.float64)
    best, middle = int(np.argmin(means)), float(np.median(means))
    return LseScore(d=float(means[best]), c=middle - float(means[best]), offset=-int(SHIFTS[best]), means=means,
                    confidence=_median_filtered(middle - distances[:, best]))


def padded(sound: np.ndarray) -> np.ndarray:
    """Sound features [n, D] of a whole film with the zeros around them that `lse_distances` wants: [n + 30, D]."""
    return np.pad(sound, ((FURTHEST, FURTHEST), (0, 0)))


def _median_filtered(values: np.ndarray) -> np.ndarray:
    """The median of 9 around each value, zeros beyond the ends."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(values, _MEDIAN // 2), _MEDIAN)
    return np.median(around, axis=1)
