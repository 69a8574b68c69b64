"""A text of any length becomes a speech, by any voice: sentence by sentence, each kept, levelled, with pauses and several speakers."""
from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import soxr

from ...host.errors import InputError
from ...host.progress import Progress, Silent
from ...media.open import sound_of_array
from ...media.sound import Sound
from ..loudness import loudness
from ..speech import Phoneme, Speech
from .readable import guess_language
from .recording import joined
from .reference import findings
from .script import Line, Pause, read_script
from .sentences import sentences
from .spoken_cache import keep_sentence, kept_sentence, key_of
from .voice import Voice
from .voice_engine import VoiceSettings, make_engine_voice

SPEECH_LUFS = -23.0
_HIGHEST_PEAK = 10 ** (-1 / 20)
_FADE = 0.01
_LARGEST_SHIFT = 0.002
_TAG = re.compile(r"\[[^\[\]\n]{1,60}\]")


def narrate(text: str, asked: VoiceSettings, progress: Progress | None = None, cast: Mapping[str, VoiceSettings] | None = None,
            tell: Callable[[str], None] | None = None) -> Speech:
    """Speak a script (see `script.read_script`) in memory that does not grow with it; phoneme times where every voice knows them.

    cast: the voices of named speakers. Every sentence is brought to -23 LUFS (EBU R 128) and kept on disk: only what changed is spoken
    again. tell: called with what a user should know (licences, a strange pace), each once. Raises InputError for a
    text or setting a voice cannot use, ServerError for a server that fails, MissingModel, Cancelled."""
    progress = progress or Silent()
    cast = dict(cast or {})
    script = read_script(text, cast)
    if not any(isinstance(part, Line) for part in script):
        raise InputError("The text is empty: give the words that shall be spoken.")
    voices = _voices(script, {"": asked, **cast}, progress)
    pieces = list(_pieces(script, voices))
    language = next(iter(voices.values()))[1]
    speech = joined(_spoken(pieces, voices, progress), text, language, progress, total=len(pieces))
    heard = (note for speaker in voices for note in _about_reference({"": asked, **cast}[speaker], progress))
    said = (note for voice, _ in voices.values() for note in getattr(voice, "notes", ()))
    for note in dict.fromkeys([*heard, *_left_out(pieces, voices), *said]):
        (tell or _ignore)(note)
    return speech


def _left_out(pieces: list[Line | Pause], voices: Mapping[str, tuple[Voice, str]]) -> Iterator[str]:
    """A sentence for each voice that did not read some letters."""
    for speaker, (voice, _) in voices.items():
        letters = voice.unreadable("".join(piece.text for piece in pieces if isinstance(piece, Line) and piece.speaker == speaker))
        if letters:
            yield (f"The voice '{voice.name}' does not know '{letters[:20]}' and left it out: name the text's language, or choose a voice "
                   "that reads it.")


def _about_reference(asked: VoiceSettings, progress: Progress) -> tuple[str, ...]:
    return () if asked.reference is None else findings(asked.reference, progress)


def _ignore(note: str) -> None:
    return None


def _voices(script: list[Line | Pause], cast: Mapping[str, VoiceSettings], progress: Progress) -> dict[str, tuple[Voice, str]]:
    """For each speaker that says something: the voice and its language, which is guessed from all that the speaker says."""
    said: dict[str, list[str]] = {}
    for part in script:
        if isinstance(part, Line):
            said.setdefault(part.speaker, []).append(_TAG.sub(" ", part.text))
    found = {}
    for speaker, texts in said.items():
        language = cast[speaker].language or guess_language("\n".join(texts))
        found[speaker] = make_engine_voice(replace(cast[speaker], language=language), progress), language
    return found


def _pieces(script: list[Line | Pause], voices: Mapping[str, tuple[Voice, str]]) -> Iterator[Line | Pause]:
    """The script in sentences; those with nothing to say in them are left out where others remain."""
    for part in script:
        if isinstance(part, Pause):
            yield part
            continue
        voice = voices[part.speaker][0]
        text = part.text if voice.tags else _TAG.sub(" ", part.text)
        for sentence in sentences(text):
            if any(letter.isalnum() for letter in _TAG.sub("", sentence)):
                yield Line(sentence, part.speaker)


def _spoken(pieces: list[Line | Pause], voices: Mapping[str, tuple[Voice, str]], progress: Progress) -> Iterator[Speech]:
    """A Speech a piece, all at the rate of the first sentence and of one loudness."""
    if not any(isinstance(piece, Line) for piece in pieces):
        raise InputError("There is nothing to say in the text: give words, not signs alone.")
    rate, gains, waiting = 0, {}, 0.0
    for piece in pieces:
        progress.check()
        if isinstance(piece, Pause):
            if rate:
                yield _silence(piece.seconds, rate)
            waiting += 0.0 if rate else piece.seconds
            continue
        voice, language = voices[piece.speaker]
        speech = _sentence(voice, piece.text, language)
        if not rate:
            rate = speech.sound.rate
            if waiting:
                yield _silence(waiting, rate)
        samples = _centred(speech.sound)
        gains[piece.speaker] = gain = _gain(samples, speech.sound.rate, gains.get(piece.speaker, np.float32(1)))
        yield _finished(replace(speech, sound=sound_of_array(samples * gain, speech.sound.rate)), voice.rest, rate)


def _sentence(voice: Voice, text: str, language: str) -> Speech:
    key = key_of(*voice.cache_words, text)
    kept = kept_sentence(key, text, language)
    if kept is not None:
        return kept
    speech = voice.synthesize(text)
    keep_sentence(key, speech)
    return speech


def _centred(sound: Sound) -> np.ndarray:
    """float32 mono [n] without the shift that some servers' sound has."""
    samples = np.concatenate([block.mean(0) for block in sound.blocks()])
    shift = samples.mean()
    return samples - shift if abs(shift) > _LARGEST_SHIFT else samples


def _gain(samples: np.ndarray, rate: int, before: np.float32) -> np.float32:
    """The factor that brings a sentence to its loudness; for one too short to be measured that of the speaker's last."""
    measured = loudness(sound_of_array(samples, rate))
    gain = before if math.isinf(measured.integrated) else 10 ** ((SPEECH_LUFS - measured.integrated) / 20)
    return np.float32(min(gain, _HIGHEST_PEAK / max(measured.peak, 1e-6)))


def _finished(speech: Speech, rest: float, rate: int) -> Speech:
    """The speech at `rate`, its ends without a click, with `rest` seconds of silence behind it."""
    samples = np.concatenate(list(speech.sound.blocks()), 1)[0]
    if speech.sound.rate != rate:
        samples = soxr.resample(samples, speech.sound.rate, rate)
    ramp = np.linspace(0, 1, min(len(samples) // 2, round(_FADE * rate)), dtype=np.float32)
    samples[: len(ramp)] *= ramp
    samples[len(samples) - len(ramp) :] *= ramp[::-1]
    samples = np.concatenate([samples, np.zeros(round(rest * rate), np.float32)])
    return replace(speech, sound=sound_of_array(samples, rate))


def _silence(seconds: float, rate: int) -> Speech:
    samples = np.zeros(round(seconds * rate), np.float32)
    return Speech(sound_of_array(samples, rate), (Phoneme("", 0.0, len(samples) / rate),), "", None)
