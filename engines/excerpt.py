"""A few seconds of a take, to look at before the whole is made."""
from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from ..compose.face_check import hardest_window
from ..media.clock import Clock
from ..media.sound_part import SoundPart
from ..media.timeline import Timeline
from ..speech.speech import Phoneme, Speech
from .engine import Take


def excerpt(take: Take, first: int, stop: int) -> Take:
    """Output frames first .. stop-1 of a take as a take of its own, its sound and phonemes cut to them."""
    whole = take.timeline
    times = None if whole.clock.is_even else whole.clock.times[first:stop] - whole.clock.times[first]
    timeline = Timeline(whole.source[first:stop], Clock(whole.clock.fps, times), whole.mode)
    begins, ends = whole.clock.time(first), whole.clock.time(stop)
    sound = take.speech.sound
    part = SoundPart(sound, round(begins * sound.rate), min(round(ends * sound.rate), sound.n_samples))
    return Take(take.avatar, replace(take.speech, sound=part, phonemes=_phonemes(take.speech, begins, ends)), timeline)


def spot(take: Take, hardness: np.ndarray, seconds: float) -> tuple[int, int]:
    """First frame and end of the stretch of `seconds` that is hardest on the whole.

    hardness: float [N], 0 to 1, one for each frame of the avatar."""
    n = take.timeline.n_frames
    length = min(n, max(1, take.timeline.clock.frames_in(round(seconds * 1000), 1000)))
    first = hardest_window(hardness[take.timeline.source], length)
    return first, first + length


def _phonemes(speech: Speech, begins: Fraction, ends: Fraction) -> tuple[Phoneme, ...] | None:
    if speech.phonemes is None:
        return None
    start, stop = float(begins), float(ends)
    return tuple(Phoneme(one.symbol, max(one.start, start) - start, min(one.end, stop) - start)
                 for one in speech.phonemes if one.end > start and one.start < stop)
