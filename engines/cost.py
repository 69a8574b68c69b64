"""What a film by a large network will cost, reckoned before anything starts: its operations are counted, the device's speed is tried."""
from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import lru_cache

import torch

_IN_USE = 0.4
"""Share of the speed of plain matrix products that a whole network reaches."""


@dataclass(frozen=True)
class Cost:
    """flops: of the film. seconds: about how long it takes. video_memory: most bytes on the device. memory: bytes of RAM beside them.
    disk: most bytes of the finished patches."""

    flops: float
    seconds: float
    video_memory: int
    memory: int
    disk: int

    def __str__(self) -> str:
        return f"about {in_words(self.seconds)}, {self.video_memory / 1e9:.1f} GB on the device"


def seconds_for(flops: float, device: torch.device, dtype: torch.dtype) -> float:
    """About how long so many floating point operations of a network take there."""
    return flops / (_IN_USE * speed(device, dtype))


@lru_cache(maxsize=8)
def speed(device: torch.device, dtype: torch.dtype) -> float:
    """Floating point operations a second of plain matrix products, tried for a moment."""
    side = 1024 if device.type == "cpu" else 4096
    one = torch.ones(side, side, device=device, dtype=dtype)
    best = math.inf
    for _ in range(3):
        started = time.perf_counter()
        (one @ one)[0, 0].item()
        best = min(best, time.perf_counter() - started)
    return 2 * side**3 / best


def in_words(seconds: float) -> str:
    """"75 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
