"""A finished face as a patch for the film."""
from __future__ import annotations

import numpy as np
from torch import Tensor

from ...compose.cut import inverse, shifted
from ...compose.patch import FacePatch
from .alignment import crop_size
from .crop import restored
from .mask import painted_share


def patch_of(index: int, face: Tensor, affine: np.ndarray, size: tuple[int, int], paste: str) -> FacePatch:
    """face: float32 [3, R, R], -1 .. 1. affine: from picture to crop, counting from pixels' middles. size: width, height of the picture.
    paste: see `LatentSyncSettings.paste`."""
    if paste == "dressed":
        pixels = ((face.clamp(-1, 1) + 1) * 127.5 + 0.5).byte().permute(1, 2, 0).numpy()
        return FacePatch(index, pixels, from_square(affine, face.shape[-1]))
    made = restored(face, affine, size, painted_share(face.shape[-1]) if paste == "mouth" else None)
    if made is None:
        return FacePatch(index, np.zeros((1, 1, 3), np.uint8), np.array([[1.0, 0, 0], [0, 1, 0]]), np.zeros((1, 1), np.uint8))
    place = np.array([[1, 0, made.box[0]], [0, 1, made.box[1]]], np.float64)
    return FacePatch(index, np.uint8(made.pixels + 0.5), place, np.uint8(made.share * 255 + 0.5))


def from_square(affine: np.ndarray, resolution: int) -> np.ndarray:
    """float64 [2, 3] from the square face to the picture, both counting from pixels' corners."""
    width, height = crop_size(resolution)
    to_picture = shifted(inverse(np.asarray(affine, np.float64)), 0.5, 0.5)
    to_picture = np.column_stack([to_picture[:, :2], to_picture[:, 2] - to_picture[:, :2] @ (0.5, 0.5)])
    return to_picture * np.array([width / resolution, height / resolution, 1])
