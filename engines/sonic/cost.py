"""What a film by Sonic will cost.

Counted on the network's graph with one branch and a window of 25 frames in float16: 31.8 TFLOP at 512 x 512, 59.6 at 512 x 896, 80.0 at
768 x 768 (attention grows with the square), 3.5, 4.8 and 5.7 GB of activations at once (`bench/sonic.py --count`).
"""
from __future__ import annotations

import math

import torch

from ...models.sonic.vae import CHUNK
from ..cost import Cost, seconds_for
from .denoise import WINDOW

_BRANCHES = 3
_UNET_FLOPS = 7.017e9, 1.808e5  # for each position of the latents, and for each pair of them
_UNET_BYTES = 1.70e9, 0.433e6  # in float16: once, and for each position
UNET_VALUES = 1_575_741_162
_DECODER_FLOPS, _DECODER_BYTES = 7.43e8, 1.31e5  # for a position of a frame; bytes in float16
_FRAME_BYTES = 32, 140_000  # of latents for each position, of tokens


def cost(frames: int, size: tuple[int, int], steps: int, device: torch.device, dtype: torch.dtype, values: int = UNET_VALUES,
         shown: int = 0) -> Cost:
    """frames: 12.5 for a second. size: height, width of what is animated. values: of the UNet's weights. shown: frames of the film."""
    positions = size[0] * size[1] // 64
    size_of_network = values / UNET_VALUES
    flops = size_of_network * steps * window_flops(positions) * math.ceil(frames / WINDOW) + frames * _DECODER_FLOPS * positions
    weights = values * dtype.itemsize
    video = max(weights + size_of_network * activations(*size, dtype), CHUNK * _DECODER_BYTES * positions * dtype.itemsize // 2)
    memory = frames * (positions * _FRAME_BYTES[0] + _FRAME_BYTES[1]) + (weights if device.type != "cpu" else 0)
    return Cost(flops, seconds_for(flops, device, dtype), round(video), memory, 3 * size[0] * size[1] * shown)


def window_flops(positions: int) -> float:
    """Floating point operations of all branches for a window of 25 frames whose latents have so many positions."""
    return _BRANCHES * (_UNET_FLOPS[0] * positions + _UNET_FLOPS[1] * positions**2)


def activations(height: int, width: int, dtype: torch.dtype) -> int:
    """Bytes the UNet takes beside its weights while it runs."""
    return round((_UNET_BYTES[0] + _UNET_BYTES[1] * height * width / 64) * dtype.itemsize / 2)
