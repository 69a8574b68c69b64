"""Read the eyes of a face: lids and iris, closer than the mesh has them (for blinks and gaze)."""
from __future__ import annotations

from dataclasses import dataclass
from math import atan2, hypot

import numpy as np
import torch

from ..host.device import one_thread
from ..media.picture import Picture
from ..models.mediapipe.iris import SIZE
from ..models.mediapipe.load import load_network
from .region import Region, cut_out, into_picture

RIGHT_EYE = (33, 133)
LEFT_EYE = (263, 362)
"""Mesh points of the outer and the inner corner, of the person's right and left eye."""

_MARGIN = 2.3
"""Side of the square the iris network looks at, in distances between the corners (as it was trained)."""

_LOWER = tuple(range(9))
_UPPER = (0, *range(9, 16), 8)
"""Contour points of the network, from the outer corner to the inner one."""


@dataclass(frozen=True)
class Eye:
    """Points in picture pixels. upper, lower: float32 [9, 2], the edges of the lids from the outer to the inner corner, corners
    included. iris: float32 [2], its centre. radius: of the iris, pixels."""

    upper: np.ndarray
    lower: np.ndarray
    iris: np.ndarray
    radius: float

    @property
    def outer(self) -> np.ndarray:
        """The corner towards the ear, [2]."""
        return self.lower[0]

    @property
    def inner(self) -> np.ndarray:
        """The corner towards the nose, [2]."""
        return self.lower[-1]

    @property
    def width(self) -> float:
        """Distance of the corners, pixels."""
        return float(np.linalg.norm(self.inner - self.outer))

    @property
    def opening(self) -> float:
        """Largest distance of the lids over the distance of the corners: about 0.4 when open."""
        return float(np.linalg.norm(self.upper - self.lower, axis=1).max() / max(self.width, 1e-6))


def read_eyes(rgb: np.ndarray, landmarks: np.ndarray) -> tuple[Eye, Eye]:
    """The person's right and left eye. rgb: uint8 [H, W, 3], the whole picture; landmarks: [468, 2 or 3] in its pixels.

    Raises MissingModel if the iris network is not there."""
    picture = Picture.from_rgb(rgb)
    return _read_eye(picture, landmarks, RIGHT_EYE, mirrored=False), _read_eye(picture, landmarks, LEFT_EYE, mirrored=True)


def _read_eye(picture: Picture, landmarks: np.ndarray, corners: tuple[int, int], mirrored: bool) -> Eye:
    """One eye. The network knows right eyes only: a left one is shown to it mirrored."""
    outer, inner = landmarks[corners[0], :2], landmarks[corners[1], :2]
    on_the_left, on_the_right = (inner, outer) if mirrored else (outer, inner)
    dx, dy = (float(v) for v in on_the_right - on_the_left)
    x, y = (float(v) for v in (outer + inner) / 2)
    region = Region(x, y, max(1.0, _MARGIN * hypot(dx, dy)), atan2(dy, dx))
    crop = cut_out(picture, region, SIZE)
    contours, iris = _run_iris(np.ascontiguousarray(crop[:, ::-1]) if mirrored else crop)
    if mirrored:
        contours[:, 0], iris[:, 0] = SIZE - contours[:, 0], SIZE - iris[:, 0]
    contours, iris = (into_picture(points, region, SIZE)[:, :2] for points in (contours, iris))
    radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    return Eye(contours[list(_UPPER)], contours[list(_LOWER)], iris[0], radius)


def _run_iris(crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """uint8 RGB [64, 64, 3] -> (contours float32 [71, 3], iris float32 [5, 3]) in crop pixels."""
    with one_thread(), torch.inference_mode():
        pixels = torch.from_numpy(crop).permute(2, 0, 1)[None].float().div_(255)
        contours, iris = load_network("iris")(pixels)
    return contours[0].numpy(), iris[0].numpy()
