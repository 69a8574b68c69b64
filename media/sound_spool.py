"""Sound that grows on disk and is read from there, so that an hour of it needs no hour of memory."""
from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator

import numpy as np

from .mix import mixed


class SoundSpool:
    """A Sound (see `sound.Sound`) of one channel: `append` samples, then read. Its file has no name and goes with the object."""

    path = None
    start = 0.0
    channels = 1

    def __init__(self, rate: int) -> None:
        self.rate, self.n_samples = rate, 0
        self._file = tempfile.TemporaryFile(prefix="talking-avatar-sound-", buffering=0)  # noqa: SIM115 (lives as long as this object)
        self._digest, self._lock = hashlib.blake2b(f"{rate} mono".encode(), digest_size=20), threading.Lock()

    def append(self, samples: np.ndarray) -> None:
        """float32 [n], finite, behind what is there."""
        data = np.ascontiguousarray(samples, np.float32).tobytes()
        with self._lock:
            self._file.seek(0, os.SEEK_END)
            self._file.write(data)
        self._digest.update(data)
        self.n_samples += len(samples)

    @property
    def seconds(self) -> float:
        return self.n_samples / self.rate

    @property
    def content_key(self) -> str:
        return self._digest.hexdigest()

    def blocks(self, seconds: float = 10.0) -> Iterator[np.ndarray]:
        size = max(1, int(seconds * self.rate))
        for at in range(0, self.n_samples, size):
            with self._lock:
                self._file.seek(4 * at)
                data = self._file.read(4 * min(size, self.n_samples - at))
            yield np.frombuffer(data, np.float32)[None].copy()

    def mono(self, rate: int = 16000, seconds: float = 10.0) -> Iterator[np.ndarray]:
        yield from mixed(self.blocks(seconds), np.ones(1, np.float32), self.rate, rate)
