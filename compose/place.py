"""Where a crop of a face lies: affines that take patch coordinates to frame coordinates.

They are computed from landmarks that are smoothed over time already, over many points at once, so that they do not tremble.
"""
from __future__ import annotations

import numpy as np

from .mean_face import STILL, mean_points


def face_affine(points: np.ndarray, size: int, span: float = 1.2, centre: tuple[float, float] = (0.0, 0.17)) -> np.ndarray:
    """A square crop that turns and scales with the face, but does not move when the mouth does.

    points: landmarks float [468, 2 or more]. size: pixels of the patch's side. span: the side in face heights. centre: of the crop
    in face heights from between the eyes, right and down ((0, .17): the middle of the face; (0, .42): the mouth)."""
    per_pixel = span / size
    upright = np.array([[per_pixel, 0, centre[0] - span / 2], [0, per_pixel, centre[1] - span / 2]])
    return joined(upright, similarity(mean_points(STILL), points[list(STILL), :2]))


def box_affine(box: tuple[float, float, float, float], size: tuple[int, int]) -> np.ndarray:
    """A patch of width, height = size pixels stretched over the box x0, y0, x1, y1 of the frame."""
    return np.array([[(box[2] - box[0]) / size[0], 0, box[0]], [0, (box[3] - box[1]) / size[1], box[1]]], np.float64)


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The turn, scale and move that brings points float [n, 2] nearest to target (least squares; Umeyama 1991)."""
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    a, b = source - source.mean(0), target - target.mean(0)
    along, across = (a * b).sum(), (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()
    turn = np.array([[along, -across], [across, along]]) / (a**2).sum()
    return np.column_stack([turn, target.mean(0) - turn @ source.mean(0)])


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The affine that does `first`, then `second`."""
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])
