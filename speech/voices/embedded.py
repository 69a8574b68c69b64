"""The voice that needs no server: hibari for English, espeak-ng for other languages."""
from __future__ import annotations

from dataclasses import replace

from ...host.errors import InputError
from ...host.progress import Progress
from ..speech import Speech
from .matched import MatchedVoice
from .voice import Voice, make_voice
from .voice_engine import VoiceSettings, voice_engine


@voice_engine("embedded")
def embedded(asked: VoiceSettings, progress: Progress) -> Voice:
    """asked.voice: "hibari", "hibari/emma", "espeak/f2", …; "" by language. A reference is what the voice is matched to in pitch,
    vocal-tract length and spectrum, as far as asked.matching says; that is no clone. Raises InputError for a reference with too little
    voice in it."""
    name = asked.voice or ("hibari" if asked.language.split("-")[0].lower() == "en" else "espeak")
    plain = EmbeddedVoice(make_voice(name, asked.language, asked.speed), replace(asked, voice=name))
    if not 0 <= asked.matching <= 1:
        raise InputError(f"A matching of {asked.matching:g} is out of range: give 0 (the voice's own sound) to 1 (as near to the recording "
                         "as it gets).")
    if asked.reference is None or asked.matching == 0:
        return plain
    return MatchedVoice(plain, name, asked.reference.sound, asked.matching, plain.cache_words, progress)


class EmbeddedVoice:
    """A voice of this machine, with the words it is known by in the cache."""

    rest = 0.0
    tags = False

    def __init__(self, inner: Voice, asked: VoiceSettings) -> None:
        self._inner = inner
        self.name, self.languages, self.licence = inner.name, inner.languages, inner.licence
        self.stream, self.unreadable = inner.stream, inner.unreadable
        self.cache_words = ("embedded", asked.voice, asked.language, f"{asked.speed:g}")

    def synthesize(self, text: str) -> Speech:
        """See `Voice.synthesize`."""
        return self._inner.synthesize(text)
