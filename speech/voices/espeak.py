"""espeak-ng: a formant voice for a hundred languages, in a process of its own (GPL-3, optional, `pip install espeakng-loader`)."""
from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ...host.errors import InputError, MissingModel
from ...media.open import sound_of_array
from ..speech import Phoneme, Speech
from .readable import refuse_unreadable
from .recording import exact, joined
from .sentences import sentences
from .voice import register

SCRIPT = Path(__file__).with_name("espeak_process.py")
WORDS_A_MINUTE = 160
BETWEEN_SENTENCES = 0.3
"""Seconds of silence after a sentence; the library makes none at the end of what it is given."""
NAMES = {"en": "en-us", "en-gb": "en-gb-x-rp", "zh": "cmn", "zh-tw": "cmn", "zh-hk": "yue", "no": "nb", "es-mx": "es-419"}
"""Tags whose name in espeak-ng is another."""
READS_HAN = ("cmn", "yue", "hak", "zh")


@register("espeak")
class Espeak:
    """Voice "espeak" or, for another timbre, "espeak/f2", "espeak/m3", …"""

    name = "espeak"
    languages = ("en", "fr", "de", "es", "it", "pt", "nl", "pl", "ru", "uk", "cs", "sv", "nb", "da", "fi", "hu", "ro", "el", "tr", "ar",
                 "fa", "he", "hi", "bn", "ta", "vi", "id", "ko", "ja", "zh", "yue")
    licence = "GPL-3.0 (a separate process)"

    def __init__(self, language: str = "en", speed: float = 1.0, variant: str = ""):
        self.language, self.speed, self._variant = language.lower().replace("_", "-"), speed, variant
        if not re.fullmatch(r"[a-z0-9-]+", self.language) or not re.fullmatch(r"[\w ]*", variant, re.ASCII):
            raise InputError(f"'{language}' with '{variant}' is not the name of a language and a variant, such as 'pt-br' and 'f2'.")
        self._library = _library()

    def unreadable(self, text: str) -> str:
        """Chinese characters anywhere but in Chinese: espeak-ng says "Chinese letter" for them, in Japanese too."""
        if self.language.split("-")[0] in READS_HAN:
            return ""
        return "".join(dict.fromkeys(letter for letter in text if unicodedata.name(letter, "").startswith("CJK UNIFIED")))

    def synthesize(self, text: str) -> Speech:
        """See `Voice.synthesize`."""
        return joined(self.stream(text), text, self.language)

    def stream(self, text: str) -> Iterator[Speech]:
        """See `Voice.stream`."""
        text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", text)
        refuse_unreadable(text, self.unreadable(text), "espeak")
        setup = {"library": self._library[0], "data": self._library[1], "voices": _voices(self.language, self._variant),
                 "rate": round(WORDS_A_MINUTE * self.speed)}
        with _process() as (ask, sound):
            started = ask(setup)
            if started.get("error") == "unknown voice":
                raise InputError(f"espeak-ng has no voice for the language '{self.language}'"
                                 f"{f' in the variant {self._variant!r}' if self._variant else ''}. It speaks, among others: "
                                 f"{', '.join(self.languages)}.")
            if "error" in started:
                raise MissingModel(f"espeak-ng cannot start: {started['error']}. Run `pip install --force-reinstall espeakng-loader`.")
            rate = started["rate"]
            for sentence in sentences(text):
                spoken = ask({"text": sentence})
                samples = np.frombuffer(sound.read(2 * spoken["samples"]), np.int16).astype(np.float32) / 32768
                if len(samples):
                    rest = np.zeros(round(BETWEEN_SENTENCES * rate), np.float32)
                    yield _speech(np.concatenate([samples, rest]), len(samples), rate, spoken["phonemes"], sentence, self.language)


def _speech(samples: np.ndarray, n_spoken: int, rate: int, events: list[list], text: str, language: str) -> Speech:
    """events: [sample, symbol] as espeak-ng gave them."""
    found = [Phoneme("", 0.0, 0.0)]
    for at, symbol in [*events, [n_spoken, ""]]:
        if symbol.startswith("("):
            continue
        bare = _bare(symbol)
        if bare or not symbol:
            found.append(Phoneme(bare, at / rate, at / rate))
    seconds = len(samples) / rate
    return Speech(sound_of_array(samples, rate), exact(found, seconds), text, language)


def _bare(symbol: str) -> str:
    """The IPA without stress, length and tone marks; "" for a mark that stands alone, whose time goes to the sound before it."""
    plain = re.sub(r"[ˈˌːˑ0-9\-]", "", symbol)
    return plain if any(unicodedata.category(letter) in ("Ll", "Lu", "Lo") for letter in plain) else ""


@contextmanager
def _process():
    """A running espeak process: (ask: dict -> dict, its output stream). Ended when the block ends."""
    command = [sys.executable, str(SCRIPT)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield lambda message: _ask(process.stdin, process.stdout, message), process.stdout
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


def _ask(to: BinaryIO, answers: BinaryIO, message: dict) -> dict:
    try:
        to.write(json.dumps(message).encode() + b"\n")
        to.flush()
        line = answers.readline()
    except BrokenPipeError:
        line = b""
    if not line:
        raise MissingModel("espeak-ng stopped at work: run `pip install --force-reinstall espeakng-loader`, or choose another voice.")
    return json.loads(line)


def _voices(language: str, variant: str) -> list[str]:
    """Names to try, the most exact first."""
    main = language.split("-")[0]
    names = dict.fromkeys([NAMES.get(language, language), NAMES.get(main, main)])
    return [name + (f"+{variant}" if variant else "") for name in names]


def _library() -> tuple[str, str | None]:
    """Where the library and its data are (None: it knows itself). Raises MissingModel."""
    if find_spec("espeakng_loader"):
        loader = import_module("espeakng_loader")
        return loader.get_library_path(), loader.get_data_path()
    found = find_library("espeak-ng")
    if found is None:
        raise MissingModel("No voice for this language is installed: run `pip install espeakng-loader` (9 MB, GPL-3, "
                           "run in a process of its own), or give a recording instead of a text.")
    return found, None
