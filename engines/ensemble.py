"""Several persons of one film who speak: what they were made for is brought together."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..host.errors import InputError
from ..media.sound import Sound
from ..media.sound_mix import SoundMix
from ..media.timeline import Timeline
from .engine import Take


def ensemble(takes: Sequence[Take]) -> tuple[Timeline, Sound]:
    """The timeline and the sound of a film in which the persons of all `takes` speak: the longest take's timeline, and their speeches heard
    together (one sound, as it is, where all say the same).

    Raises InputError where the takes show different frames of a film, or different films."""
    longest = max(takes, key=lambda take: take.timeline.n_frames)
    for number, take in enumerate(takes, 1):
        if take.avatar.source.content_key != longest.avatar.source.content_key:
            raise InputError(f"The mouths of speaker {number} were made for another film than the others': give each Load Avatar the same "
                             "file, start and duration, and only another face.")
        if not _is_beginning(take.timeline, longest.timeline):
            raise InputError(f"The mouths of speaker {number} lie on other frames of the film than the others': choose the same `length` "
                             "in every lip-sync node (not 'remap' with speeches that differ), and no preview.")
    sounds: dict[str, Sound] = {}
    for take in takes:
        sounds.setdefault(take.speech.sound.content_key, take.speech.sound)
    return longest.timeline, takes[0].speech.sound if len(sounds) == 1 else SoundMix(list(sounds.values()))


def _is_beginning(part: Timeline, whole: Timeline) -> bool:
    n = part.n_frames
    same_times = part.clock.fps == whole.clock.fps and np.allclose(part.times(), whole.times(0, n))
    return same_times and np.array_equal(part.source, whole.source[:n])
