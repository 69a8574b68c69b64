"""A voice of this machine that speaks matched to a reference: nearer to it in pitch, vocal-tract length and spectrum, no clone of it."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from ...host.progress import Progress
from ...media.sound import Sound
from ..matching.match import VERSION, VoiceProfile, aimed, learn_voice, matched, matched_sentences
from ..speech import Speech
from .voice import Voice, make_voice

OWN_WORDS = ("Every voice is known by how it sounds over a while, so here are some ordinary words. Few people measure the joy "
             "of a quiet morning, but though the church bells ring at three, the whole town shows its good side, and young and old go down "
             "to the water.")
"""What a voice says so that it is known: it holds every sound of English."""
KEEPS_MELODY = ("espeak",)
"""Voices of bare pulses lose words whenever their pitch is made anew: of 510 words of espeak-ng Whisper base mistook 21 at all of the
references' pitch and range, 18 without the range, 3 at espeak-ng's own pitch."""
NEAR = 0.3
"""Difference in ln(Hz), a little over a third, below which such a voice keeps its pitch: it adds next to nothing to the likeness."""


class MatchedVoice:
    """A Voice (see `voice.Voice`): the sentences of `inner`, each brought near the reference as it would be alone."""

    rest = 0.0
    tags = False

    def __init__(self, inner: Voice, name: str, reference: Sound, strength: float, cache_words: tuple[str, ...],
                 progress: Progress) -> None:
        """name: what `make_voice` knows `inner` by. strength: 0 its own sound .. 1 as near as it gets. cache_words: of all that shapes its
        sound. Raises InputError for a reference without enough voice in it, Cancelled."""
        self._inner, self._strength = inner, strength
        sample, self._own = own_voice(name)
        wanted = within_reach(learn_voice(reference, progress), self._own, name)
        self._target = aimed(wanted, sample, self._own, progress)
        self.name, self.languages, self.licence, self.unreadable = inner.name, inner.languages, inner.licence, inner.unreadable
        self.cache_words = (*cache_words, "matched", str(VERSION), f"{strength:g}", reference.content_key)

    def synthesize(self, text: str) -> Speech:
        """See `Voice.synthesize`."""
        return matched(self._inner.synthesize(text), self._target, self._strength, self._own)

    def stream(self, text: str) -> Iterator[Speech]:
        """See `Voice.stream`."""
        return matched_sentences(self._inner.stream(text), self._target, self._own, self._strength)


def within_reach(profile: VoiceProfile, own: VoiceProfile, name: str) -> VoiceProfile:
    """What of a profile a voice can take on without losing its words. own: its own profile. name: "hibari/emma", "espeak", …"""
    if name.partition("/")[0] not in KEEPS_MELODY:
        return profile
    pitch = own.pitch if abs(profile.pitch - own.pitch) < NEAR else profile.pitch
    return replace(profile, pitch=pitch, pitch_spread=own.pitch_spread)


@lru_cache(maxsize=16)
def own_voice(name: str) -> tuple[Sound, VoiceProfile]:
    """Some sentences that a voice of this machine speaks in English, and its profile from them."""
    sample = make_voice(name, "en").synthesize(OWN_WORDS).sound
    return sample, learn_voice(sample)
