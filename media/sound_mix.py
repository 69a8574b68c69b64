"""Several sounds heard at once, mixed while they are read."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import blake2b

import numpy as np
import soxr

from .mix import in_blocks, mixed, mono_weights
from .sound import Sound


class SoundMix:
    """A Sound (see `sound.Sound`) as long as the longest of `sounds`, at the highest of their rates: their sum, held within -1 .. 1. Stereo
    where one of them is; what has more channels is heard in the middle."""

    path = None
    start = 0.0

    def __init__(self, sounds: Sequence[Sound]) -> None:
        self._sounds = list(sounds)
        self.rate = max(sound.rate for sound in sounds)
        self.channels = 2 if any(sound.channels == 2 for sound in sounds) else 1
        self.n_samples = max((2 * sound.n_samples * self.rate + sound.rate) // (2 * sound.rate) for sound in sounds)

    @property
    def seconds(self) -> float:
        return self.n_samples / self.rate

    @cached_property
    def content_key(self) -> str:
        return blake2b(repr([sound.content_key for sound in self._sounds]).encode(), digest_size=20).hexdigest()

    def blocks(self, seconds: float = 10.0) -> Iterator[np.ndarray]:
        size = max(1, int(seconds * self.rate))
        rows = [in_blocks(self._pieces(sound, seconds), size) for sound in self._sounds]
        for at in range(0, self.n_samples, size):
            total = np.zeros((self.channels, min(size, self.n_samples - at)), np.float32)
            for row in rows:
                piece = next(row, None)
                if piece is not None:
                    length = min(piece.shape[1], total.shape[1])
                    total[:, :length] += piece[:, :length]
            yield np.clip(total, -1, 1)

    def mono(self, rate: int = 16000, seconds: float = 10.0) -> Iterator[np.ndarray]:
        yield from mixed(self.blocks(seconds), mono_weights(["FL", "FR"][:self.channels]), self.rate, rate)

    def _pieces(self, sound: Sound, seconds: float) -> Iterator[np.ndarray]:
        """float32 [self.channels, n] pieces at the mix's rate."""
        if self.channels == 1 or sound.channels != 2:
            for piece in sound.mono(self.rate, seconds):
                yield np.repeat(piece[None], self.channels, 0)
        elif sound.rate == self.rate:
            yield from sound.blocks(seconds)
        else:
            stream = soxr.ResampleStream(sound.rate, self.rate, 2, dtype="float32")
            for block in sound.blocks(seconds):
                yield stream.resample_chunk(np.ascontiguousarray(block.T)).T
            yield stream.resample_chunk(np.zeros((0, 2), np.float32), last=True).T
