"""What is kept of a voice: its pitch and its long-term spectra, a few hundred numbers."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ...host.errors import InputError
from ...host.progress import Progress, Silent
from ...media.sound import Sound, require_samples
from .envelope import envelopes
from .grains import pitch_marks
from .pitch import RATE, pitch

BANDS = 48
LOWEST_BAND, HIGHEST_BAND = 100.0, 7600.0
LEAST_VOICE = 1.0
"""Seconds of voiced sound that a profile needs at least."""
LONGEST = 60.0
"""Seconds of a reference that are listened to."""
N_FFT = 1024
_AUDIBLE = 35.0
"""Decibel below the loudest moments down to which a grain counts."""


@dataclass(frozen=True)
class VoiceProfile:
    """pitch, pitch_spread: mean and standard deviation of ln(Hz). voiced, unvoiced: mean power in 48 bands spread evenly on the mel scale
    from 100 to 7600 Hz, ln, relative to its mean over the bands. seconds: of voiced sound it was
    learnt from."""

    pitch: float
    pitch_spread: float
    voiced: tuple[float, ...]
    unvoiced: tuple[float, ...]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Plain numbers and lists; `from_json` reads them."""
        return asdict(self)

    @staticmethod
    def from_json(facts: dict[str, Any]) -> VoiceProfile:
        """The profile that `as_json` wrote. Raises InputError for anything else."""
        try:
            profile = VoiceProfile(**{name: tuple(map(float, value)) if isinstance(value, (list, tuple)) else float(value)
                                      for name, value in facts.items()})
        except (TypeError, ValueError, AttributeError) as error:
            raise InputError("This is not the profile of a voice: learn it from a reference sound again.") from error
        if [len(profile.voiced), len(profile.unvoiced)] != [BANDS, BANDS]:
            raise InputError("This voice profile was written by another version: learn it from a reference sound again.")
        return profile


def learn_voice(reference: Sound, progress: Progress | None = None) -> VoiceProfile:
    """The profile of the voice in a sound; of a long one the first minute. Raises InputError where less than a second is voiced,
    Cancelled."""
    require_samples(reference)
    samples = []
    with (progress or Silent()).stage("learning the voice", total=round(min(reference.seconds, LONGEST)) or 1) as stage:
        for piece in reference.mono(RATE, 1.0):
            samples.append(piece)
            stage.advance()
            if len(samples) * 1.0 >= LONGEST:
                break
    return profile_of(np.concatenate(samples))


def profile_of(samples: np.ndarray) -> VoiceProfile:
    """The profile of float32 [n] at 16 kHz. Raises InputError where less than a second is voiced."""
    f0 = pitch(samples)
    marks = pitch_marks(samples, RATE, f0)
    places = np.minimum(marks.places, len(samples) - 1)
    bands = grain_bands(samples, RATE, places, marks.f0)
    level = bands.max(1) * 10 / np.log(10)
    audible = level > np.percentile(level, 95) - _AUDIBLE
    seconds = (marks.left + marks.right) / 2 / RATE
    voiced, unvoiced = audible & (marks.f0 > 0), audible & (marks.f0 == 0)
    sounding = float(seconds[voiced].sum())
    if sounding < LEAST_VOICE:
        raise InputError(f"There is too little voice in the reference: {sounding:.1f} s of it are voiced, {LEAST_VOICE:g} s are needed. "
                         "Give a recording of one person speaking, 3 s or longer, without music.")
    octaves = np.log(f0[f0 > 0])
    octaves = octaves[np.abs(octaves - np.median(octaves)) < np.log(2)]
    return VoiceProfile(float(octaves.mean()), float(octaves.std()), _long_term(bands[voiced], seconds[voiced]),
                        _long_term(bands[unvoiced], seconds[unvoiced]), sounding)


def grain_bands(samples: np.ndarray, rate: int, places: np.ndarray, f0: np.ndarray) -> np.ndarray:
    """float32 [n, 48]: ln power of the envelope in each band around each place."""
    n_fft = N_FFT * max(1, -(-rate // 24000))
    filters = band_filters(rate, n_fft)
    found = [np.log(np.exp(envelopes(samples, rate, places[at:at + 512], f0[at:at + 512], n_fft)) @ filters.T + 1e-12)
             for at in range(0, len(places), 512)]
    return np.concatenate(found).astype(np.float32)


def band_centres() -> np.ndarray:
    """float [48]: Hz."""
    return _edges()[1:-1]


@lru_cache(maxsize=8)
def band_filters(rate: int, n_fft: int) -> np.ndarray:
    """float32 [48, n_fft // 2 + 1]: triangles whose weights sum to 1 each."""
    edges, bins = _edges(), np.arange(n_fft // 2 + 1) * rate / n_fft
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    weights = np.maximum(np.minimum(rise, fall), 0)
    nearest = np.abs(bins - edges[1:-1, None]).argmin(1)
    weights[np.arange(BANDS), nearest] = np.maximum(weights[np.arange(BANDS), nearest], 1e-3)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def _edges() -> np.ndarray:
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOWEST_BAND, HIGHEST_BAND))
    return 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)


def _long_term(bands: np.ndarray, seconds: np.ndarray) -> tuple[float, ...]:
    if not len(bands):
        return (0.0,) * BANDS
    logs = np.log(seconds @ np.exp(bands.astype(np.float64)) / seconds.sum() + 1e-12)
    return tuple((logs - logs.mean()).tolist())
