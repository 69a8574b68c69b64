"""Learning how this very person's lips move, from the film's own sound and its measured lips.

A film that carries the person's true speech teaches a better map than any ready-made one; a film whose sound is not theirs (music,
a dub, another speaker) teaches nonsense. So what was learnt counts only where it predicts parts of the film it has not seen.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..host.device import one_thread
from .hearing import Hearing
from .mouth import RATE
from .ridge import linear_map, moments, ridge_weights

LEAD = 0.05
"""Seconds by which the lips go ahead of the sound they are learnt from."""
STIFFNESS = 300.0
"""Weight of staying with the ready-made map, for rows of unit spread at 25 frames a second."""
FOLDS, APART = 5, 0.25
MOST_FRAMES = 6000
SHORTEST_FILM = 4.0
BETTER, LEAST = 0.05, 0.30


@dataclass(frozen=True)
class OwnCurves:
    """Rows of a speech, 100 a second of its *sound*, as this person would move. opening: float32 [n], 0 shut .. 1 as wide as this speech
    gets, on the scale of `MouthCurves.opening`. width: float32 [n], as measured in the film. components: float32 [n, c], lip shape."""

    opening: np.ndarray
    width: np.ndarray
    components: np.ndarray

    def at(self, times: np.ndarray) -> OwnCurves:
        """The same at the output frames' times (seconds), the lead applied; ends held."""
        place = (np.asarray(times, np.float64) + LEAD) * RATE
        rows = np.arange(len(self.opening))
        read = [np.interp(place, rows, curve).astype(np.float32) for curve in (self.opening, self.width, *self.components.T)]
        return OwnCurves(read[0], read[1], np.stack(read[2:], 1) if len(read) > 2 else np.zeros((len(place), 0), np.float32))


@dataclass(frozen=True)
class OwnMouth:
    """accepted: whether what was learnt may be used. r_left_out: correlation of predicted and measured opening on parts left out of the
    learning. r_plain: the same for the ready-made map. r_moved: the best for the film learnt with its sound moved away from it.
    weights: float64 [2 + c, 5, 24] and bias [2 + c] for opening, width and components."""

    accepted: bool
    r_left_out: float
    r_plain: float
    r_moved: float
    weights: np.ndarray
    bias: np.ndarray

    def predict(self, speech: Hearing) -> OwnCurves:
        """Any speech as this person's lips would follow it."""
        opening, width, *components = (linear_map(speech.log_mel, *map_) for map_ in zip(self.weights, self.bias, strict=True))
        voiced = opening[speech.gate > 0.5]
        low, top = np.percentile(voiced, (4, 97)) if len(voiced) else (0.0, 1.0)
        share = np.clip((opening - low) / max(top - low, 1e-6), 0, 1.15) * speech.gate
        shape = np.stack(components, 1) * speech.gate[:, None] if components else np.zeros((len(opening), 0), np.float32)
        return OwnCurves(share.astype(np.float32), width, shape)


def learn_mouth(film: Hearing, times: np.ndarray, opening: np.ndarray, width: np.ndarray, components: np.ndarray) -> OwnMouth:
    """Fit the five-moment map of the film's own sound to its lips, starting from the ready-made one, and test it.

    times: float [m], seconds of the frames in the film's sound, rising. opening, width: float [m]; components: float [m, c]; rows with
    NaN (no face) are left out. Five blocks are left out in turn. Accepted if the left-out correlation beats the ready-made map and the
    fit with the sound moved by a fifth of the film or more by 0.05 each, and 0.3: of true speech it does on most films, of foreign
    sound on none. Cost: 25 solves of 120 unknowns, at most 6000 frames."""
    lips = np.column_stack([opening, width, components]).astype(np.float64)
    seen = np.flatnonzero(np.isfinite(lips).all(1))
    seen = seen[::-(-len(seen) // MOST_FRAMES) or 1]
    times, lips = np.asarray(times, np.float64)[seen], lips[seen]
    if len(seen) < 2 or times[-1] - times[0] < SHORTEST_FILM or lips[:, 0].std() == 0 or not film.gate.any():
        return _nothing_learnt(lips.shape[1])
    rows, prior = _moments_at(film.log_mel, times + LEAD), _prior(lips.shape[1])
    stiffness = STIFFNESS * len(times) / ((times[-1] - times[0]) * 25)
    r_left_out = _left_out(rows, lips[:, :1], times, prior[:, :1], stiffness)
    r_plain = _correlation(rows @ prior[:, 0], lips[:, 0])
    shifts = [round(len(rows) * fifth / FOLDS) for fifth in range(1, FOLDS)]
    r_moved = max(_left_out(np.roll(rows, shift, axis=0), lips[:, :1], times, prior[:, :1], stiffness) for shift in shifts)
    weights, bias = _fit(rows, lips, prior, stiffness)
    accepted = r_left_out > max(r_plain + BETTER, r_moved + BETTER, LEAST)
    return OwnMouth(accepted, r_left_out, r_plain, r_moved, weights.T.reshape(lips.shape[1], len(moments()), -1), bias)


def _moments_at(log_mel: np.ndarray, times: np.ndarray) -> np.ndarray:
    """float64 [m, 120]: the rows at the five moments around each time, linear between rows, ends held."""
    last = len(log_mel) - 1
    found = []
    for ahead in moments():
        place = np.clip(times * RATE + ahead, 0, last)
        low = np.minimum(place.astype(int), max(last - 1, 0))
        share = (place - low)[:, None]
        found.append(log_mel[low] * (1 - share) + log_mel[np.minimum(low + 1, last)] * share)
    return np.hstack(found).astype(np.float64)


def _prior(n_curves: int) -> np.ndarray:
    """float64 [120, n]: the ready-made map for opening and width, nothing for the components."""
    prior = np.zeros((len(ridge_weights("opening")), n_curves))
    prior[:, 0], prior[:, 1] = ridge_weights("opening"), ridge_weights("width")
    return prior


def _fit(rows: np.ndarray, lips: np.ndarray, prior: np.ndarray, stiffness: float) -> tuple[np.ndarray, np.ndarray]:
    """(weights [120, n], bias [n]): a multiple of the prior, not negative, plus what ridge regression finds beside it."""
    mean_row, mean_lips = rows.mean(0), lips.mean(0)
    rows, lips = rows - mean_row, lips - mean_lips
    guess = rows @ prior
    scale = np.maximum((guess * lips).sum(0), 0) / np.maximum((guess * guess).sum(0), 1e-12)
    prior = prior * scale
    weights = prior + _ridge(rows, lips - guess * scale, stiffness)
    return weights, mean_lips - mean_row @ weights


def _ridge(rows: np.ndarray, lips: np.ndarray, stiffness: float) -> np.ndarray:
    """float64 [120, n]. On one thread: NumPy's would wait for each other, so small this is."""
    import torch

    with one_thread():
        known, wanted = torch.from_numpy(rows), torch.from_numpy(lips)
        return torch.linalg.solve(known.T @ known + stiffness * torch.eye(rows.shape[1], dtype=known.dtype), known.T @ wanted).numpy()


def _left_out(rows: np.ndarray, lips: np.ndarray, times: np.ndarray, prior: np.ndarray, stiffness: float) -> float:
    """Correlation of the first curve with its prediction, each fifth predicted by a fit to the others."""
    predicted = np.empty(len(rows))
    for block in np.array_split(np.arange(len(rows)), FOLDS):
        rest = (times < times[block[0]] - APART) | (times > times[block[-1]] + APART)
        weights, bias = _fit(rows[rest], lips[rest], prior, stiffness)
        predicted[block] = rows[block] @ weights[:, 0] + bias[0]
    return _correlation(predicted, lips[:, 0])


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / np.sqrt(max((a @ a) * (b @ b), 1e-30)))


def _nothing_learnt(n_curves: int) -> OwnMouth:
    weights = _prior(n_curves).T.reshape(n_curves, len(moments()), -1)
    return OwnMouth(False, 0.0, 0.0, 0.0, weights, np.zeros(n_curves))
