"""What is heard of a sound, once for every predictor: its rows, where there is a voice, and the normalised log-mel."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..host.progress import Progress
from ..media.sound import Sound
from .gate import voice_gate
from .log_mel import SoundRows, log_mel, sound_rows


@dataclass(frozen=True)
class Hearing:
    """rows: energies and levels. gate: float32 [n], 0 silence .. 1 voice. log_mel: float32 [n, 24]. A hundred rows a second."""

    rows: SoundRows
    gate: np.ndarray
    log_mel: np.ndarray


def hear(sound: Sound, progress: Progress | None = None) -> Hearing:
    """Listen to the whole sound in pieces (about 80 MB of rows for an hour). Raises Cancelled if the user stops the work."""
    rows = sound_rows(sound, progress)
    gate = voice_gate(rows)
    return Hearing(rows, gate, log_mel(rows, gate))
