"""A made film against the one it was made from: what changed outside the lower face, and how sharp the mouth is."""
from __future__ import annotations

import numpy as np

from ..media.picture import Picture

MOUTH = (61, 291, 0, 17)
LOWER_FACE = (205, 50, 117, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 346, 280,
              425)
UNTOUCHED = 99.0
"""Decibels that stand for no difference at all."""


def psnr_outside(a: np.ndarray, b: np.ndarray, points: np.ndarray) -> float:
    """dB between uint8 RGB [h, w, 3] pictures outside the hull of the lower face, widened by a fifth of the face's height; 99 where
    nothing differs. points: landmarks [468, 2 or 3]."""
    import cv2

    inside = np.zeros(a.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull(points[list(LOWER_FACE), :2].astype(np.float32)).astype(np.int32), 1)
    reach = max(3, int(0.4 * np.linalg.norm(points[10, :2] - points[152, :2])))
    outside = 1 - cv2.dilate(inside, np.ones((reach, reach), np.uint8))
    error = cv2.norm(a, b, cv2.NORM_L2, outside) ** 2 / max(3 * int(outside.sum()), 1)
    return UNTOUCHED if error == 0 else float(10 * np.log10(255 ** 2 / error))


def mouth_sharpness(picture: Picture, points: np.ndarray) -> float:
    """Standard deviation of the Laplacian over the mouth's box, 0 where it is too small."""
    import cv2

    corners = points[list(MOUTH), :2]
    grow = 0.15 * np.ptp(corners[:, 0])
    low, high = np.maximum(corners.min(0) - grow, 0), np.minimum(corners.max(0) + grow, (picture.width, picture.height))
    if (high - low < 3).any():
        return 0.0
    grey = cv2.cvtColor(picture.rgb((*low.astype(int).tolist(), *high.astype(int).tolist())), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).std())
