"""Sound as a lazy source: probe facts and blocks of samples, from a file or from memory."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from ..host.errors import InputError


class Sound(Protocol):
    """rate: samples a second (8000 .. 192000). channels: 1 .. 8. n_samples: exact, per channel. path: the file, or None when the
    samples are in memory. `seconds` = n_samples / rate. start: seconds by which the first sample comes after the first frame of
    the same file's film (negative: before it); 0 for sound alone."""

    rate: int
    channels: int
    n_samples: int
    path: Path | None
    start: float

    @property
    def seconds(self) -> float: ...

    @property
    def content_key(self) -> str: ...

    def blocks(self, seconds: float = 10.0) -> Iterator[np.ndarray]:
        """float32 [channels, n] pieces in order, in the sound's own rate; NaN and infinity read as 0."""

    def mono(self, rate: int = 16000, seconds: float = 10.0) -> Iterator[np.ndarray]:
        """float32 [n] pieces, mixed to one channel and resampled (soxr, stateful, no seam between pieces)."""


def require_samples(sound: Sound) -> None:
    """Raises InputError if the sound holds no sample."""
    if sound.n_samples == 0:
        name = f"'{sound.path.name}'" if sound.path else "The sound"
        raise InputError(f"{name} holds no sound (0 samples): record or export it again.")
