"""Pixels in the film's own format, so that what no mask touches stays bit-identical to the decoded source."""
from __future__ import annotations

from typing import Protocol

import numpy as np


class Picture(Protocol):
    """One upright picture in its native pixel format (planar YUV 8 to 12 bit with or without alpha, or RGB)."""

    width: int
    height: int

    def rgb(self, box: tuple[int, int, int, int] | None = None) -> np.ndarray:
        """uint8 RGB [h, w, 3] of the picture, or of box x0, y0, x1, y1 (whole pixels, inside the picture)."""

    def pasted(self, pixels: np.ndarray, mask: np.ndarray, x: int, y: int) -> "Picture":
        """A copy with `pixels` (uint8 RGB [h, w, 3]) laid at (x, y) through `mask` (uint8 [h, w]); parts outside the picture are
        dropped. Every sample under mask 0, and every chroma sample that covers a pixel under mask 0, keeps its bits."""
