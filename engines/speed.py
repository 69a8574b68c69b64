"""How fast this machine's plain matrix products are, by which large networks' times are reckoned before they begin."""
from __future__ import annotations

import math
import time
from functools import lru_cache

import torch


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
