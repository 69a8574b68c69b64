"""Make a sound ready to be spoken: one channel of it, without the silence around it, as loud as speech should be, earlier or later."""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..host.errors import InputError
from ..host.progress import Progress
from ..media.sound import Sound, require_samples
from ..media.sound_part import SoundPart
from .gate import voice_gate
from .log_mel import HOP, RATE, sound_rows
from .loudness import loudness

SPEECH_LUFS = -23.0
_HIGHEST_PEAK = 10 ** (-1 / 20)
_AROUND_VOICE = 0.15  # seconds left before and behind the voice
CHANNELS = ("all", "left", "right")


@dataclass(frozen=True)
class Preparation:
    """channel: one of CHANNELS. trim_silence: cut off what comes before the first and behind the last voice. level: bring it to -23 LUFS
    (EBU R 128), no sample above -1 dB. offset: seconds by which the speech begins later (negative: earlier) in the film."""

    channel: str = "all"
    trim_silence: bool = False
    level: bool = False
    offset: float = 0.0


def prepared(sound: Sound, how: Preparation, progress: Progress) -> Sound:
    """The sound as `how` says, computed as it is read; the sound itself where nothing is to be done, so that its packets can be copied.

    Raises InputError for a sound without samples or a channel it does not have, Cancelled."""
    require_samples(sound)
    if how.channel != "all":
        sound = SoundPart(sound, channel=_channel(sound, how.channel))
    if how.trim_silence:
        sound = _trimmed(sound, progress)
    if how.level:
        sound = _levelled(sound, progress)
    shift = round(how.offset * sound.rate)
    if -shift >= sound.n_samples:
        raise InputError(f"An offset of {how.offset:g} s leaves nothing of a sound of {sound.seconds:.2f} s: give a smaller one.")
    return SoundPart(sound, -shift) if shift else sound


def _channel(sound: Sound, name: str) -> int:
    number = CHANNELS.index(name) - 1
    if number >= sound.channels:
        raise InputError(f"The sound has {sound.channels} channel, so there is no '{name}' one: choose all.")
    return number


def _trimmed(sound: Sound, progress: Progress) -> Sound:
    voiced = np.flatnonzero(voice_gate(sound_rows(sound, progress)) > 0.5)
    if not len(voiced):
        return sound
    first = max(0.0, voiced[0] * HOP / RATE - _AROUND_VOICE)
    last = min(sound.seconds, (voiced[-1] + 1) * HOP / RATE + _AROUND_VOICE)
    return SoundPart(sound, round(first * sound.rate), min(round(last * sound.rate), sound.n_samples))


def _levelled(sound: Sound, progress: Progress) -> Sound:
    measured = loudness(sound, progress)
    if math.isinf(measured.integrated):
        return sound
    gain = min(10 ** ((SPEECH_LUFS - measured.integrated) / 20), _HIGHEST_PEAK / measured.peak)
    return SoundPart(sound, gain=gain)
