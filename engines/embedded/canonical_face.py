"""Face shapes without head motion: every frame of a face brought to the same place, size and direction.

In the upright frame of a `CanonicalFace` one unit is the face height |10-152|, x runs along the eyes (33 to 263), y down the face and z
away from the camera (x cross y, as the mesh counts). The difference of two shapes is expression, nearly free of head motion.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .control_points import STILL

_STILL = list(STILL)


@dataclass(frozen=True)
class CanonicalFace:
    """mean: float64 [468, 3], the mean shape of one person."""

    mean: np.ndarray


def canonical_face(landmarks: np.ndarray) -> CanonicalFace:
    """The mean face of some frames, [n, 468, 3] in pixels, n > 0, no NaN: three rounds of aligning all frames to their mean by a
    3-D similarity (Umeyama 1991) on points that speech does not move."""
    faces = landmarks.astype(np.float64)
    mean = faces[len(faces) // 2]
    for _ in range(3):
        turn, shift = similarity(faces[:, _STILL], np.broadcast_to(mean[_STILL], (len(faces), len(_STILL), 3)))
        mean = (faces @ np.swapaxes(turn, 1, 2) + shift[:, None]).mean(0)
    return CanonicalFace(_upright(mean))


def shapes(landmarks: np.ndarray, face: CanonicalFace) -> tuple[np.ndarray, np.ndarray]:
    """For frames [n, 468, 3] in pixels: their shapes, float32 [n, 468, 3] in the upright frame, and float32 [n, 3, 3] that turn and
    scale a difference of shapes back into the picture of each frame. Frames that are NaN give NaN."""
    faces = landmarks.astype(np.float64)
    known = np.isfinite(faces[:, 0, 0])
    shape = np.full(faces.shape, np.nan, np.float32)
    back = np.full((len(faces), 3, 3), np.nan, np.float32)
    if known.any():
        still = np.broadcast_to(face.mean[_STILL], (int(known.sum()), len(_STILL), 3))
        turn, shift = similarity(faces[known][:, _STILL], still)
        shape[known] = faces[known] @ np.swapaxes(turn, 1, 2) + shift[:, None]
        back[known] = np.linalg.inv(turn)
    return shape, back


def similarity(points: np.ndarray, onto: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The similarity (turn, scale, shift, no mirror) that takes points [..., n, d] nearest to `onto`: matrix [..., d, d], shift [..., d].

    S. Umeyama, Least-squares estimation of transformation parameters between two point patterns, 1991."""
    centre, centre_onto = points.mean(-2), onto.mean(-2)
    away, away_onto = points - centre[..., None, :], onto - centre_onto[..., None, :]
    u, spread, v = np.linalg.svd(np.swapaxes(away_onto, -1, -2) @ away)
    sign = np.ones(spread.shape)
    sign[..., -1] = np.sign(np.linalg.det(u @ v))
    scale = (spread * sign).sum(-1) / (away**2).sum((-1, -2))
    matrix = scale[..., None, None] * (u * sign[..., None, :]) @ v
    return matrix, centre_onto - (matrix @ centre[..., None])[..., 0]


def _upright(mean: np.ndarray) -> np.ndarray:
    """The shape in units of its own height, the still points' centre at 0, eyes along x, forehead to chin along y."""
    x = mean[263] - mean[33]
    x /= np.linalg.norm(x)
    y = mean[152] - mean[10]
    height = np.linalg.norm(y)
    y -= (y @ x) * x
    y /= np.linalg.norm(y)
    axes = np.stack([x, y, np.cross(x, y)])
    return (mean - mean[_STILL].mean(0)) @ axes.T / height
