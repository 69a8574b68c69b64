"""What a film will cost, reckoned before anything starts.

Counted on the network's graph with one branch and a window of 25 frames in float16: 31.8 TFLOP at 512 x 512, 59.6 at 512 x 896, 80.0 at
768 x 768 (attention grows with the square), 3.5, 4.8 and 5.7 GB of activations at once (`bench/sonic.py --count`).
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from ...models.sonic.vae import CHUNK
from ..speed import in_words, speed
from .denoise import WINDOW

_BRANCHES = 3
_UNET_FLOPS = 7.017e9, 1.808e5  # for each position of the latents, and for each pair of them
_UNET_BYTES = 1.70e9, 0.433e6  # in float16: once, and for each position
UNET_VALUES = 1_575_741_162
_DECODER_FLOPS, _DECODER_BYTES = 7.43e8, 1.31e5  # for a position of a frame; bytes in float16
_IN_USE = 0.4
"""Share of the speed of plain matrix products that the whole network reaches."""


@dataclass(frozen=True)
class Cost:
    """flops: of the film. seconds: about how long it takes. video_memory: most bytes on the device. memory: bytes of RAM beside them."""

    flops: float
    seconds: float
    video_memory: int
    memory: int

    def __str__(self) -> str:
        return f"about {in_words(self.seconds)}, {self.video_memory / 1e9:.1f} GB on the device"


def cost(frames: int, size: tuple[int, int], steps: int, device: torch.device, dtype: torch.dtype,
         values: int = UNET_VALUES) -> Cost:
    """frames: 12.5 for a second. size: height, width of what is animated. values: of the UNet's weights."""
    positions = size[0] * size[1] // 64
    size_of_network = values / UNET_VALUES
    flops = size_of_network * steps * window_flops(positions) * math.ceil(frames / WINDOW) + frames * _DECODER_FLOPS * positions
    weights = values * dtype.itemsize
    video = max(weights + size_of_network * activations(*size, dtype), CHUNK * _DECODER_BYTES * positions * dtype.itemsize // 2)
    memory = weights + frames * (positions * 32 + 140_000)
    return Cost(flops, flops / (_IN_USE * speed(device, dtype)), round(video), memory)


def window_flops(positions: int) -> float:
    """Floating point operations of all branches for a window of 25 frames whose latents have so many positions."""
    return _BRANCHES * (_UNET_FLOPS[0] * positions + _UNET_FLOPS[1] * positions**2)


def activations(height: int, width: int, dtype: torch.dtype) -> int:
    """Bytes the UNet takes beside its weights while it runs."""
    return round((_UNET_BYTES[0] + _UNET_BYTES[1] * height * width / 64) * dtype.itemsize / 2)
