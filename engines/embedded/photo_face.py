"""The face of a photo, cut out whole: its pixels, its landmarks and the axes of its mouth."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

UPPER_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
UPPER_OUTER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LOWER_OUTER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
CHEEKS = (205, 425, 50, 280)
TOP, CHIN = 10, 152
SMALLEST_FACE = 12.0
"""Pixels from point 10 to point 152 below which nothing on a mouth can be seen."""


@dataclass(frozen=True)
class PhotoFace:
    """pixels: uint8 RGB [h, w, 3], the crop. x, y: where its first pixel lies in the photo. points: float64 [468, 3] landmarks in the
    crop, here with the *centre* of pixel (0, 0) at 0, 0 (as `cv2.remap` counts).

    Two unit vectors span the mouth: `right` along the lips (61 -> 291) and `down` the face (10 -> 152); they need not stand
    square on a turned head. A place is (a, t): pixels along and down from the middle of the lips. `height` = |10-152|."""

    pixels: np.ndarray
    x: int
    y: int
    points: np.ndarray

    @cached_property
    def flat(self) -> np.ndarray:
        return self.points[:, :2]

    @cached_property
    def height(self) -> float:
        return float(np.linalg.norm(self.flat[CHIN] - self.flat[TOP]))

    @cached_property
    def centre(self) -> np.ndarray:
        return (self.flat[TOP] + self.flat[CHIN]) / 2

    @cached_property
    def origin(self) -> np.ndarray:
        return (self.flat[13] + self.flat[14]) / 2

    @cached_property
    def down(self) -> np.ndarray:
        return (self.flat[CHIN] - self.flat[TOP]) / self.height

    @cached_property
    def right(self) -> np.ndarray:
        return (self.flat[291] - self.flat[61]) / np.linalg.norm(self.flat[291] - self.flat[61])

    @cached_property
    def _inverse(self) -> np.ndarray:
        return np.linalg.inv(np.stack([self.right, self.down], 1))

    @cached_property
    def outer(self) -> tuple[float, float]:
        """a of the outer corners of the mouth: left (negative), right."""
        a = self.along(self.flat[[61, 291]])[:, 0]
        return float(a[0]), float(a[1])

    @cached_property
    def inner(self) -> tuple[float, float]:
        """a of the inner corners of the mouth: left (negative), right."""
        a = self.along(self.flat[[78, 308]])[:, 0]
        return float(a[0]), float(a[1])

    @property
    def half_width(self) -> float:
        return (self.outer[1] - self.outer[0]) / 2

    def along(self, places: np.ndarray) -> np.ndarray:
        """(a, t) [..., 2] of places [..., 2] in crop pixels."""
        return (places - self.origin) @ self._inverse.T

    def place(self, a: np.ndarray, t: np.ndarray) -> np.ndarray:
        """Crop pixels [..., 2] of a, t."""
        return self.origin + np.asarray(a)[..., None] * self.right + np.asarray(t)[..., None] * self.down

    def mouth_units(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """u: a over the distance of the outer corner on that side (+-1 at the corners). v: t over the face's height."""
        at = self.along(places)
        return at[..., 0] / np.where(at[..., 0] < 0, -self.outer[0], self.outer[1]), at[..., 1] / self.height


def cut_face(photo: np.ndarray, landmarks: np.ndarray) -> PhotoFace | None:
    """The crop around one face of a photo, at the photo's own resolution.

    photo: uint8 RGB [H, W, 3]. landmarks: [468, 3], pixel (0, 0) covering [0, 1) x [0, 1). The crop is a square of half side |10-152|
    round the middle of these two points, cut at the photo's border. None where there is no face to move: landmarks that are not finite,
    a face below SMALLEST_FACE, a mouth outside the photo, or a head seen so much from the side that its mouth has no width."""
    if not np.isfinite(landmarks).all():
        return None
    points = np.asarray(landmarks, np.float64).copy()
    height, width = photo.shape[:2]
    reach = float(np.linalg.norm(points[TOP, :2] - points[CHIN, :2]))
    middle = (points[TOP, :2] + points[CHIN, :2]) / 2
    low = np.maximum(np.floor(middle - reach), 0).astype(int)
    high = np.minimum(np.ceil(middle + reach), [width, height]).astype(int)
    if reach < SMALLEST_FACE or (high - low < SMALLEST_FACE).any():
        return None
    points[:, :2] -= low + 0.5
    face = PhotoFace(np.ascontiguousarray(photo[low[1]:high[1], low[0]:high[0]]), int(low[0]), int(low[1]), points)
    corners = face.flat[[61, 291, 13, 14]]
    inside = ((corners >= 1) & (corners < high - low - 1)).all()
    across = np.linalg.norm(face.flat[291] - face.flat[61])
    steep = abs(float(face.right @ face.down)) > 0.8 if across > 0 else True
    if not inside or across < 0.06 * reach or steep or face.outer[0] >= -1 or face.outer[1] <= 1:
        return None
    return face
