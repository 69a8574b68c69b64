"""Whether what came is speech at all, and whether it lasts as long as its words should."""
from __future__ import annotations

import re

import numpy as np

from ...host.errors import ServerError

SHORTEST = 0.1
_SILENT = 1e-4
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORDS_A_SECOND, _HAN_A_SECOND = (1.0, 6.0), (2.0, 12.0)


def require_speech(samples: np.ndarray, rate: int, is_bare: bool) -> None:
    """Raises ServerError for sound too short or silent to be speech, and for loud noise where samples had no header: bytes of another
    kind, or shifted by one."""
    if len(samples) < SHORTEST * rate:
        raise ServerError(f"The voice server answered that all is well, but sent only {len(samples) / rate:.2f} s of sound.")
    if float(np.abs(samples).max()) < _SILENT:
        raise ServerError(f"The voice server answered that all is well, but sent {len(samples) / rate:.1f} s of silence: it failed inside.")
    if is_bare and _is_noise(samples):
        raise ServerError("The voice server sent loud noise: its bytes are no plain samples, or of another kind than this engine sends.")


def strange_pace(text: str, seconds: float, is_bare: bool) -> str | None:
    """A sentence for speech that is far too fast or slow for its words, as it is at a wrong sample rate; None for a usual one."""
    han = len(_HAN.findall(text))
    words = len(re.findall(r"[^\W_]+", _HAN.sub(" ", text)))
    if han + words < 4 or seconds <= 0:
        return None
    shortest = words / _WORDS_A_SECOND[1] + han / _HAN_A_SECOND[1]
    longest = words / _WORDS_A_SECOND[0] + han / _HAN_A_SECOND[0] + 1.0
    if shortest <= seconds <= longest:
        return None
    why = "its sample rate may be another: set `sample_rate`" if is_bare else "listen to it"
    return f"'{text[:40]}' lasts {seconds:.1f} s, {'long' if seconds > longest else 'short'} for its words; {why}."


def _is_noise(samples: np.ndarray) -> bool:
    """White and loud: neighbouring samples know nothing of each other, which no vowel does."""
    power = float((samples * samples).mean())
    return power > 0.04 and float((samples[1:] * samples[:-1]).mean()) < 0.3 * power
