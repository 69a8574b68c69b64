"""The mesh: 468 landmarks of the face in a region."""
from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np
import torch

from ..media.picture import Picture
from ..models.mediapipe.face_mesh import SIZE
from ..models.mediapipe.load import load_network
from .region import Region, cut_out, into_picture, region_of_landmarks


@dataclass(frozen=True)
class Reading:
    """landmarks: float32 [468, 3] in picture pixels (z in the same unit). confidence: 0 .. 1 that a face is there at all."""

    landmarks: np.ndarray
    confidence: float

    @property
    def found(self) -> bool:
        return self.confidence > 0.5

    @property
    def box(self) -> np.ndarray:
        """float32 x0, y0, x1, y1 around the landmarks."""
        points = self.landmarks[:, :2]
        return np.concatenate([points.min(0), points.max(0)])


def read_mesh(picture: Picture, region: Region) -> Reading:
    """Lay the mesh on the face in `region`. Raises MissingModel if the network is not there."""
    points, logit = run_mesh(cut_out(picture, region, SIZE))
    return Reading(into_picture(points, region, SIZE), _sigmoid(logit))


def settle_mesh(picture: Picture, region: Region, rounds: int = 2) -> Reading:
    """As `read_mesh`, where the region is only roughly known: each round looks at the region the last landmarks give."""
    reading = read_mesh(picture, region)
    for _ in range(rounds - 1):
        reading = read_mesh(picture, region_of_landmarks(reading.landmarks))
    return reading


def run_mesh(crop: np.ndarray) -> tuple[np.ndarray, float]:
    """uint8 RGB [192, 192, 3] -> (float32 [468, 3] in crop pixels, logit of the face flag)."""
    with torch.inference_mode():
        pixels = torch.from_numpy(crop).permute(2, 0, 1)[None].float().div_(255)
        points, logit = load_network("mesh")(pixels)
    return points[0].numpy(), float(logit)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + exp(-max(-100.0, min(100.0, logit))))
