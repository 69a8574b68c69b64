"""From a speech to the curves that drive a mouth: by phoneme times where they are known, else by what the sound tells."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..host.errors import InputError
from ..host.progress import Progress
from ..media.sound import Sound
from .gate import voice_gate
from .hearing import Hearing, hear
from .log_mel import HOP, RATE, sound_rows
from .mouth import MouthCurves
from .phoneme_curves import phoneme_curves
from .ridge import predict_mouth
from .speech import Speech

LEAD = 0.065
NETWORK = Path(__file__).with_name("mouth_net.safetensors")
SHORTEST = 0.1
ORDINARY_LOW, ORDINARY_TOP = 0.12, 0.50
"""Shut and wide of the linear map's prediction where a sound is too short to show its own."""


class Prediction(NamedTuple):
    """Curves a predictor hears, float32 [n] each: opening on the viseme table's scale, width -1..1, closure 0..1 or None."""

    opening: np.ndarray
    width: np.ndarray
    closure: np.ndarray | None


Predictor = Callable[[Hearing], Prediction]


def mouth_curves(speech: Speech, progress: Progress | None = None) -> MouthCurves:
    """The mouth's curves for the whole speech, n = length at 16 kHz // 160 + 1 rows.

    Sounds below 0.1 s, silence and steady noise leave the mouth at rest (zeros). Raises InputError for a sound without samples,
    Cancelled if the user stops the work."""
    sound = speech.sound
    if sound.n_samples == 0:
        raise InputError(f"{_name(sound)} has no samples: give a sound that lasts at least a tenth of a second.")
    if speech.phonemes is None:
        return heard_curves(sound, progress=progress)
    rows = sound_rows(sound, progress)
    gate = voice_gate(rows)
    return phoneme_curves(speech.phonemes, gate) if gate.any() else _rest(len(gate))


def heard_curves(sound: Sound, predict: Predictor | None = None, progress: Progress | None = None) -> MouthCurves:
    """Curves from the sound alone, by the best predictor there is or by the one given (`by_ridge`, `by_network`)."""
    if sound.seconds < SHORTEST:
        return _rest(int(sound.seconds * RATE) // HOP + 1)
    hearing = hear(sound, progress)
    gate = hearing.gate
    if not gate.any():
        return _rest(len(gate))
    heard = (predict or _best_predictor())(hearing)
    opening = scaled_opening(heard.opening, gate) * gate
    closure = np.clip(1 - opening / 0.10, 0, 1) if heard.closure is None else heard.closure
    return MouthCurves(opening, np.clip(heard.width, -1, 1) * gate, closure * gate, np.zeros_like(gate), gate, LEAD, from_phonemes=False)


def by_ridge(hearing: Hearing) -> Prediction:
    """The linear map of `ridge`; it tells no closure, lips count as pressed where the opening is near nothing."""
    return Prediction(*predict_mouth(hearing.log_mel), closure=None)


def by_network(hearing: Hearing) -> Prediction:
    """The trained network of `learnt`."""
    from .learnt import mouth_of_energies

    heard = mouth_of_energies(hearing.rows.energies)
    return Prediction(heard.opening, heard.width, heard.closure)


def scaled_opening(opening: np.ndarray, gate: np.ndarray) -> np.ndarray:
    """A predicted opening brought to 0 shut .. 1 as wide as this speech gets (at most 1.15); float32 [n].

    Shut = the 10th percentile of the voiced moments, held to 0.07 .. 0.20: without it the lips never meet. Wide = their 97th
    percentile, at least 0.35. With less than 1 s of voice both lean towards those of ordinary speech."""
    voiced = opening[gate > 0.5]
    own = np.clip(len(voiced) / 100, 0, 1)
    low, top = np.percentile(voiced, (10, 97)) if len(voiced) else (0.0, 0.0)
    low = own * np.clip(low, 0.07, 0.20) + (1 - own) * ORDINARY_LOW
    top = own * max(0.35, top) + (1 - own) * ORDINARY_TOP
    return np.clip((opening - low) / (top - low), 0, 1.15).astype(np.float32)


def _best_predictor() -> Predictor:
    """The one place where it is chosen who listens to a sound without phoneme times: the trained network where it is shipped."""
    return by_network if NETWORK.exists() else by_ridge


def _rest(n_rows: int) -> MouthCurves:
    return MouthCurves(*(np.zeros(n_rows, np.float32) for _ in range(5)), LEAD, from_phonemes=False)


def _name(sound: Sound) -> str:
    return f"The sound '{sound.path.name}'" if sound.path else "The sound"
