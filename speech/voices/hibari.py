"""hibari-tts: a small English voice whose network also tells how long each phoneme lasts (Apache-2.0, `pip install hibari-tts`)."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ...host.errors import InputError, MissingModel
from ...media.open import sound_of_array
from ..speech import Phoneme, Speech
from ..visemes import MISAKI, visemes
from .onnx_output import session_with_output
from .readable import not_latin, refuse_unreadable
from .recording import exact, joined
from .voice import register

UNIT = 600
"""Samples at 24 kHz that one unit of predicted duration lasts."""
DURATIONS, INT64 = "/Cast_32_output_0", 7
"""The network's inner tensor of durations, one number a symbol, in hibari-tts 0.2."""
SPECTRA = 6
"""Outputs the network has by itself: five parts of the spectrum and the pitch."""
LONGEST = 400
"""Phoneme signs the network reads at once."""
STRESS, LENGTHENING, JOINTS = "ˈˌ", "ːʰʲᵝ\u0303", " \"“”()"


@register("hibari")
class Hibari:
    """Voice "hibari" or "hibari/emma", … (variants other than "heart" must have been fetched by hibari itself)."""

    name = "hibari"
    languages = ("en",)
    licence = "Apache-2.0"

    def __init__(self, language: str = "en", speed: float = 1.0, variant: str = ""):
        if language.split("-")[0].lower() != "en":
            raise InputError(f"The voice 'hibari' speaks English only, not '{language}': use the voice 'espeak' for other languages.")
        self.speed = speed
        self._variant = variant or "heart"
        if find_spec("hibari") is None:
            raise MissingModel("The English voice is not installed: run `pip install hibari-tts scipy` (15 MB, Apache-2.0).")

    def unreadable(self, text: str) -> str:
        """Letters of scripts other than Latin: hibari leaves them out or spells nonsense."""
        return not_latin(text)

    def synthesize(self, text: str) -> Speech:
        """See `Voice.synthesize`; the same text gives the same samples."""
        return joined(self.stream(text), text, "en")

    def stream(self, text: str) -> Iterator[Speech]:
        """See `Voice.stream`. Raises InputError before the first sentence if there is nothing in the text it can say."""
        refuse_unreadable(text, self.unreadable(text), "hibari")
        reader = _loaded(self._variant)
        spoken = False
        for sentence in reader.split_sentences(text):
            for signs in reader.phonemize(sentence):
                for part in _short_enough(signs):
                    if any(visemes(sign) for sign in part):
                        spoken = True
                        yield _speech(reader, part, self.speed, sentence)
        if not spoken:
            raise InputError(f"There is nothing to say in the text '{text.strip()[:40]}': give words in English.")


def _speech(reader, signs: str, speed: float, text: str) -> Speech:
    """One sentence from its phoneme signs; without phoneme times where the network's durations do not add up to its sound.

    reader: a loaded hibari.Hibari whose session may return the durations after its own outputs."""
    signs = "".join(sign for sign in signs if sign in reader.vocab)
    feeds = {"ids": np.asarray([reader.ids(signs)], np.int64), "speed": np.asarray([speed], np.float32)}
    outputs = reader.sess.run(None, feeds)
    synth = import_module("hibari.dsp").synth
    samples = synth(*(part[0] for part in outputs[:SPECTRA]), np.random.default_rng(0)).astype(np.float32)
    sound = sound_of_array(samples, reader.sample_rate)
    durations = outputs[SPECTRA].ravel() if len(outputs) > SPECTRA else np.zeros(0, int)
    if len(durations) != len(signs) + 2 or durations.sum() * UNIT != len(samples):
        return Speech(sound, None, text, "en")
    return Speech(sound, exact(timed_phonemes(signs, durations * (UNIT / reader.sample_rate)), sound.seconds), text, "en")


def timed_phonemes(signs: str, seconds: Sequence[float]) -> list[Phoneme]:
    """Phonemes from a row of misaki's signs and the seconds each lasts, with a pad before and one after.

    A stress mark's time belongs to the sound behind it, a length mark's to the sound before it, a space's to both its neighbours:
    nothing is silent there. Punctuation is a pause."""
    edges = np.concatenate([[0.0], np.cumsum(seconds)])
    found = [Phoneme("", 0.0, float(edges[1]))]
    begins = None
    for sign, start, end in zip(signs, edges[1:-2].tolist(), edges[2:-1].tolist(), strict=True):
        if sign in STRESS:
            begins = start if begins is None else begins
        elif sign in LENGTHENING:
            found[-1] = Phoneme(found[-1].symbol, found[-1].start, end)
        elif sign in JOINTS:
            begins = (start + end) / 2 if found[-1].symbol else end
            found[-1] = Phoneme(found[-1].symbol, found[-1].start, begins)
        else:
            found.append(Phoneme(_ipa(sign), start if begins is None else begins, end))
            begins = None
    return [*found, Phoneme("", float(edges[-2]), float(edges[-1]))]


def _ipa(sign: str) -> str:
    return MISAKI.get(sign, sign) if visemes(sign) else ""


def _short_enough(signs: str) -> Iterator[str]:
    """Pieces of at most `LONGEST` signs, cut at spaces where there is one."""
    while len(signs) > LONGEST:
        cut = signs.rfind(" ", 1, LONGEST) if " " in signs[1:LONGEST] else LONGEST
        yield signs[:cut]
        signs = signs[cut:].lstrip()
    if signs:
        yield signs


@lru_cache(maxsize=4)
def _loaded(variant: str):
    """A hibari.Hibari of that voice whose session returns the durations too, if it is an export that has them. Never downloads."""
    hibari, voices = import_module("hibari"), import_module("hibari.voices")
    if variant not in voices.VOICES:
        raise InputError(f"hibari has no voice '{variant}'. Choose one of: {', '.join(voices.VOICES)}.")
    try:
        path = Path(voices.voice_path(variant, download_missing=False))
    except FileNotFoundError as error:
        raise MissingModel(f"The voice '{variant}' is not on this machine: `hibari \"Hello.\" --voice {variant} -o hello.wav` fetches it "
                           f"(8 MB, Apache-2.0) to {error}.") from error
    reader = hibari.Hibari(voice=variant, model=str(path))
    with suppress(LookupError):
        reader.sess = session_with_output(path, DURATIONS, INT64)
    return reader
