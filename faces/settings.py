"""Settings of face tracking, as the terminal and the canvas show them."""
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

RULES = ("largest", "centre", "by size", "left to right", "point", "mask")


@dataclass(frozen=True)
class FaceChoice:
    """Whose mouth shall speak where several faces are seen. The choice is made at the start of a shot; then the same face is kept.

    rule: "largest"; "centre" (nearest to the middle of the picture); "by size" (number `index`, 0 the largest); "left to right"
    (number `index`, 0 the leftmost); "point" (nearest to `point`, x and y in pixels); "mask" (the largest of those whose centre
    lies inside `mask`, bool [H, W])."""

    rule: str = "largest"
    index: int = 0
    point: tuple[float, float] | None = None
    mask: np.ndarray | None = field(default=None, compare=False)


@dataclass(frozen=True)
class TrackSettings:
    """The defaults are meant to be right."""

    choice: FaceChoice = field(default_factory=FaceChoice)
    smoothing: float = 1.0
    """How strongly landmarks are smoothed over time, 0 (not at all) .. 2. It never delays them."""
    bridge: int = 5
    """Gaps of up to so many frames, in which the face was lost for a moment at the same place, are filled by interpolation."""
