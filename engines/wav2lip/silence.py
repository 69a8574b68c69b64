"""What the mouth does while nobody speaks."""
from __future__ import annotations

import numpy as np

from ...host.progress import Progress
from ...speech.features import features_of
from ...speech.gate import voice_gate
from ...speech.log_mel import HOP, RATE, sound_rows
from ...speech.speech import Speech
from ...speech.wav2lip_mel import COLUMNS_PER_SECOND

_BEFORE, _AFTER = 0.20, 0.12  # seconds around the voice in which the new mouth is shown: what a frame hears, and lips that come to rest
_FADE = 0.12


def heard_gate(speech: Speech, progress: Progress) -> np.ndarray:
    """float32 [n], a hundred a second: 0 where nobody speaks, 1 where a voice is heard; computed once for a sound."""
    return features_of(speech, "voice gate", lambda: voice_gate(sound_rows(speech.sound, progress)))


def column_gate(gate: np.ndarray) -> np.ndarray:
    """The gate at the columns of the mel spectrogram, float32 [n]."""
    seconds = len(gate) * HOP / RATE
    columns = np.arange(int(seconds * COLUMNS_PER_SECOND) + 1) / COLUMNS_PER_SECOND
    return _at(gate, columns)


def mouth_shown(gate: np.ndarray, times: np.ndarray) -> np.ndarray:
    """float64, one for each of the times (seconds): 1 from a moment before a voice is heard to a moment after, 0 in pauses, faded in
    between."""
    voiced = np.flatnonzero(gate > 0.1) * HOP / RATE
    if not len(voiced):
        return np.zeros(len(times))
    after = np.searchsorted(voiced, times)
    until = voiced[np.minimum(after, len(voiced) - 1)] - times
    since = times - voiced[np.maximum(after - 1, 0)]
    until, since = np.where(until < 0, np.inf, until), np.where(since < 0, np.inf, since)
    away = np.minimum(until - _BEFORE, since - _AFTER)
    return np.clip(1 - away / _FADE, 0, 1)


def _at(gate: np.ndarray, times: np.ndarray) -> np.ndarray:
    if not len(gate):
        return np.zeros(len(times), np.float32)
    return np.interp(times, np.arange(len(gate)) * HOP / RATE, gate).astype(np.float32)
