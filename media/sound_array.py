"""Sound that is in memory already, such as a voice just made."""
from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from .content_key import key_of_samples
from .mix import mixed, mono_weights


class SoundArray:
    """A Sound (see `sound.Sound`) over float32 [channels, n]; NaN and infinity become 0."""

    path = None
    start = 0.0

    def __init__(self, samples: np.ndarray, rate: int):
        samples = np.atleast_2d(np.asarray(samples, np.float32))
        if samples.ndim != 2:
            raise ValueError(f"samples must be [channels, n], not {samples.shape}")
        finite = np.isfinite(samples)
        self._samples = samples if finite.all() else np.where(finite, samples, np.float32(0))
        self.rate = int(rate)
        self.channels, self.n_samples = self._samples.shape

    @property
    def seconds(self) -> float:
        return self.n_samples / self.rate

    @cached_property
    def content_key(self) -> str:
        return key_of_samples(self._samples, self.rate)

    def blocks(self, seconds: float = 10.0) -> Iterator[np.ndarray]:
        size = max(1, int(seconds * self.rate))
        for at in range(0, self.n_samples, size):
            yield self._samples[:, at : at + size]

    def mono(self, rate: int = 16000, seconds: float = 10.0) -> Iterator[np.ndarray]:
        names = {6: ["FL", "FR", "FC", "LFE", "BL", "BR"], 8: ["FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"]}
        weights = mono_weights(names.get(self.channels, [str(i) for i in range(self.channels)]))
        yield from mixed(self.blocks(seconds), weights, self.rate, rate)
