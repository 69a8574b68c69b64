"""The mouth of any sound by a small causal network that was trained on synthetic speech (training/README.md)."""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from ..host.device import one_thread
from ..host.progress import Progress
from ..media.sound import Sound
from ..models.mouth_net import BANDS, INPUTS, ROWS_AHEAD, ROWS_BEFORE, MouthNet
from .log_mel import sound_rows

WEIGHTS = Path(__file__).with_name("mouth_net.safetensors")
BLOCK = 50
"""Rows between two updates of the running statistics."""
MEMORY = 800.0
"""Rows of voice the running statistics remember."""
PRIOR_ROWS = 50.0
OPENING_ROWS = 1000
PIECE = 3000
FLOOR = 1e-4
QUIET = 0.01
QUIET_WEIGHT = 0.02
SILENCE = 1e-9
LIKELY, CERTAIN = 0.3, 0.7
"""Closures from which the opening is drawn to zero, and at which it is zero."""
ORDINARY_POWER = 18.0
ORDINARY_MEAN = -np.array((1.6, .5, .6, 1.2, 1.5, 2.6, 3.5, 4.1, 4.5, 4.8, 4.9, 5.0,
                           5.1, 5.1, 4.9, 4.9, 4.9, 4.6, 4.9, 5.7, 6.5, 7.0, 7.0, 6.9))
ORDINARY_VARIANCE = np.array((6.1, 7.2, 7.0, 6.7, 8.0, 10.4, 11.6, 10.9, 10.4, 10.2, 9.4, 8.5,
                              8.0, 7.2, 6.1, 5.7, 5.0, 4.7, 5.0, 4.9, 5.3, 4.8, 4.9, 4.6))
"""Statistics of the training speech, per band, of log(energy / ORDINARY_POWER + FLOOR)."""


@dataclass(frozen=True)
class LearntMouth:
    """Curves at 100 rows a second, row k belongs to second k / 100 of the sound (no lead applied), float32 [n] each.

    opening: 0 shut .. 1 wide "a", on the scale of the viseme table. width: -1 rounded .. +1 spread. rounding: 0..1, lips pushed
    forward. closure: 0..1, how sure it is that the lips are pressed (m b p)."""

    opening: np.ndarray
    width: np.ndarray
    rounding: np.ndarray
    closure: np.ndarray


def predict_mouth(sound: Sound, progress: Progress | None = None) -> LearntMouth:
    """The mouth of the whole sound, n = length at 16 kHz // 160 + 1 rows. The network makes 50 rows a second, the rest is linear
    between them. Raises Cancelled if the user stops the work."""
    return mouth_of_energies(sound_rows(sound, progress).energies)


def mouth_of_energies(energies: np.ndarray, piece: int = PIECE) -> LearntMouth:
    """The same from the mel energies of `log_mel.sound_rows`, float32 [n, 24]; the statistics start from the first ten seconds."""
    stream = MouthStream(Levels.measured(energies[:OPENING_ROWS]))
    made = [stream.push(energies[start:start + piece]) for start in range(0, len(energies), piece)]
    made = np.concatenate([*made, stream.finish()])
    moments = np.arange(len(energies)) / 2
    opening, width, rounding, closure = (np.interp(moments, np.arange(len(made)), curve).astype(np.float32) if len(made)
                                         else np.zeros(0, np.float32) for curve in made.T)
    return LearntMouth(opening, width, rounding, closure)


class MouthStream:
    """The network on a sound that arrives in pieces of any length; what comes out does not depend on the pieces.

    A row of the mouth is ready 100 ms (`ROWS_AHEAD`) after its own moment. levels: what is known of the sound beforehand; without
    them it starts from ordinary speech. net: other weights than the shipped ones."""

    def __init__(self, levels: Levels | None = None, net: MouthNet | None = None) -> None:
        self._net = net or mouth_net()
        self._levels = levels or Levels.ordinary()
        self._rows = self._levels.silence(ROWS_BEFORE)
        self._heard = 0
        self._made = 0

    def push(self, energies: np.ndarray) -> np.ndarray:
        """Mel energies, float32 [k, 24], at 100 rows a second -> float32 [j, 4] at 50: opening, width, rounding, closure."""
        self._heard += len(energies)
        return self._advance(self._levels.normalise(energies))

    def finish(self) -> np.ndarray:
        """The rows that still waited for sound ahead of them: (rows heard + 1) // 2 in all."""
        missing = (self._heard + 1) // 2 - self._made
        return self._advance(self._levels.silence(ROWS_AHEAD + 1))[:missing]

    def _advance(self, rows: np.ndarray) -> np.ndarray:
        self._rows = np.concatenate([self._rows, rows])
        n = (len(self._rows) - ROWS_BEFORE - ROWS_AHEAD + 1) // 2
        if n <= 0:
            return np.zeros((0, 4), np.float32)
        with torch.inference_mode(), one_thread():
            out = self._net(torch.from_numpy(self._rows[:ROWS_BEFORE + 2 * n - 1 + ROWS_AHEAD].T[None]))[0].T
            out[:, 3].sigmoid_()
        self._rows = self._rows[2 * n:]
        self._made += n
        return lips_of(out.numpy())


class Levels:
    """Running mean and spread of the log energies in each band, remembered over `MEMORY` rows of voice and updated every half second.

    A row's statistics come from the half seconds before its own and from what was known at the start: nothing ahead is used."""

    def __init__(self, power: float, mean: np.ndarray, variance: np.ndarray, weight: float) -> None:
        self.power, self.mean, self.variance, self.weight = power, mean, variance, weight
        self._block = np.zeros((0, BANDS))

    @classmethod
    def ordinary(cls) -> Levels:
        """Ordinary speech at an ordinary level, soon outweighed."""
        return cls(ORDINARY_POWER, ORDINARY_MEAN, ORDINARY_VARIANCE, PRIOR_ROWS)

    @classmethod
    def measured(cls, energies: np.ndarray) -> Levels:
        """From the beginning of a sound, float32 [n, 24], with half a second of ordinary speech added."""
        total = energies.mean(1, dtype=np.float64)
        loud = energies[total > QUIET * total.mean()] if len(energies) else energies
        if len(loud) == 0 or total.mean() < SILENCE:
            return cls.ordinary()
        power = float(loud.mean(dtype=np.float64))
        logs = np.log(loud / power + FLOOR)
        own = len(loud) / (len(loud) + PRIOR_ROWS)
        apart = logs.mean(0) - ORDINARY_MEAN
        variance = own * logs.var(0) + (1 - own) * ORDINARY_VARIANCE + own * (1 - own) * apart ** 2
        return cls(power, ORDINARY_MEAN + own * apart, variance, min(len(loud) + PRIOR_ROWS, MEMORY))

    def normalise(self, energies: np.ndarray) -> np.ndarray:
        """float32 [k, 24] -> float32 [k, 25]: every band to mean 0 and about unit spread, then the plain level."""
        out = np.empty((len(energies), INPUTS), np.float32)
        place = 0
        while place < len(energies):
            part = energies[place:place + BLOCK - len(self._block)].astype(np.float64)
            out[place:place + len(part)] = self._inputs(part)
            self._block = np.concatenate([self._block, part])
            place += len(part)
            if len(self._block) == BLOCK:
                self._learn()
        return out

    def silence(self, n: int) -> np.ndarray:
        """float32 [n, 25]: the rows silence gives now; nothing is learnt from them."""
        return self._inputs(np.zeros((n, BANDS))).astype(np.float32)

    def _inputs(self, energies: np.ndarray) -> np.ndarray:
        power = max(self.power, SILENCE)
        bands = (np.log(energies / power + FLOOR) - self.mean) / (np.sqrt(self.variance) + 0.3)
        level = np.log(energies.mean(1, keepdims=True) / power + FLOOR) / 3 + 1
        return np.clip(np.concatenate([bands, level], axis=1), -5, 5)

    def _learn(self) -> None:
        """Take the finished half second into the statistics; rows 20 dB below the running power hardly count."""
        total = self._block.mean(1)
        if total.max() > SILENCE:
            weight = np.where(total > QUIET * self.power, 1.0, QUIET_WEIGHT)
            self.weight = min(self.weight + weight.sum(), MEMORY)
            share = weight.sum() / self.weight
            weight /= weight.sum()
            self.power += share * (float(weight @ total) - self.power)
            logs = np.log(self._block / max(self.power, SILENCE) + FLOOR)
            step = weight @ logs - self.mean
            own_variance = weight @ (logs - self.mean - step) ** 2
            self.mean = self.mean + share * step
            self.variance = (1 - share) * (self.variance + share * step ** 2) + share * own_variance
        self._block = np.zeros((0, BANDS))


def lips_of(rows: np.ndarray) -> np.ndarray:
    """The network's rows, float32 [n, 4], held to what a mouth can do, and the opening shut where a closure is likely.

    By itself the opening is the mean of what may be: 0.1 where m and n are equally likely. Measured on held-out voices: with the
    closure acting on it three of four m, b, p shut below 0.06, without it one of ten."""
    rows = np.clip(rows, np.float32([0, -1, 0, 0]), np.float32([1.15, 1, 1, 1]))
    rows[:, 0] *= 1 - np.clip((rows[:, 3] - LIKELY) / (CERTAIN - LIKELY), 0, 1)
    return rows


@lru_cache(maxsize=1)
def mouth_net() -> MouthNet:
    """The network with the weights that come with the package, loaded once."""
    net = MouthNet()
    net.load_state_dict({name: value.float() for name, value in load_file(WEIGHTS).items()})
    return net.eval()

