"""Thin plate splines: a smooth field from points that are known to move."""
from __future__ import annotations

import numpy as np

from ...host.device import one_thread

_SMOOTHING = 2e-3


def thin_plate(at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Coefficients [n + 3, k] of the field that has nearly `values` [n, k] at the points `at` [n, 2], which are in units of about the
    size of the whole (r^2 log r^2, F. L. Bookstein 1989, with 2e-3 added to the diagonal)."""
    n, at = len(at), at.astype(np.float32)
    system = np.zeros((n + 3, n + 3), np.float32)
    system[:n, :n] = _kernel(at, at)
    system[range(n), range(n)] += _SMOOTHING
    system[:n, n] = system[n, :n] = 1
    system[:n, n + 1:] = at
    system[n + 1:, :n] = at.T
    right = np.zeros((n + 3, values.shape[1]), np.float32)
    right[:n] = values
    return solved(system, right)


def solved(system: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The solution [n, k] of a system [n, n] of some hundred equations, on one thread: NumPy's OpenBLAS takes all of them from
    100 equations on, and its threads then wait for each other (115 equations beside other work: 115 ms of CPU, here 0.15)."""
    import torch

    with one_thread():
        return torch.linalg.solve(torch.from_numpy(system), torch.from_numpy(right)).numpy()


def field(coefficients: np.ndarray, at: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The field's values float32 [m, k] at places [m, 2]; `at` as it was given to `thin_plate`."""
    import torch

    places, weights = places.astype(np.float32), coefficients.astype(np.float32)
    with one_thread():
        bent = torch.from_numpy(_kernel(places, at.astype(np.float32))) @ torch.from_numpy(weights[:-3])
    return bent.numpy() + weights[-3] + places[:, :1] * weights[-2] + places[:, 1:] * weights[-1]


def _kernel(places: np.ndarray, points: np.ndarray) -> np.ndarray:
    square = (places[:, :1] - points[:, 0]) ** 2
    square += (places[:, 1:] - points[:, 1]) ** 2
    np.maximum(square, 1e-9, out=square)
    return square * np.log(square)
