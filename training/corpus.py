"""Synthetic speech with known phoneme times: talks of one speaker each, by espeak-ng, hibari and Kokoro."""
from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
import soxr
from talking_avatar.speech.speech import Phoneme

from .espeak_voice import Espeak
from .neural_voices import RATE as NEURAL_RATE
from .neural_voices import HibariVoice, KokoroVoice

RATE = 16000
TALK_SECONDS = 9.0
HELD_OUT_LANGUAGES = ("it", "sv", "hi")
HELD_OUT_VARIANTS = ("f4", "m4", "klatt3", "belinda", "Andy", "adam", "quincy")
VARIANTS = (
    "", "f1", "f2", "f3", "f5", "m1", "m2", "m3", "m5", "m6", "m7", "m8", "Alex", "Alicia", "Andrea", "Annie", "Denis", "Diogo",
    "Gene", "Henrique", "Hugo", "Jacky", "Lee", "Marco", "Mario", "Michael", "Mike", "Nguyen", "Reed", "anika", "antonio", "aunty",
    "benjamin", "boris", "caleb", "david", "ed", "edward", "grandma", "grandpa", "ian", "iven", "john", "klatt", "klatt2", "klatt4",
    "linda", "max", "michel", "miguel", "norbert", "pablo", "paul", "pedro", "rob", "robert", "sandro", "shelby", "steph", "steph2",
    "travis", "victor", "zac",
)
ENGLISH = ("en-us", "en-gb-x-rp", "en-gb-scotland", "en-us-nyc")
HELD_OUT_SENTENCES = 8
Sentence = tuple[np.ndarray, list[Phoneme]]


@dataclass(frozen=True)
class Talk:
    """samples: float32 [n] mono at 16 kHz. phonemes: in order, with pauses. speaker: which voice spoke, for people to read."""

    samples: np.ndarray
    phonemes: tuple[Phoneme, ...]
    speaker: str


def talks(kind: str, seconds: float, seed: int) -> Iterator[Talk]:
    """Talks of about 9 s of a kind in SPEAKERS until `seconds` are reached. The same seed gives the same talks."""
    rng = np.random.default_rng(seed)
    speakers = SPEAKERS[kind]()
    total = 0.0
    while total < seconds:
        name, sentence = speakers(rng)
        talk = _talk(name, sentence, rng)
        total += len(talk.samples) / RATE
        yield talk


Speaker = tuple[str, Callable[[], Sentence]]


def _espeak(languages: tuple[str, ...], variants: tuple[str, ...]) -> Callable[[np.random.Generator], Speaker]:
    voice = Espeak()

    def choose(rng: np.random.Generator) -> Speaker:
        language = str(rng.choice(languages))
        name = f"{language}+{variant}" if (variant := str(rng.choice(variants))) else language
        pace, pitch, pitch_range = int(rng.integers(130, 215)), int(rng.integers(15, 85)), int(rng.integers(25, 90))

        def sentence() -> Sentence:
            samples, phonemes = voice.speak(_sentence(language, rng), name, pace, pitch, pitch_range)
            return soxr.resample(samples, voice.rate, RATE), phonemes

        return f"espeak {name}", sentence

    return choose


def _hibari(sentences: tuple[str, ...], altered: bool) -> Callable[[np.random.Generator], Speaker]:
    voice = HibariVoice()

    def choose(rng: np.random.Generator) -> Speaker:
        tract = float(rng.uniform(0.82, 1.12)) if altered else 1.0
        pitch = float(np.exp(rng.uniform(np.log(0.45), np.log(1.3)))) if altered else 1.0
        pace = float(rng.uniform(0.85, 1.25))

        def sentence() -> Sentence:
            samples, phonemes = voice.speak(_english(voice, sentences, rng), pace, pitch, tract, rng)
            return soxr.resample(samples, NEURAL_RATE, RATE), phonemes

        return f"hibari pitch {pitch:.2f} tract {tract:.2f}", sentence

    return choose


def _kokoro() -> Callable[[np.random.Generator], Speaker]:
    voice, english, espeak = KokoroVoice(), HibariVoice(), Espeak()

    def choose(rng: np.random.Generator) -> Speaker:
        blend = rng.dirichlet(np.full(len(voice.styles), 0.35))
        language = str(rng.choice(("en-us", "en-us", "en-us", "ja", "es", "fr", "pt-br")))
        pace = float(rng.uniform(0.85, 1.2))

        def sentence() -> Sentence:
            signs = _english(english, _sentences("en-us")[:-HELD_OUT_SENTENCES], rng) if language == "en-us" else \
                "".join(phoneme.symbol or " " for phoneme in espeak.speak(_sentence(language, rng), language, 170, 50, 50)[1])
            samples, phonemes = voice.speak(signs, pace, blend)
            return soxr.resample(samples, NEURAL_RATE, RATE), phonemes

        return f"kokoro {language} {np.round(blend, 2).tolist()}", sentence

    return choose


SPEAKERS: dict[str, Callable[[], Callable[[np.random.Generator], Speaker]]] = {
    "espeak": lambda: _espeak((*_training_languages(), *ENGLISH * 2), VARIANTS),
    "espeak held out": lambda: _espeak(HELD_OUT_LANGUAGES, HELD_OUT_VARIANTS),
    "hibari": lambda: _hibari(_sentences("en-us")[:-HELD_OUT_SENTENCES], altered=True),
    "hibari held out": lambda: _hibari(_sentences("en-us")[-HELD_OUT_SENTENCES:], altered=False),
    "kokoro": _kokoro,
}


def _talk(name: str, sentence: Callable[[], Sentence], rng: np.random.Generator) -> Talk:
    pieces, phonemes, place = [], [], 0
    while place < TALK_SECONDS * RATE:
        samples, spoken = sentence()
        pause = np.zeros(int(rng.uniform(0.0, 0.9) * RATE), np.float32)
        start = (place + len(pause)) / RATE
        phonemes.append(Phoneme("", place / RATE, start))
        phonemes += [Phoneme(phoneme.symbol, phoneme.start + start, phoneme.end + start) for phoneme in spoken]
        pieces += [pause, samples.astype(np.float32)]
        place += len(pause) + len(samples)
    return Talk(np.concatenate(pieces), tuple(phonemes), name)


def _sentence(language: str, rng: np.random.Generator) -> str:
    """A written sentence, or one of words drawn from all sentences of the language."""
    known = _sentences("en-us" if language in ENGLISH else language)
    words = " ".join(known).replace(".", "").split()
    if len(words) < 20 or rng.random() < 0.5:
        return str(rng.choice(known))
    return " ".join(rng.choice(words, int(rng.integers(4, 12)))) + "."


def _english(voice: HibariVoice, sentences: tuple[str, ...], rng: np.random.Generator) -> str:
    """Kokoro's phoneme signs of a written sentence, or of words drawn from hibari's lexicon."""
    if rng.random() < 0.35:
        return voice.phonemize(str(rng.choice(sentences)))[0]
    signs = [str(sign) for sign in rng.choice(_lexicon(), int(rng.integers(3, 9)))]
    return " ".join(signs) + str(rng.choice([".", "?", "!", ","]))


@lru_cache(maxsize=1)
def _lexicon() -> tuple[str, ...]:
    """Phoneme signs of words of up to eight letters in hibari's American lexicon."""
    packed = (resources.files("hibari") / "assets" / "lexicon_us_gold.json.gz").read_bytes()
    entries = json.loads(gzip.decompress(packed))
    return tuple(signs for word, signs in sorted(entries.items()) if isinstance(signs, str) and word.islower() and 2 < len(word) <= 8)


@lru_cache
def _sentences(language: str) -> tuple[str, ...]:
    return tuple(_texts()[language])


def _training_languages() -> tuple[str, ...]:
    return tuple(language for language in _texts() if language not in HELD_OUT_LANGUAGES)


@lru_cache(maxsize=1)
def _texts() -> dict[str, list[str]]:
    return json.loads(Path(__file__).with_name("texts.json").read_text(encoding="utf-8"))
