"""Settings of the embedded engine, as the terminal and the canvas show them."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EmbeddedSettings:
    """The defaults are meant to be right; each field is a choice a user may want."""

    mouth: float = 1.0
    """How far the mouth opens, 0.3 .. 1.5 of the natural amount."""
    head_motion: float = 1.0
    """Photos: how much head and chest move, 0 (not at all) .. 2."""
    blinks: float = 1.0
    """Photos: how often the eyes blink and glance, 0 (never) .. 2."""
    seed: int = 0
    """Photos: which of the many natural motions it is. The same seed gives the same film."""
