"""How numbers become colours: matrix, range and the tags a file carries, after ITU-T H.273 (the code points FFmpeg uses too)."""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

RGB, BT709, UNSAID, FCC, BT470BG, BT601, SMPTE240, BT2020, BT2020_CONSTANT = 0, 1, 2, 4, 5, 6, 7, 9, 10
SRGB_TRANSFER = 13
# Kr and Kb of each matrix, H.273 table 4. Constant-luminance BT.2020 is read as the common one, as players do.
_LUMA_WEIGHTS = {
    BT709: (0.2126, 0.0722),
    FCC: (0.30, 0.11),
    BT470BG: (0.299, 0.114),
    BT601: (0.299, 0.114),
    SMPTE240: (0.212, 0.087),
    BT2020: (0.2627, 0.0593),
    BT2020_CONSTANT: (0.2627, 0.0593),
}


@dataclass(frozen=True)
class Colour:
    """matrix, primaries, transfer: H.273 code points (matrix is never "unspecified" (2), the other two may be; 0 is RGB).
    full_range: black is 0 and white the largest number, not 16 and 235 (times 2 to the depth less 8). chroma_site: where a chroma
    sample sits across and down inside the pixels it stands for, 0 on the first, 1 on the last, 0.5 half way."""

    matrix: int
    full_range: bool
    primaries: int = UNSAID
    transfer: int = UNSAID
    chroma_site: tuple[float, float] = (0.0, 0.5)


SRGB = Colour(RGB, True, BT709, SRGB_TRANSFER, (0.0, 0.0))


def matrix_or_default(matrix: int, height: int) -> int:
    """The matrix said, or what players take where none is said: BT.601 below 720 lines, else BT.709."""
    if matrix in _LUMA_WEIGHTS:
        return matrix
    return BT601 if height < 720 else BT709


@lru_cache(maxsize=32)
def yuv_from_rgb(colour: Colour, depth: int) -> np.ndarray:
    """float64 [3, 4]: takes R, G, B, 1 (0 .. 255) to Y, Cb, Cr of `depth` bits; not to be written to. H.273, equations 30 to 38."""
    kr, kb = _LUMA_WEIGHTS[colour.matrix]
    luma = np.array([kr, 1 - kr - kb, kb])
    blue = (np.array([0, 0, 1]) - luma) / (2 * (1 - kb))
    red = (np.array([1, 0, 0]) - luma) / (2 * (1 - kr))
    if colour.full_range:
        luma_span = chroma_span = 2**depth - 1
        black = 0
    else:
        unit = 2 ** (depth - 8)
        luma_span, chroma_span, black = 219 * unit, 224 * unit, 16 * unit
    grey = 2 ** (depth - 1)
    rows = np.stack([luma * luma_span, blue * chroma_span, red * chroma_span]) / 255
    return np.column_stack([rows, [black, grey, grey]])


@lru_cache(maxsize=32)
def rgb_from_yuv(colour: Colour, depth: int) -> np.ndarray:
    """float64 [3, 4]: takes Y, Cb, Cr, 1 of `depth` bits to R, G, B (0 .. 255); not to be written to."""
    forward = yuv_from_rgb(colour, depth)
    back = np.linalg.inv(forward[:, :3])
    return np.column_stack([back, -back @ forward[:, 3]])
