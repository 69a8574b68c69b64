"""What a face looks like, in few numbers: enough to tell two people on the same set apart, no identification."""
from __future__ import annotations

import cv2
import numpy as np

from ..media.picture import Picture
from .region import Region, cut_out

_SIZE = 24


def look_of(picture: Picture, region: Region) -> np.ndarray:
    """float32 [24, 24, 3]: the turned square around a face in Lab colours, small, soft and without its mean brightness."""
    crop = cut_out(picture, region, 4 * _SIZE)
    lab = cv2.cvtColor(crop, cv2.COLOR_RGB2LAB).astype(np.float32)
    small = cv2.resize(cv2.GaussianBlur(lab, (0, 0), 3), (_SIZE, _SIZE), interpolation=cv2.INTER_AREA)
    small[..., 0] = (small[..., 0] - small[..., 0].mean()) / (small[..., 0].std() + 4) * 20
    return small


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """0 .. 1, how alike two looks are (1 is the same picture)."""
    distance = np.abs(one - other).mean()
    return float(np.exp(-distance / 12))
