"""Soft masks shaped by the face: what of a patch is seen, where the base may bend, which pixels are skin.

Points are landmarks of the 468-point mesh (float [468, 2 or more], frame pixels); a box is x0, y0, x1, y1 in whole frame pixels. Every
mask is uint8 [y1 - y0, x1 - x0], 0 to 255. Shapes and widths are measured on eleven films by seam, beard and hair, in face heights.
"""
from __future__ import annotations

import cv2
import numpy as np

Box = tuple[int, int, int, int]

# From the right ear along the chin to the left ear (the person's right, so from left to right in the picture).
JAW = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454)
OUTER_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
# Below the nose, inside the cheeks, just inside the jaw: neither chin edge nor neck.
MOUTH = (205, 203, 98, 97, 2, 326, 327, 423, 425, 411, 427, 434, 364, 394, 395, 369, 396, 175, 171, 140, 170, 169, 135, 214, 207, 187)
# Below the nose and inside the cheeks; the rest of the lower face is closed by the jaw, drawn in.
UPPER_EDGE = (187, 205, 203, 98, 97, 2, 326, 327, 423, 425, 411)
LOWER_JAW = (397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172)
CHEEKS = (50, 280)
NOSE_BRIDGE = 195
_FINER = 6  # rows drawn for one row of a mask
_SHIFT = 6  # fractional bits of polygon corners
_LEVELS = np.arange(256) / 255
_FOOT = np.uint8(np.clip((_LEVELS - 0.08) / 0.84, 0, 1) * 255 + 0.5)  # a Gaussian's edge that ends instead of fading for ever
_UPPER_HALF = np.uint8(np.clip(2 * _LEVELS - 1, 0, 1) * 255 + 0.5)  # an edge that lies inside its polygon


def face_height(points: np.ndarray) -> float:
    """Pixels from the top of the forehead (10) to the chin (152): the unit of this room."""
    return float(np.hypot(*(points[10, :2] - points[152, :2])))


def mouth_mask(points: np.ndarray, box: Box) -> np.ndarray:
    """What is seen of a mouth made by bending the person's own frames: from below the nose to just inside the jaw, feathered.

    points: where the landmarks are in the result."""
    unit = face_height(points)
    soft = _soft_polygon(points[list(MOUTH), :2], box, 0.028 * unit)
    return cv2.LUT(soft, _FOOT)


def bend_hull(points: np.ndarray, halo: np.ndarray, box: Box) -> np.ndarray:
    """Where the base frame may bend: the hull of jaw, cheeks and the halo points (float [n, 2]) outside the jaw; nothing at the
    box's inner border (a ramp of .06 face heights; a border that is the picture's own edge is the caller's to widen)."""
    unit = face_height(points)
    around = np.vstack([points[list(JAW + CHEEKS), :2], halo]).astype(np.float32)
    soft = _soft_polygon(cv2.convexHull(around)[:, 0], box, 0.02 * unit)
    return cv2.LUT(soft, _UPPER_HALF)


def lower_face_mask(points: np.ndarray, box: Box) -> np.ndarray:
    """What is seen of a network's crop: the lower face from below the nose, feathered, ending before the jaw."""
    unit = face_height(points)
    jaw = points[list(LOWER_JAW), :2]
    jaw = jaw + 0.1 * (points[13, :2] - jaw)
    soft = _soft_polygon(np.vstack([points[list(UPPER_EDGE), :2], jaw]), box, 0.03 * unit)
    return cv2.LUT(soft, _FOOT)


def skin(points: np.ndarray, box: Box) -> np.ndarray:
    """Skin of cheeks and chin without lips and without the face's rim, edges a pixel wide: where colours are compared."""
    unit = face_height(points)
    around = points[[*JAW, *CHEEKS, NOSE_BRIDGE], :2].astype(np.float32)
    face = filled(cv2.convexHull(around)[:, 0], box)
    lips = filled(cv2.convexHull(points[list(OUTER_LIPS), :2].astype(np.float32))[:, 0], box)
    width = max(1, round(0.04 * unit))
    kernel = np.ones((width, width), np.uint8)
    face = cv2.erode(face, kernel)
    face[cv2.dilate(lips, kernel) > 0] = 0
    return face


def filled(polygon: np.ndarray, box: Box, scale: float = 1.0) -> np.ndarray:
    """A polygon (float [n, 2], frame pixels) with sub-pixel corners and a smooth edge, 255 inside; scale: of the result against the box.

    OpenCV places the edges of a filled polygon well between columns but not between rows (its centre moves in steps of .13 pixels), so
    it is drawn with finer rows and shrunk (.02)."""
    width, height = box[2] - box[0], box[3] - box[1]
    mask = np.zeros((height * _FINER, width), np.uint8)
    corners = (np.asarray(polygon, np.float64) - box[:2]) * (1, _FINER) - 0.5
    cv2.fillPoly(mask, [np.round(corners * 2**_SHIFT).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=_SHIFT)
    return cv2.resize(mask, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)


def _soft_polygon(polygon: np.ndarray, box: Box, sigma: float) -> np.ndarray:
    """A filled polygon blurred by a Gaussian of sigma pixels; at half size where nobody can see the difference."""
    if sigma < 3:
        return cv2.GaussianBlur(filled(polygon, box), (0, 0), max(sigma, 0.3))
    soft = cv2.GaussianBlur(filled(polygon, box, 0.5), (0, 0), sigma / 2)
    return cv2.resize(soft, (box[2] - box[0], box[3] - box[1]), interpolation=cv2.INTER_LINEAR)
