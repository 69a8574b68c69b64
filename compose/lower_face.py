"""The lower face of a frame as a small picture of fixed shape: jaw, lips and nose lie in the same cells whatever the face does.

Cells are carried from a mean face to the frame by a thin plate through the landmarks (Bookstein 1989), so turns, smiles and open
mouths move what is read along with them (the shape-free texture of active appearance models, Cootes et al. 1998)."""
from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from ..host.device import one_thread
from ..media.picture import Picture, evenly
from .mask import CHEEKS, JAW, OUTER_LIPS, Box, face_height
from .mean_face import known_points, mean_points

CELLS = 40  # a side
_SPAN, _CENTRE = 0.62, (0.0, 0.43)  # of the cells' square in the mean face, face heights
_INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
_SMOOTHING = 1e-3
_FINE = 4  # steps a cell in which outlines are drawn


def face_cells(picture: Picture, points: np.ndarray) -> np.ndarray:
    """float32 [40, 40, 3], 8-bit Lab of each cell; points: the frame's landmarks, float [468, 2 or more]."""
    places = _places(points)
    x0, y0 = (int(np.clip(low - 3, 0, side - 1)) for low, side in zip(places.min((0, 1)), (picture.width, picture.height), strict=True))
    x1, y1 = (int(np.clip(high + 4, low + 1, side)) for high, low, side
              in zip(places.max((0, 1)), (x0, y0), (picture.width, picture.height), strict=True))
    x0, y0, x1, y1 = evenly((x0, y0, x1, y1), picture.width, picture.height)
    scale = min(1.0, CELLS / (_SPAN * face_height(points)))
    small = picture.small_rgb((x0, y0, x1, y1), (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))))
    at = (places - (x0, y0)) * (small.shape[1] / (x1 - x0), small.shape[0] / (y1 - y0)) - 0.5
    read = cv2.remap(small, at.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    lab = cv2.cvtColor(cv2.GaussianBlur(read, (0, 0), 0.8).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return lab * np.float32([2.55, 1, 1])


@lru_cache(maxsize=1)
def face_mask() -> np.ndarray:
    """bool [40, 40]: cells inside the hull of jaw and cheeks."""
    return _hull((*JAW, *CHEEKS)) > 0


@lru_cache(maxsize=1)
def lips_mask() -> np.ndarray:
    """bool [40, 40]: cells of and around the lips."""
    return cv2.dilate(_hull(OUTER_LIPS), np.ones((5, 7), np.uint8)) > 0


@lru_cache(maxsize=1)
def inner_mouth_mask() -> np.ndarray:
    """bool [40, 40]: cells between the lips, which show teeth, tongue or dark by turns."""
    return cv2.dilate(_hull(_INNER_LIPS), np.ones((3, 3), np.uint8)) > 0


def in_frame(cells: np.ndarray, points: np.ndarray, box: Box) -> np.ndarray:
    """uint8 [h, w]: the cells that are set (bool [40, 40]), where they lie in a box of the frame; hard edges, rounded corners."""
    places = _places(points) - (box[0] + 0.5, box[1] + 0.5)
    fine = cv2.resize(cells.astype(np.uint8) * 255, None, fx=_FINE, fy=_FINE, interpolation=cv2.INTER_LINEAR)
    fine = cv2.GaussianBlur(fine, (0, 0), 0.5 * _FINE)
    outlines, _ = cv2.findContours((fine > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    for outline in outlines:
        in_cells = (outline.astype(np.float32) + 0.5) / _FINE - 0.5
        corners = cv2.remap(places.astype(np.float32), in_cells, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cv2.fillPoly(mask, [np.round(corners[:, 0] * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    return mask


def _places(points: np.ndarray) -> np.ndarray:
    """float32 [40, 40, 2]: the middle of every cell in the frame. On one thread, what is kept for it too: NumPy's would spin for three
    times as long as it takes."""
    import torch

    known = np.ascontiguousarray(points[list(known_points()), :2].T, np.float32)
    with one_thread():
        places = torch.from_numpy(known) @ torch.from_numpy(_carry())
    return np.ascontiguousarray(places.numpy().T).reshape(CELLS, CELLS, 2)


@lru_cache(maxsize=1)
def _carry() -> np.ndarray:
    """float32 [n, 1600]: the middle of every cell as a weighted sum of the frame's landmarks (in this order a fifth of the time)."""
    import torch

    steps = ((np.arange(CELLS) + 0.5) / CELLS - 0.5) * _SPAN
    cells = np.stack(np.meshgrid(steps + _CENTRE[0], steps + _CENTRE[1]), -1).reshape(-1, 2)
    carry = torch.from_numpy(_basis(cells)) @ torch.from_numpy(_plate())
    return carry.T.to(torch.float32, memory_format=torch.contiguous_format).numpy()


@lru_cache(maxsize=1)
def _plate() -> np.ndarray:
    """float64 [n + 3, n]: from values at the mean face's points to the coefficients of the thin plate through them."""
    import torch

    at = mean_points(known_points())
    count = len(at)
    system = np.zeros((count + 3, count + 3))
    system[:count] = _basis(at)
    system[:count, :count] += _SMOOTHING * np.eye(count)
    system[count:, :count] = system[:count, count:].T
    return torch.linalg.inv(torch.from_numpy(system)).numpy()[:, :count]


def _basis(places: np.ndarray) -> np.ndarray:
    """float64 [m, n + 3]: r^2 log r^2 to every point of the mean face, 1, x, y."""
    squares = ((places[:, None] - mean_points(known_points())) ** 2).sum(-1)
    return np.hstack([squares * np.log(np.maximum(squares, 1e-12)), np.ones((len(places), 1)), places])


def _hull(numbers: tuple[int, ...]) -> np.ndarray:
    corners = ((mean_points(numbers) - _CENTRE) / _SPAN + 0.5) * CELLS - 0.5
    mask = np.zeros((CELLS, CELLS), np.uint8)
    hull = cv2.convexHull(corners.astype(np.float32))
    cv2.fillConvexPoly(mask, np.round(hull * 64).astype(np.int32), 255, shift=6)
    return mask
