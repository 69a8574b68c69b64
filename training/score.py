"""Marks for a predictor of mouths: against real lips, against held-out synthetic speech, and whether lips shut at m, b and p."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from talking_avatar.speech.log_mel import HOP, SoundRows, sound_rows

from .dataset import Dataset
from .lips import Lips, agreement
from .targets import CLOSED, RATE

Predictor = Callable[[SoundRows], np.ndarray]
"""From what is heard to float32 [n, 4] at 50 rows a second: opening, width, rounding, closure."""
SURE = 0.5
NEAR_ROWS = 3
SHORTEST_ROWS = 2


@dataclass(frozen=True)
class FilmMark:
    """film: file name. r: at the lead of 65 ms. best: within 0.12 s of it."""

    film: str
    r: float
    best: float


@dataclass(frozen=True)
class SpeechMark:
    """On synthetic speech. r_opening, r_width, r_rounding: Pearson's r per talk, mean. shut: share of the true m, b, p with an opening
    below 0.06 somewhere within. sure: share with closure above 0.5. false: share of the moments with closure above 0.5, or with an
    opening below 0.06 while the true one is above 0.15, that lie further than 60 ms from any m, b, p."""

    r_opening: float
    r_width: float
    r_rounding: float
    shut: float
    sure: float
    false: float


def film_marks(predict: Predictor, films: Sequence[Lips]) -> list[FilmMark]:
    """r with the lips of every film."""
    return [FilmMark(Path(lips.name).stem, *agreement(predict(sound_rows(lips.sound))[:, 0], RATE, lips)) for lips in films]


def speech_mark(predict: Predictor, held_out: Dataset, every: int) -> SpeechMark:
    """Marks over every `every`-th copy of the set (the first of so many is the talk as it was spoken, the rest are altered)."""
    found = []
    for span in list(held_out.copies())[::every]:
        energies = held_out.energies[span]
        made = predict(SoundRows(energies, np.sqrt(energies.mean(1)), HOP * len(energies)))
        found.append(_marks(made, held_out.targets[span.start // 2:span.stop // 2]))
    return SpeechMark(*(float(value) for value in np.mean(found, axis=0)))


def _marks(made: np.ndarray, wanted: np.ndarray) -> tuple[float, ...]:
    made = made[:len(wanted)]
    r = [np.corrcoef(one, other)[0, 1] if one.std() and other.std() else 0.0 for one, other in zip(made.T[:3], wanted.T[:3], strict=True)]
    closures = [slice(start, stop) for start, stop in _runs(wanted[:, 3] > SURE) if stop - start >= SHORTEST_ROWS]
    shut = np.mean([made[span, 0].min() < CLOSED for span in closures] or [1.0])
    sure = np.mean([made[span, 3].max() > SURE for span in closures] or [1.0])
    far = maximum_filter1d(wanted[:, 3], 2 * NEAR_ROWS + 1) < 0.1
    false = far & ((made[:, 3] > SURE) | ((made[:, 0] < CLOSED) & (wanted[:, 0] > 0.15)))
    return *r, shut, sure, false.mean()


def loudness(rows: SoundRows) -> np.ndarray:
    """The witness every mouth should beat: the root of the level over 80 ms, as an opening."""
    level = np.sqrt(gaussian_filter1d(rows.levels, 2.0))[::2]
    return np.stack([level / max(level.max(), 1e-9), *np.zeros((3, len(level)))], axis=1)


def mean_of(one: Predictor, other: Predictor) -> Predictor:
    """Both openings brought to equal spread and averaged; the rest from the first."""
    def predict(rows: SoundRows) -> np.ndarray:
        first, second = one(rows), other(rows)
        scale = first[:, 0].std() / max(second[:, 0].std(), 1e-6)
        out = first.copy()
        out[:, 0] = (first[:, 0] + (second[:, 0] - second[:, 0].mean()) * scale + first[:, 0].mean()) / 2
        return out
    return predict


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
