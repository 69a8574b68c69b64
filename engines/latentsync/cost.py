"""What a film by LatentSync will cost.

Counted on the network's own graph (`bench/latentsync.py --count`): a chunk of 16 frames at 256 x 256 pixels, where attention within a
frame, the second number of each pair, grows with the square of the pixels.
"""
from __future__ import annotations

import torch

from ..cost import Cost, seconds_for
from .settings import LatentSyncSettings

VALUES = 1_267_944_644
"""Weights of the published UNet."""

_WHOLE = {True: (7.635e12, 0.2235e12), False: (3.913e12, 0.1225e12)}
_LIGHT = {True: (0.474e12, 0.0430e12), False: (0.2416e12, 0.0215e12)}
"""Floating point operations of a step, with guidance and without."""

_AUTOENCODER = 18.58e12, 0.10e12
_VAE_VALUES = 83_650_000
_ACTIVATIONS = 5000
"""Values alive at the widest place of the UNet for each position of the latents, both halves of guidance apart."""

_MEMORY = 300_000_000
"""Bytes of RAM that faces, features and Whisper take."""


def cost(n_chunks: int, settings: LatentSyncSettings, device: torch.device, dtype: torch.dtype, values: int = VALUES,
         disk: int = 0) -> Cost:
    """values: weights of the UNet, smaller in a stand-in. disk: bytes of the finished patches."""
    flops = n_chunks * chunk_flops(settings) * values / VALUES
    weights = dtype.itemsize * (values + _VAE_VALUES)
    video = weights + activations(settings, dtype, values)
    return Cost(flops, seconds_for(flops, device, dtype), video, _MEMORY + (weights if device.type != "cpu" else 0), disk)


def activations(settings: LatentSyncSettings, dtype: torch.dtype, values: int = VALUES) -> int:
    """Bytes the UNet takes beside its weights while it runs."""
    positions = 16 * (settings.resolution // 8) ** 2 * (2 if settings.guidance > 1 else 1)
    return round(dtype.itemsize * _ACTIVATIONS * positions * (values / VALUES) ** 0.5)


def chunk_flops(settings: LatentSyncSettings) -> float:
    """Floating point operations of a chunk with the published networks."""
    guided = settings.guidance > 1
    whole = -(-settings.steps // settings.whole_every)
    parts = ((whole, _WHOLE[guided]), (settings.steps - whole, _LIGHT[guided]), (1, _AUTOENCODER))
    pixels = (settings.resolution / 256) ** 2
    return sum(times * (plain * pixels + square * pixels**2) for times, (plain, square) in parts)
