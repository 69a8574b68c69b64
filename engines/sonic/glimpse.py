"""What the film looks like while it is denoised: a picture straight from the latents, in no time and without the decoder.

Latents are nearly linear in colours; how, is fitted to the portrait, of which both are known."""
from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor


class Glimpse:
    """pixels: uint8 RGB [H, W, 3] of the portrait. latents: float32 [4, H / 8, W / 8] of it, not scaled."""

    def __init__(self, pixels: np.ndarray, latents: Tensor) -> None:
        self._size = pixels.shape[1::-1]
        small = cv2.resize(pixels, tuple(latents.shape[:0:-1]), interpolation=cv2.INTER_AREA)
        self._colours = np.linalg.lstsq(_with_one(latents), small.reshape(-1, 3).astype(np.float64), rcond=None)[0]

    def picture(self, latents: Tensor) -> np.ndarray:
        """uint8 RGB [H, W, 3] of latents [4, H / 8, W / 8], not scaled, of one frame."""
        colours = (_with_one(latents) @ self._colours).clip(0, 255).astype(np.uint8)
        return cv2.resize(colours.reshape(*latents.shape[1:], 3), self._size, interpolation=cv2.INTER_CUBIC)


def _with_one(latents: Tensor) -> np.ndarray:
    """float64 [h * w, 5]."""
    flat = latents.flatten(1).T.double()
    return torch.cat([flat, torch.ones(len(flat), 1, dtype=flat.dtype)], 1).numpy()
