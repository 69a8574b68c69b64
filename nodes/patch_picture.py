"""A mouth as a person likes to see it while it is made."""
from __future__ import annotations

import cv2
import numpy as np

from ..compose.patch import FacePatch

_REACH = 0.12  # of the longer side: how softly colours run on beyond the mask
_COARSE = 4  # pixels in one, where colours run on


def patch_picture(patch: FacePatch) -> np.ndarray:
    """uint8 RGB [h, w, 3]: the patch, its colours running on softly where its mask shows nothing."""
    if patch.mask is None or patch.mask.all():
        return patch.pixels
    shown = patch.mask.astype(np.float32)[..., None] / 255
    size, small = patch.mask.shape[::-1], tuple(max(1, length // _COARSE) for length in patch.mask.shape[::-1])
    reach = _REACH * max(small)
    colours = cv2.GaussianBlur(cv2.resize(patch.pixels * shown, small, interpolation=cv2.INTER_AREA), (0, 0), reach)
    amount = cv2.GaussianBlur(cv2.resize(shown, small, interpolation=cv2.INTER_AREA), (0, 0), reach)[..., None]
    around = cv2.resize(colours / np.maximum(amount, 1e-3), size, interpolation=cv2.INTER_LINEAR)
    return np.clip(patch.pixels * shown + around * (1 - shown), 0, 255).astype(np.uint8)
