"""Which part of the square face LatentSync paints anew: the published fixed mask, the lower face with a notch that keeps the nose."""
from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

_SIDE = 256
_NOTCH_ROWS = range(95, 128)
_CHEEKS = slice(9, 78), slice(178, 247)
"""Columns beside the nose that are painted in the rows of the notch."""


@lru_cache(maxsize=4)
def face_mask(resolution: int) -> np.ndarray:
    """float32 [R, R]: 1 where the face is kept, 0 where it is painted anew; hard at 256, its edge a pixel wide elsewhere. Read-only."""
    mask = np.full((_SIDE, _SIDE), 255, np.uint8)
    for cheek in _CHEEKS:
        mask[_NOTCH_ROWS.start:_NOTCH_ROWS.stop, cheek] = 0
    below = json.loads(Path(__file__).with_name("mask_rows.json").read_text(encoding="utf-8"))
    for row, (left, right) in enumerate(zip(below["left"], below["right"], strict=True), below["first_row"]):
        mask[row, left:right + 1] = 0
    if resolution != _SIDE:
        mask = cv2.resize(mask, (resolution, resolution), interpolation=cv2.INTER_LANCZOS4)
    made = mask.astype(np.float32) / 255
    made.flags.writeable = False
    return made


def latent_mask(resolution: int) -> np.ndarray:
    """float32 [R / 8, R / 8]: the same as the denoiser sees it."""
    return face_mask(resolution)[::8, ::8].copy()


@lru_cache(maxsize=4)
def painted_share(resolution: int) -> np.ndarray:
    """float32 [R, R]: 1 where the face was painted anew, fading to 0 inside its edge over a twentieth of the face. Read-only."""
    painted = 1 - face_mask(resolution)
    width = max(1, resolution // 40)
    inner = cv2.erode(painted, np.ones((2 * width + 1, 2 * width + 1), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    made = cv2.GaussianBlur(inner, (2 * width + 1, 2 * width + 1), 0) * painted
    made.flags.writeable = False
    return made
