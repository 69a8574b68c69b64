"""A film in which the person truly speaks teaches how these lips follow this voice; other films teach nothing."""
from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...host.progress import Progress
from ...media.film import FrameSource
from ...media.sound_part import SoundPart, from_film_start
from ...speech.drive import mouth_curves
from ...speech.hearing import hear
from ...speech.mouth import MouthCurves
from ...speech.own_film import learn_mouth
from ...speech.speech import Speech
from ..engine import Take
from .mouth_index import MouthIndex

_LISTEN_SECONDS = 300.0
_SHORTEST = 4.0
_SHARE = 0.5  # of what was learnt, beside what the sound tells anyway


def taught_by_film(take: Take, curves: MouthCurves, index: MouthIndex, progress: Progress) -> MouthCurves:
    """The curves (rows are output frames), drawn half-way to how the person moves in the film; as they are where phoneme times drive
    them, or where the film's own sound does not foretell its lips better than the sound's own curves do.

    Measured, lips left out of the learning against their prediction, films whose speech is their own: .55 alone, .67 together."""
    source = take.avatar.source
    if curves.from_phonemes or not curves.gate.any() or source.sound is None or source.sound.seconds < _SHORTEST:
        return curves
    sound = from_film_start(source.sound)
    sound = SoundPart(sound, 0, min(sound.n_samples, round(_LISTEN_SECONDS * sound.rate)))
    times = _frame_times(source, sound.seconds)
    opening, width = index.opening[:len(times)], index.width[:len(times)]
    seen = np.isfinite(opening)
    if seen.sum() < 2 or opening[seen].std() == 0:
        return curves
    own = learn_mouth(hear(sound, progress), times, opening, width, np.zeros((len(times), 0)))
    ready_made = mouth_curves(Speech(sound), progress).at(times).opening[seen]
    if not own.accepted or own.r_left_out < _correlation(ready_made, opening[seen]):
        return curves
    learnt = own.predict(hear(take.speech.sound, progress)).at(take.timeline.times())
    spread = (learnt.width - np.median(width[seen])) / max(float(width[seen].std()), 1e-6)
    return replace(curves, opening=_mixed(curves.opening, learnt.opening), width=_mixed(curves.width, np.clip(spread, -1, 1) * curves.gate))


def _mixed(told: np.ndarray, learnt: np.ndarray) -> np.ndarray:
    return ((1 - _SHARE) * told + _SHARE * learnt).astype(np.float32)


def _frame_times(source: FrameSource, seconds: float) -> np.ndarray:
    """Seconds of the frames that stand before `seconds`."""
    clock = source.clock
    if clock.is_even:
        times = np.arange(source.n_frames) / float(clock.fps)
    else:
        times = np.asarray(clock.times, np.float64)
    return times[times < seconds]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / np.sqrt(max(float((a @ a) * (b @ b)), 1e-30)))
