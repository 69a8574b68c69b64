"""Where the points of the face mesh lie in a mean upright face."""
from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

STILL = (33, 263, 133, 362, 168, 6, 197, 195, 5, 4, 127, 356, 234, 454, 10, 9, 8, 151, 109, 338, 55, 285)
"""Points that speech does not move."""


@lru_cache(maxsize=16)
def mean_points(numbers: tuple[int, ...]) -> np.ndarray:
    """float64 [n, 2]: origin between the outer corners of the eyes, x to the picture's right, y down, unit one face height (forehead
    10 to chin 152). `known_points` says which numbers there are."""
    return np.array([_table()[number] for number in numbers], np.float64)


def known_points() -> tuple[int, ...]:
    """Numbers of the mesh points in the table: the lower face whole, and the still points above it."""
    return tuple(_table())


@lru_cache(maxsize=1)
def _table() -> dict[int, tuple[float, float]]:
    given = json.loads(Path(__file__).with_name("mean_face.json").read_text(encoding="utf-8"))
    return {int(number): tuple(place) for number, place in given["points"].items()}
