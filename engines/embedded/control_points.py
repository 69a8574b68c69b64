"""The landmarks that steer the bending of a face, and how each of them moves when a mouth opens or spreads."""
from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

OUTER_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
# Points that a moving mouth leaves where they are: eyes, nose, temples, forehead.
STILL = (33, 263, 133, 362, 168, 6, 197, 195, 5, 4, 127, 356, 234, 454, 10, 9, 8, 151, 109, 338, 55, 285)
# Points on neck and ground outside the jaw: pushed out of the face, away from the nose tip (4), by so many face heights. The bending
# ends at the first nine.
HALO_OF = (152, 148, 377, 149, 378, 136, 365, 172, 397, 152, 150, 379)
HALO_BY = (0.16, 0.16, 0.16, 0.15, 0.15, 0.13, 0.13, 0.12, 0.12, 0.30, 0.30, 0.30)
HALO_RIM = 9
# The table's weights to this power: cheeks and jaw that stay with a frame whose own mouth is wide, or shut, belie the new one. Lips read
# again in a film of a shaking camera followed the wish at 0.738 with the table's own weights, at 0.763 with their root, at 0.778 with this.
_FOLLOWING = 0.25


@dataclass(frozen=True)
class ControlPoints:
    """points: int [135], landmark numbers. weight: float64 [135], how much of a source's shape the point takes (0: it stays on the
    base; lips and chin 1). slow: bool [135], jaw, chin and lower cheeks, which are smoothed in time. opening, width: float64 [135, 3],
    shift in face heights per unit of |13-14|/|10-152| and of |61-291|/|33-263|, in the upright frame of `canonical_face`: the median of
    eight people's least-squares fits."""

    points: np.ndarray
    weight: np.ndarray
    slow: np.ndarray
    opening: np.ndarray
    width: np.ndarray


@lru_cache(maxsize=1)
def control_points() -> ControlPoints:
    """The table of `mouth_basis.json`."""
    with Path(__file__).with_name("mouth_basis.json").open(encoding="utf-8") as file:
        stored = json.load(file)["points"]
    rows = np.array([stored[name] for name in stored], np.float64)
    return ControlPoints(np.array([int(name) for name in stored]), rows[:, 0] ** _FOLLOWING, rows[:, 1] > 0, rows[:, 2:5], rows[:, 5:8])
