"""The linear map from log-mel rows to the mouth: the driver for any sound when nothing better is there."""
from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from .log_mel import BANDS
from .smoothing import gaussian

SMOOTH_ROWS = 3.0


def predict_mouth(log_mel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Opening and width, float32 [n] each, from log-mel rows [n, 24], smoothed by a Gaussian of 30 ms.

    opening: about 0.08 shut .. 0.68 wide on the scale of the viseme table. width: -1 rounded .. +1 spread, a weak witness. Fitted by
    ridge regression on synthetic speech with known phoneme times; constants and check values in mouth_ridge.json."""
    raw = (linear_map(log_mel, weights, bias) for weights, bias in (_constants()["opening"], _constants()["width"]))
    opening, width = (gaussian(curve, SMOOTH_ROWS) for curve in raw)
    return opening, width


def linear_map(log_mel: np.ndarray, weights: np.ndarray, bias: float) -> np.ndarray:
    """float32 [n]: bias + the rows at each of the five moments times their weights [5, 24]; the ends are held."""
    rows = np.arange(len(log_mel))
    out = np.full(len(log_mel), bias, np.float64)
    for ahead, weight in zip(moments(), weights, strict=True):
        out += (log_mel @ weight.astype(np.float32))[np.clip(rows + ahead, 0, max(len(log_mel) - 1, 0))]
    return out.astype(np.float32)


def ridge_weights(curve: str) -> np.ndarray:
    """float64 [120]: the map's weights for "opening" or "width", moment after moment."""
    return _constants()[curve][0].ravel()


def moments() -> tuple[int, ...]:
    """The five moments the map looks at, in rows from the present."""
    return _constants()["moments"]


@lru_cache(maxsize=1)
def _constants() -> dict:
    with Path(__file__).with_name("mouth_ridge.json").open(encoding="utf-8") as file:
        stored = json.load(file)
    shape = (len(stored["moments_s"]), BANDS)
    read = {name: (np.array(stored[name]["weights"]).reshape(shape), stored[name]["bias"]) for name in ("opening", "width")}
    return read | {"moments": tuple(round(seconds * 100) for seconds in stored["moments_s"])}
