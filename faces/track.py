"""The face track: where the chosen face is in every frame, as arrays."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np


class Landmarks(Protocol):
    """float32 [N, 468, 3] that may lie on disk: index it by a frame or a slice and get an array.

    x, y in pixels of the upright frame, where pixel (0, 0) covers [0, 1) x [0, 1) (its centre is 0.5, 0.5); z in the same unit,
    smaller is nearer to the camera. Rows of frames without a face are NaN."""

    shape: tuple[int, int, int]

    def __getitem__(self, frames: int | slice) -> np.ndarray: ...


@dataclass(frozen=True)
class FaceTrack:
    """present: bool [N], a face was found (bridged gaps count as present, see `bridged`). box: float32 [N, 4] x0, y0, x1, y1 of the
    landmarks, pixels, NaN where absent. confidence: float32 [N], 0..1. landmarks: [N, 468, 3], smoothed over time with no lag,
    never across a cut. cuts: frame numbers that begin a new shot (0 not among them). bridged: bool [N], landmarks
    interpolated over a short gap."""

    present: np.ndarray
    box: np.ndarray
    confidence: np.ndarray
    landmarks: Landmarks
    cuts: tuple[int, ...] = ()
    bridged: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))

    @property
    def n_frames(self) -> int:
        return len(self.present)
