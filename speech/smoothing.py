"""The symmetric Gaussian every driving curve is smoothed by. Never a causal filter: it would make the lips late."""
from __future__ import annotations

import numpy as np


def gaussian(curve: np.ndarray, sigma: float) -> np.ndarray:
    """The curve [n] smoothed by a Gaussian of `sigma` rows, cut off at three sigma, ends held; float32 [n]."""
    if len(curve) == 0:
        return np.zeros(0, np.float32)
    reach = max(1, round(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    return np.convolve(np.pad(np.asarray(curve, np.float64), reach, mode="edge"), kernel, "valid").astype(np.float32)
