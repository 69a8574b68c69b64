"""A shot of a film as a place to take mouths from: who is seen, how far the mouth opens, what opening does to the face."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...faces.track import FaceTrack
from .canonical_face import CanonicalFace, canonical_face, shapes
from .control_points import control_points
from .mouth_index import MouthIndex

_SAMPLE = 1500
_PRIOR_VARIANCE = 0.004**2
_LEAST_RANGE = 0.020
_FEWEST = 12


@dataclass(frozen=True)
class Shot:
    """Frames first .. stop-1 of the film, between two cuts.

    face: mean shape of the person. low, high: opening of the shut and of the wide mouth. width: median of the mouth's width. spread:
    standard deviations of opening (at least .015), width, yaw, pitch (+ .01 on the last two). opening_shape: float64 [468, 3], how the
    face changes per unit of opening."""

    first: int
    stop: int
    face: CanonicalFace
    low: float
    high: float
    width: float
    spread: tuple[float, float, float, float]
    opening_shape: np.ndarray

    @property
    def speaks(self) -> bool:
        """Whether the mouth opens far enough for its frames to be used."""
        return self.high - self.low >= _LEAST_RANGE


def read_shot(track: FaceTrack, index: MouthIndex, number: int) -> Shot:
    """Shot `number` of the film, in which a face is seen."""
    first, stop = np.searchsorted(index.shot, [number, number + 1])
    seen = first + np.flatnonzero(np.isfinite(index.opening[first:stop]))
    sample = seen[np.linspace(0, len(seen) - 1, min(len(seen), _SAMPLE)).astype(int)]
    landmarks = np.stack([track.landmarks[int(k)] for k in sample])
    face = canonical_face(landmarks)
    opening = index.opening[seen]
    low, high = _range(opening)
    spread = (max(float(opening.std()), 0.015), float(index.width[seen].std()) + 1e-3,
              float(index.yaw[seen].std()) + 0.01, float(index.pitch[seen].std()) + 0.01)
    shape = _opening_shape(shapes(landmarks, face)[0], index.opening[sample])
    return Shot(int(first), int(stop), face, low, high, float(np.median(index.width[seen])), spread, shape)


def _range(opening: np.ndarray) -> tuple[float, float]:
    """Shut and wide: the 4th and 92nd percentile, or the 97th where the person hardly speaks."""
    if len(opening) < _FEWEST:
        return float(opening.min()), float(opening.min())
    low, high, rare = np.percentile(opening, [4, 92, 97])
    return float(low), float(high if high - low >= _LEAST_RANGE else rare)


def _opening_shape(shape: np.ndarray, opening: np.ndarray) -> np.ndarray:
    """Covariance with the opening over its variance, drawn to the mean of eight people where the film shows little of it."""
    away = opening.astype(np.float64) - opening.mean()
    points = control_points()
    prior = np.zeros(shape.shape[1:])
    prior[points.points] = points.opening
    return (np.einsum("n,nij->ij", away, shape) + len(away) * _PRIOR_VARIANCE * prior) / (away @ away + len(away) * _PRIOR_VARIANCE)
