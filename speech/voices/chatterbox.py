"""Chatterbox in this process (resemble-ai/chatterbox, read at 5de7a54 of 2026-07), where the user has installed the package."""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module

import numpy as np

from ...host.device import torch_device
from ...host.errors import InputError, ServerError
from ...host.progress import Progress
from ...media.open import sound_of_array
from ..speech import Speech
from .package_voice import require_package
from .recording import in_memory
from .reference_file import reference_file, reference_wav
from .sentences import sentences
from .sound_sanity import require_speech
from .tempo import at_tempo
from .voice_engine import VoiceSettings, voice_engine

LANGUAGES = ("en", "ar", "da", "de", "el", "es", "fi", "fr", "he", "hi", "it", "ja", "ko", "ms", "nl", "no", "nb", "pl", "pt", "ru", "sv",
             "sw", "tr", "zh")
CUT_AT = 39.5
"""Seconds: the package speaks at most 1000 tokens, 40 s, and stops there without a word."""


@voice_engine("chatterbox")
class Chatterbox:
    """Clones a recording (its first 10 s are heard), or speaks in the package's own voice."""

    name, licence, languages = "chatterbox", "MIT; its sound carries an inaudible watermark", LANGUAGES
    rest, tags = 0.25, False
    longest = 200

    def __init__(self, asked: VoiceSettings, progress: Progress) -> None:
        require_package("chatterbox", "Chatterbox", "pip install chatterbox-tts", self.licence, "ResembleAI/chatterbox")
        self._language = asked.language.split("-")[0].lower().replace("nb", "no")
        if self._language not in self.languages:
            raise InputError(f"Chatterbox does not speak '{asked.language}'. It speaks: {', '.join(self.languages)}.")
        self._asked, self._progress = asked, progress
        self._wav = reference_wav(asked.reference, "Chatterbox", 1.0, 30.0) if asked.reference else b""
        self.notes = [f"Chatterbox: {self.licence}."]
        self.cache_words = (self.name, self._language, f"{asked.speed:g}", str(asked.seed),
                            asked.reference.sound.content_key if asked.reference else "")

    def unreadable(self, text: str) -> str:
        """See `Voice.unreadable`."""
        return ""

    def synthesize(self, text: str) -> Speech:
        """See `Voice.synthesize`; no phoneme times."""
        return in_memory(self.stream(text), text, self._asked.language)

    def stream(self, text: str) -> Iterator[Speech]:
        """See `Voice.stream`; a cancel is heard between sentences."""
        import torch

        model, own_voice = _loaded(self._language == "en", str(torch_device()))
        more = {} if self._language == "en" else {"language_id": self._language}
        for sentence in sentences(text, self.longest):
            self._progress.check()
            if self._wav:
                more["audio_prompt_path"] = str(reference_file(self._wav))
            else:
                model.conds = own_voice  # else the voice of the last recording would go on
            with torch.random.fork_rng():
                torch.manual_seed(self._asked.seed)
                samples = model.generate(sentence, **more).squeeze(0).cpu().float().numpy()
            if len(samples) >= CUT_AT * model.sr:
                raise ServerError(f"Chatterbox stops at 40 s, in the middle of '{sentence[:40]}': give shorter sentences.")
            require_speech(samples, model.sr, is_bare=False)
            samples = np.concatenate(list(at_tempo([samples], model.sr, self._asked.speed)))
            yield Speech(sound_of_array(samples, model.sr), None, sentence, self._asked.language)


@lru_cache(maxsize=1)
def _loaded(is_english: bool, device: str):
    """The package's English or its multilingual model, and the voice it has by itself."""
    if is_english:
        model = import_module("chatterbox.tts").ChatterboxTTS.from_pretrained(device)
    else:
        model = import_module("chatterbox.mtl_tts").ChatterboxMultilingualTTS.from_pretrained(device)
    return model, model.conds
