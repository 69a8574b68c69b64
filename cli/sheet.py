"""Twelve frames of a film as one picture, caught while the film goes by."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from ..media.contact_sheet import contact_sheet
from ..media.film import Frame
from ..media.picture_files import write_picture

FRAMES = 12


class SheetTap:
    """Call it with every finished frame of a film of `n_frames`; it keeps twelve of them, evenly spread and small."""

    def __init__(self, n_frames: int, width: int = 320) -> None:
        self._wanted = set(np.linspace(0, n_frames - 1, min(FRAMES, n_frames)).round().astype(int).tolist())
        self._width = width
        self._pictures: list[np.ndarray] = []
        self._labels: list[str] = []

    def __call__(self, frame: Frame) -> None:
        if frame.index not in self._wanted:
            return
        import cv2

        pixels = frame.picture.rgb()
        height = max(1, round(pixels.shape[0] * self._width / pixels.shape[1]))
        self._pictures.append(cv2.resize(pixels, (self._width, height), interpolation=cv2.INTER_AREA))
        self._labels.append(f"frame {frame.index}")

    def write(self, path: Path) -> None:
        """Write the sheet as .jpg or .png. Raises OutputError."""
        write_picture(path, contact_sheet(self._pictures, self._labels, columns=4, width=4 * self._width))
