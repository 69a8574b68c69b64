"""Which frame of the film lends its mouth to each output frame: the cheapest path over match and smoothness.

A Viterbi search over states (source frame, direction). With a direction in the state the path does not rock to and fro between two
neighbours, which flickers; runs go on forward or backward as the film went, and a jump has a price. Prices of a step hold for 40 ms and
are scaled to the film's own step, so that a film of 60 frames a second jumps as rarely as one of 25.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_NEVER = np.float32(1e9)
_NOMINAL_STEP = 0.040
JUMP = 7.0  # an event
_STAY, _SKIP, _BACK = 1.0, 0.06, 0.02  # a step
_TURN, _JUMP_BY_UNLIKENESS, _JUMP_BACKWARD = 1.5, 0.4, 0.1  # an event
_UNLIKE = (0.025, 0.04, 0.06, 0.025)  # differences of opening, width, yaw and pitch that count at least as one
_JUMP_FROM = 80  # jumps start from so many of the best paths of the moment: the others never win
FORWARD, BACKWARD = 0, 1

# Ways into a state: direction before, frames moved, price of the step, price of the event. Those into forward, those into backward.
_MOVES = (
    ((FORWARD, 1, 0.0, 0.0), (FORWARD, 2, _SKIP, 0.0), (FORWARD, 0, _STAY, 0.0), (BACKWARD, 1, 0.0, _TURN)),
    ((BACKWARD, -1, _BACK, 0.0), (BACKWARD, -2, _SKIP + _BACK, 0.0), (BACKWARD, 0, _STAY, 0.0), (FORWARD, -1, 0.0, _TURN)),
)


@dataclass(frozen=True)
class Candidates:
    """The n frames of a window in film order, without gaps.

    opening, width, yaw, pitch, sharpness: float32 [n], as in `mouth_index`. look: float32 [n, 8], in units of its spread. usable: bool
    [n], False where no mouth can be taken. spread: standard deviations of opening, width, yaw and pitch over the shot."""

    opening: np.ndarray
    width: np.ndarray
    yaw: np.ndarray
    pitch: np.ndarray
    sharpness: np.ndarray
    look: np.ndarray
    usable: np.ndarray
    spread: tuple[float, float, float, float]


@dataclass(frozen=True)
class Wanted:
    """What each of m output frames asks for.

    opening, width: float32 [m], in the index's units. shut: float32 [m], 0 .. 1, how much it matters that the lips meet. base: int [m],
    which candidate stands under it. at_rest: bool [m], silence over a base frame whose own mouth is shut. step: float32 [m], seconds since
    the output frame before."""

    opening: np.ndarray
    width: np.ndarray
    shut: np.ndarray
    base: np.ndarray
    at_rest: np.ndarray
    step: np.ndarray


@dataclass(frozen=True)
class State:
    """Where a path stands: which candidate, and FORWARD or BACKWARD."""

    candidate: int
    direction: int


def best_path(candidates: Candidates, wanted: Wanted, start: State | None = None, jump: float = JUMP) -> tuple[np.ndarray, np.ndarray]:
    """The cheapest path: candidate int32 [m] and direction int8 [m] of each output frame.

    start: where the path stood on the frame before the first; None: it may begin anywhere. jump: price of a jump."""
    scale = (wanted.step / _NOMINAL_STEP).astype(np.float32)
    costs = match_costs(candidates, wanted) * scale[:, None]
    m, n = costs.shape
    signature = _signature(candidates)
    best = np.full((2, n), _NEVER)
    came = np.zeros((m, 2, n), np.int32)
    if start is None:
        best[:] = costs[0], costs[0] + _JUMP_BACKWARD
    else:
        best[start.direction, start.candidate] = 0
    for i in range(0 if start is not None else 1, m):
        leap, leapt = _jumps(best, signature)
        after = np.empty_like(best)
        for direction, moves in enumerate(_MOVES):
            prices = [jump + leap + direction * _JUMP_BACKWARD]
            prices += [_moved(best[before], by) + step * scale[i] + event for before, by, step, event in moves]
            origins = [leapt] + [before * n + np.arange(n) - by for before, by, _, _ in moves]
            way = np.argmin(prices, axis=0)
            after[direction] = np.take_along_axis(np.stack(prices), way[None], 0)[0] + costs[i]
            came[i, direction] = np.take_along_axis(np.stack(origins), way[None], 0)[0]
        best = after
    return _traced(came.reshape(m, 2 * n), int(best.argmin()))


def match_costs(candidates: Candidates, wanted: Wanted) -> np.ndarray:
    """float32 [m, n]: how badly each candidate's mouth and pose fit each output frame."""
    opening, width, yaw, pitch = candidates.spread
    base = wanted.base
    miss = np.abs(candidates.opening - wanted.opening[:, None])
    cost = (5.0 + 4.0 * wanted.shut[:, None]) * (miss / opening) ** 2
    cost += 0.25 * ((candidates.width - wanted.width[:, None]) / width) ** 2
    cost += 1.1 * ((candidates.yaw - candidates.yaw[base][:, None]) / yaw) ** 2
    cost += 1.1 * ((candidates.pitch - candidates.pitch[base][:, None]) / pitch) ** 2
    blur = max(float(np.std(candidates.sharpness[candidates.usable])), 0.08) if candidates.usable.any() else 1.0
    cost += 0.15 * np.minimum(((candidates.sharpness - candidates.sharpness[base][:, None]) / blur) ** 2, 9)
    cost = np.where(np.isfinite(cost), cost, 0) + 100 * ~candidates.usable
    rows = np.flatnonzero(wanted.at_rest)
    cost[rows, base[rows]] -= 1.0  # silence: the film's own shut mouth
    return cost.astype(np.float32)


def _signature(candidates: Candidates) -> np.ndarray:
    """float32 [n, 12]: what two frames must share for a jump between them to be cheap."""
    four = np.stack([candidates.opening, candidates.width, candidates.yaw, candidates.pitch], 1) / np.maximum(candidates.spread, _UNLIKE)
    return np.nan_to_num(np.hstack([four, 0.5 * candidates.look])).astype(np.float32)


def _jumps(best: np.ndarray, signature: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cost of the cheapest way into each candidate by a jump, its own price not counted, and the state it comes from, [n] each."""
    n = best.shape[1]
    either = best.min(0)
    sources = np.argpartition(either, _JUMP_FROM)[:_JUMP_FROM] if n > _JUMP_FROM else np.arange(n)
    from_ = signature[sources]
    unlike = (from_**2).sum(1)[:, None] + (signature**2).sum(1) - 2 * from_ @ signature.T
    price = either[sources][:, None] + _JUMP_BY_UNLIKENESS * unlike
    origin = price.argmin(0)
    states = best[:, sources].argmin(0) * n + sources
    return price[origin, np.arange(n)], states[origin]


def _moved(values: np.ndarray, by: int) -> np.ndarray:
    """values[k - by] at k; what comes from outside costs more than any path."""
    if by == 0:
        return values
    out = np.full_like(values, _NEVER)
    if by > 0:
        out[by:] = values[:-by]
    else:
        out[:by] = values[-by:]
    return out


def _traced(came: np.ndarray, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Follow the path back from its last state; states are direction x n + candidate."""
    m, states = came.shape
    path = np.empty(m, np.int64)
    for i in range(m - 1, -1, -1):
        path[i] = last
        last = int(came[i, last])
    return (path % (states // 2)).astype(np.int32), (path // (states // 2)).astype(np.int8)
