"""The mesh: 468 landmarks of the face in a region."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch

from ..media.picture import Picture
from ..models.mediapipe.face_mesh import SIZE
from ..models.mediapipe.load import load_network
from .region import Patch, Region, into_picture, lift, region_of_landmarks, sample

SURE = 0.5
"""Confidence above which the mesh lies on a face."""


@dataclass(frozen=True)
class Reading:
    """landmarks: float32 [468, 3] in picture pixels (z in the same unit). confidence: 0 .. 1 that a face is there at all."""

    landmarks: np.ndarray
    confidence: float

    @property
    def found(self) -> bool:
        return self.confidence > SURE

    @property
    def box(self) -> np.ndarray:
        """float32 x0, y0, x1, y1 around the landmarks."""
        points = self.landmarks[:, :2]
        return np.concatenate([points.min(0), points.max(0)])

    @property
    def region(self) -> Region:
        """Where to look for this face next."""
        return region_of_landmarks(self.landmarks)

    @property
    def centre(self) -> np.ndarray:
        """x, y of the middle of the box."""
        return (self.box[:2] + self.box[2:]) / 2

    @property
    def size(self) -> float:
        """The longer side of the box, pixels."""
        return float((self.box[2:] - self.box[:2]).max())


def read_mesh(picture: Picture, region: Region) -> Reading:
    """Lay the mesh on the face in `region`. Raises MissingModel if the network is not there."""
    return read_patch(lift(picture, region, SIZE), region)


def read_patch(patch: Patch | None, region: Region) -> Reading:
    """As `read_mesh`, from a part of the picture that was lifted before."""
    points, confidence = run_mesh([sample(patch, region, SIZE)])
    return Reading(into_picture(points[0], region, SIZE), float(confidence[0]))


def settle_mesh(picture: Picture, region: Region, rounds: int = 2) -> Reading:
    """As `read_mesh`, where the region is only roughly known: each round looks at the region the last landmarks give."""
    reading = read_mesh(picture, region)
    for _ in range(rounds - 1):
        reading = read_mesh(picture, reading.region)
    return reading


def read_photo(picture: Picture, region: Region) -> Reading:
    """The mesh of a photo: the mean of nine readings, each in a slightly other region. Measured on six photos, in face heights: error
    of one reading 0.0025 to 0.005, of the mean 0.0008 to 0.0015."""
    settled = settle_mesh(picture, region).region
    readings = [read_mesh(picture, other) for other in _nearby(settled)]
    landmarks = np.mean([reading.landmarks for reading in readings], axis=0)
    return Reading(landmarks, float(np.mean([reading.confidence for reading in readings])))


def _nearby(region: Region) -> Iterator[Region]:
    """Nine regions: this one moved by 1 % of its side, each move together with another size (2 %) and turn (0.6 degrees)."""
    for i, (across, down) in enumerate(product((-1, 0, 1), repeat=2)):
        step = 0.01 * region.side
        larger, turn = 1 + 0.02 * ((i * 2) % 3 - 1), 0.01 * ((i // 2) % 3 - 1)
        yield Region(region.x + across * step, region.y + down * step, region.side * larger, region.turn + turn)


def run_mesh(crops: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """n crops, uint8 RGB [192, 192, 3] -> (float32 [n, 468, 3] in crop pixels, float64 [n], confidence 0 .. 1 that it shows a face)."""
    with torch.inference_mode():
        pixels = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float().div_(255)
        points, logits = load_network("mesh")(pixels)
    return points.numpy(), 1 / (1 + np.exp(-np.clip(logits.double().numpy(), -100, 100)))
