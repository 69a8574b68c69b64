"""A stretch of another sound, louder or softer, some of its channels: computed piece by piece as it is read."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .mix import mixed, mono_weights
from .sound import Sound


class SoundPart:
    """A Sound (see `sound.Sound`) of samples first .. stop-1 of another one. Before its beginning and behind its end is silence."""

    path = None
    start = 0.0

    def __init__(self, sound: Sound, first: int = 0, stop: int | None = None, gain: float = 1.0, channel: int | None = None) -> None:
        """gain: factor. channel: the only one to be kept, None: all."""
        self._sound, self._first, self._gain, self._channel = sound, first, gain, channel
        self._stop = sound.n_samples if stop is None else stop
        self.rate = sound.rate
        self.channels = sound.channels if channel is None else 1
        self.n_samples = max(0, self._stop - first)

    @property
    def seconds(self) -> float:
        return self.n_samples / self.rate

    @property
    def content_key(self) -> str:
        return f"{self._sound.content_key} {self._first}:{self._stop} gain {self._gain:g} channel {self._channel}"

    def blocks(self, seconds: float = 10.0) -> Iterator[np.ndarray]:
        size = max(1, int(seconds * self.rate))
        yield from self._silence(min(0, self._stop) - self._first, size)
        at = 0
        for block in self._sound.blocks(seconds):
            piece = block[:, max(0, self._first - at) : max(0, self._stop - at)]
            at += block.shape[1]
            if piece.shape[1]:
                piece = piece if self._channel is None else piece[self._channel : self._channel + 1]
                yield piece if self._gain == 1 else piece * np.float32(self._gain)
            if at >= self._stop:
                return
        yield from self._silence(self._stop - max(at, self._first), size)

    def mono(self, rate: int = 16000, seconds: float = 10.0) -> Iterator[np.ndarray]:
        names = getattr(self._sound, "layout", None) if self._channel is None else None
        weights = mono_weights(names or [str(i) for i in range(self.channels)])
        yield from mixed(self.blocks(seconds), weights, self.rate, rate)

    def _silence(self, samples: int, size: int) -> Iterator[np.ndarray]:
        for at in range(0, samples, size):
            yield np.zeros((self.channels, min(size, samples - at)), np.float32)


def from_film_start(sound: Sound) -> Sound:
    """A film's sound from the film's first frame on: silence in front where it begins later, cut where it begins before. The sound itself
    where both begin within a sample, so that its packets can be copied."""
    shift = round(sound.start * sound.rate)
    return sound if shift == 0 else SoundPart(sound, -shift)
