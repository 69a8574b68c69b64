"""Where LatentSync's face lies in a picture: the published template and the similarity that brings brows and nose to it.

Facts from bytedance/LatentSync (latentsync/utils/affine_transform.py). Points and affines of this file count from the *middle* of pixel
(0, 0), as the published code does.
"""
from __future__ import annotations

import numpy as np

from ...faces.track import FaceTrack

LEFT_BROW = (70, 63, 105, 66, 107)
RIGHT_BROW = (300, 293, 334, 296, 336)
NOSE = (195, 48, 278, 4)
"""Landmarks whose means are the three points: the upper edge of each brow; bridge, both wings and tip of the nose."""

_TEMPLATE = np.array([[17, 20], [58, 20], [37.5, 40]], np.float32)
_SIZE = 75, 100
_SCALE = 2.8 / 256
_KEPT = 0.2
_PIECE = 4096


def crop_size(resolution: int) -> tuple[int, int]:
    """width, height in pixels of the crop that is squeezed into a square of `resolution`."""
    ratio = resolution * _SCALE
    return int(_SIZE[0] * ratio), int(_SIZE[1] * ratio)


def three_points(track: FaceTrack) -> np.ndarray:
    """float32 [N, 3, 2] of every frame: left brow, right brow, nose; NaN without a face. The landmarks are steady already, so they are
    not rounded to whole pixels."""
    wanted = np.array([*LEFT_BROW, *RIGHT_BROW, *NOSE])
    ends = len(LEFT_BROW), len(LEFT_BROW) + len(RIGHT_BROW)
    pieces = [np.zeros((0, 3, 2), np.float32)]
    for start in range(0, track.n_frames, _PIECE):
        points = np.asarray(track.landmarks[start:start + _PIECE])[:, wanted, :2] - np.float32(0.5)
        pieces.append(np.stack([part.mean(1) for part in np.split(points, ends, 1)], 1))
    return np.concatenate(pieces)


def face_affines(points: np.ndarray, resolution: int) -> np.ndarray:
    """float32 [N, 2, 3] from picture to crop for points [N, 3, 2] of the frames of a film in order; NaN rows stay NaN.

    As published, where the nose lies beside its place in the template is added to the move, in units of the points' spread and smoothed
    from frame to frame: a tenth of a pixel of the crop."""
    template, size = _TEMPLATE * np.float32(resolution * _SCALE), len(points)
    affines, bias = np.full((size, 2, 3), np.nan, np.float32), None
    for index in np.flatnonzero(np.isfinite(points).all((1, 2))):
        affine, beside = _similarity(points[index], template)
        bias = beside if bias is None else _KEPT * bias + (1 - _KEPT) * beside
        affine[:, 2] += bias
        affines[index] = affine
    return affines


def _similarity(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The affine by orthogonal Procrustes, and target nose - source nose where both are centred and scaled to a spread of 1."""
    c_source, c_target = source.mean(0), target.mean(0)
    source, target = source - c_source, target - c_target
    s_source, s_target = source.std(ddof=1), target.std(ddof=1)
    source, target = source / max(s_source, 1e-6), target / s_target
    u, _, vt = np.linalg.svd(source.T @ target)
    turn = vt.T @ u.T
    if np.linalg.det(turn) < 0:
        vt[-1] *= -1
        turn = vt.T @ u.T
    turn = turn * (s_target / max(s_source, 1e-6))
    return np.column_stack([turn, c_target - turn @ c_source]), target[2] - source[2]
