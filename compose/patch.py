"""What an engine makes: a patch for a frame, and where it belongs."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FacePatch:
    """index: number of the *output* frame. pixels: uint8 RGB [h, w, 3]. affine: float64 [2, 3] that takes patch coordinates to frame
    coordinates (pixel (0, 0) covers [0, 1) x [0, 1) in both; a patch that only has to be laid at (x, y) has [[1, 0, x], [0, 1, y]]
    with whole x, y and is never resampled). mask: uint8 [h, w], how much of the patch is seen, 0 (the frame stays as it
    is, bit for bit) to 255; None: a raw crop, for which `compose.dress` makes mask, colour, grain, fades and what stands in front.
    shown: of a raw crop, 0 to 1, how much of it is seen at all (less where an engine lets the frame's own mouth come through). layer:
    number of the set of patches it belongs to, where several persons of one film were given mouths (see `layers.Layer`)."""

    index: int
    pixels: np.ndarray
    affine: np.ndarray
    mask: np.ndarray | None = None
    shown: float = 1.0
    layer: int = 0
