"""Talks turned into what the network sees and should say: mel energies a hundred a second, lip targets fifty a second."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.speech.learnt import OPENING_ROWS, Levels
from talking_avatar.speech.log_mel import RATE, sound_rows

from .augment import altered
from .corpus import Talk, talks
from .targets import lip_targets

CHATTER_TALKS = 6
LIVE_SHARE = 0.3
"""Share of the copies normalised as a live sound is, starting from ordinary speech."""


@dataclass(frozen=True)
class Dataset:
    """energies: float32 [rows, 24] at 100 a second. targets: float32 [rows / 2, 4] at 50. ends: rows at which each copy ends, all
    even. speakers: of each copy."""

    energies: np.ndarray
    targets: np.ndarray
    ends: np.ndarray
    speakers: tuple[str, ...]

    def copies(self) -> Iterator[slice]:
        """The rows of each copy."""
        start = 0
        for end in self.ends.tolist():
            yield slice(start, end)
            start = end

    def spoken_by(self, speaker: str) -> Dataset:
        """The copies whose speaker's name begins so."""
        kept = [span for span, name in zip(self.copies(), self.speakers, strict=True) if name.startswith(speaker)]
        ends = np.cumsum([span.stop - span.start for span in kept])
        targets = [self.targets[span.start // 2:span.stop // 2] for span in kept]
        names = tuple(name for name in self.speakers if name.startswith(speaker))
        return Dataset(np.concatenate([self.energies[span] for span in kept]), np.concatenate(targets), ends, names)

    def inputs(self, seed: int, live_share: float = LIVE_SHARE) -> np.ndarray:
        """float32 [rows, 25]: every copy normalised from its own beginning or, for `live_share` of them, from ordinary speech."""
        rng = np.random.default_rng(seed)
        rows = []
        for span in self.copies():
            energies = self.energies[span]
            levels = Levels.ordinary() if rng.random() < live_share else Levels.measured(energies[:OPENING_ROWS])
            rows.append(levels.normalise(energies))
        return np.concatenate(rows)


def dataset(kind: str, seconds: float, copies: int, seed: int, cache: Path) -> Dataset:
    """`seconds` of talks of a kind, each as spoken and `copies` times altered; kept in the cache folder under a name that tells the
    numbers."""
    file = cache / f"{kind.replace(' ', '_')}-{seconds:.0f}s-{copies}x-{seed}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _write(file, list(talks(kind, seconds, seed)), copies, seed)
    with np.load(file) as held:
        return Dataset(held["energies"], held["targets"], held["ends"], tuple(held["speakers"].tolist()))


def _write(file: Path, spoken: list[Talk], copies: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    chatter = np.concatenate([talk.samples for talk in spoken[:CHATTER_TALKS]])
    energies, targets, speakers = [], [], []
    for talk in spoken:
        for copy in (talk, *(altered(talk, rng, chatter) for _ in range(copies))):
            heard = sound_rows(SoundArray(copy.samples, RATE)).energies
            lips = lip_targets(copy.phonemes, len(copy.samples) / RATE)
            n = min(len(heard) // 2, len(lips))
            energies.append(heard[:2 * n])
            targets.append(lips[:n])
            speakers.append(copy.speaker)
    ends = np.cumsum([len(part) for part in energies])
    np.savez(file, energies=np.concatenate(energies), targets=np.concatenate(targets), ends=ends, speakers=speakers)
