"""A speech brought nearer to another voice: pitch, vocal-tract length and long-term spectrum, every sample and phoneme where it was.

It is no clone: whoever knows the person hears another speaker of the same build. What may change is limited so that words stay words."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from ...host.errors import InputError
from ...host.progress import Progress, Silent
from ...media.open import sound_of_array
from ...media.sound import Sound, require_samples
from ..speech import Speech
from .grains import Marks, pitch_marks
from .pitch import RATE, pitch
from .profile import VoiceProfile, band_centres, learn_voice, profile_of
from .resynthesis import Change, resynthesised

VERSION = 4
"""To be raised whenever the same match gives another sound."""
TRACT_OF_PITCH = 0.3
"""Formants go with this power of the pitch: between men and women pitch differs by 1.75, formants by 1.18."""
WARPS = (0.8, 1.04)
"""Down by a fifth words stay words; up they suffered at once: 15 of 54 were lost at 1.2, 9 at 1.1, none at 1 (espeak-ng, Whisper base)."""
MOST_OCTAVES = 1.2
SPREADS = (0.6, 1.6)
MOST_DECIBEL = 20.0
_SHORTEST = 0.05
_ROUNDS = 2
_MOST_MISSING = 1.5
"""Ln of the power by which a band is aimed higher or lower in one round."""

__all__ = ["VoiceProfile", "aimed", "learn_voice", "matched", "matched_sentences"]


def matched(speech: Speech, profile: VoiceProfile, strength: float = 1.0, own: VoiceProfile | None = None) -> Speech:
    """The speech in a voice nearer to the profile's: as many samples, the same rate, phonemes, text and language.

    strength: 0 leaves it as it is, 1 goes all the way that is allowed. own: the profile of the speech's own voice (`learn_voice` of any
    sound by it); None: learnt from this speech, which then must hold a second of voice. Raises InputError."""
    if not 0 <= strength <= 1:
        raise InputError(f"A matching strength of {strength:g} is out of range: give 0 (the voice's own) to 1 (as near as it gets).")
    require_samples(speech.sound)
    if strength == 0 or speech.sound.seconds < _SHORTEST:
        return speech
    samples = _mono(speech.sound, speech.sound.rate)
    heard = _mono(speech.sound, RATE)
    own = own or profile_of(heard)
    marks = pitch_marks(samples, speech.sound.rate, pitch(heard))
    new = resynthesised(samples, speech.sound.rate, marks, _change(marks, own, profile, strength))
    return replace(speech, sound=sound_of_array(new, speech.sound.rate))


def matched_sentences(sentences: Iterable[Speech], profile: VoiceProfile, own: VoiceProfile, strength: float = 1.0) -> Iterator[Speech]:
    """The same for a stream, each sentence as soon as it is there. own: as in `matched`; with it each sentence comes out as it would alone,
    so that a cached one fits the others."""
    for speech in sentences:
        yield matched(speech, profile, strength, own)


def aimed(profile: VoiceProfile, sample: Sound, own: VoiceProfile, progress: Progress | None = None) -> VoiceProfile:
    """The profile to give to `matched` so that what comes out has the spectra of `profile`: what a new pitch and the limits make of a
    spectrum is found by matching a sample of the voice (its profile being `own`) and is made up for. Raises InputError,
    Cancelled."""
    aim, heard = profile, Speech(sample)
    with (progress or Silent()).stage("matching the voice", total=2 * _ROUNDS) as stage:
        for _ in range(_ROUNDS):
            near = matched(heard, aim, own=own)
            stage.advance()
            reached = learn_voice(near.sound)
            aim = replace(aim, voiced=_further(aim.voiced, profile.voiced, reached.voiced),
                          unvoiced=_further(aim.unvoiced, profile.unvoiced, reached.unvoiced))
            stage.advance()
    return aim


def _further(aim: tuple[float, ...], wanted: tuple[float, ...], reached: tuple[float, ...]) -> tuple[float, ...]:
    missing = np.clip(np.subtract(wanted, reached), -_MOST_MISSING, _MOST_MISSING)
    return tuple((np.asarray(aim) + missing).tolist())


def _change(marks: Marks, own: VoiceProfile, target: VoiceProfile, strength: float) -> Change:
    """What becomes of each grain."""
    warp = np.exp(strength * TRACT_OF_PITCH * (target.pitch - own.pitch))
    warp = float(np.clip(warp, *WARPS))
    return Change(_pitch_ratio(marks, own, target, strength), warp, band_centres(), strength * _gain(own.voiced, target.voiced, warp),
                  strength * _gain(own.unvoiced, target.unvoiced, warp))


def _pitch_ratio(marks: Marks, own: VoiceProfile, target: VoiceProfile, strength: float) -> np.ndarray:
    """float [n]: factor of the pitch at each mark that gives the target's mean and range."""
    logs = np.log(np.maximum(marks.f0, 1))
    spread = np.clip(target.pitch_spread / max(own.pitch_spread, 0.02), *SPREADS)
    shift = target.pitch + spread * (logs - own.pitch) - logs
    limit = MOST_OCTAVES * np.log(2)
    return np.where(marks.f0 > 0, np.exp(strength * np.clip(shift, -limit, limit)), 1.0)


def _gain(own: tuple[float, ...], target: tuple[float, ...], warp: float) -> np.ndarray:
    """float [48]: ln of the amplitude by which each band shall be louder, after the warp, softly limited."""
    centres = band_centres()
    gain = 0.5 * (np.asarray(target) - np.interp(centres / warp, centres, own))
    limit = MOST_DECIBEL * np.log(10) / 20
    return limit * np.tanh((gain - gain.mean()) / limit)


def _mono(sound: Sound, rate: int) -> np.ndarray:
    pieces = list(sound.mono(rate))
    return np.concatenate(pieces)
