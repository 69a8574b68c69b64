"""Noise that belongs to the film: the same for the same seed whatever chunk a frame is in, on every machine."""
from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

_CHANNELS = 4


def film_noise(seed: int, side: int) -> Tensor:
    """float32 [4, side, side], from which every frame of the film begins, as published."""
    return _normal((seed, 0), (_CHANNELS, side, side))


def frame_noise(seed: int, index: int, side: int) -> tuple[Tensor, Tensor]:
    """float32 [4, side, side] twice: of the autoencoder's samples of output frame `index`, masked and whole."""
    masked, whole = _normal((seed, 1 + index), (2, _CHANNELS, side, side))
    return masked, whole


def _normal(seed: tuple[int, int], shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape, np.float32))
