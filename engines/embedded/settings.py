"""Settings of the embedded engine, as the terminal and the canvas show them."""
from __future__ import annotations

from dataclasses import dataclass

from ..setting import setting


@dataclass(frozen=True)
class EmbeddedSettings:
    """The defaults are meant to be right; each field is a choice a user may want."""

    mouth: float = setting(1.0, "how far the mouth opens, 1 is the natural amount", low=0.3, high=1.5)
    head_motion: float = setting(1.0, "photos: how much head and chest move, 0 is not at all", low=0.0, high=2.0)
    blinks: float = setting(1.0, "photos: how often the eyes blink and glance, 0 is never", low=0.0, high=2.0)
    seed: int = setting(0, "photos: which of many natural motions; the same seed gives the same film", low=0, high=2**31 - 1)
