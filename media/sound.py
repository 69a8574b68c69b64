"""Sound as a lazy source: probe facts and blocks of samples, from a file or from memory."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np


class Sound(Protocol):
    """rate: samples a second (8000 .. 192000). channels: 1 .. 8. n_samples: exact, per channel. path: the file, or None when the
    samples are in memory. `seconds` = n_samples / rate."""

    rate: int
    channels: int
    n_samples: int
    path: Path | None

    @property
    def seconds(self) -> float: ...

    @property
    def content_key(self) -> str: ...

    def blocks(self, seconds: float = 10.0) -> Iterator[np.ndarray]:
        """float32 [channels, n] pieces in order, in the sound's own rate; NaN and infinity read as 0."""

    def mono(self, rate: int = 16000, seconds: float = 10.0) -> Iterator[np.ndarray]:
        """float32 [n] pieces, mixed to one channel and resampled (soxr, stateful, no seam between pieces)."""
