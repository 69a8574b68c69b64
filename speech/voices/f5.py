"""F5-TTS in this process (SWivid/F5-TTS, read at 2ae2c9b of 2026-05), where the user has installed the package."""
from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module

import numpy as np

from ...host.device import torch_device
from ...host.errors import InputError
from ...host.progress import Progress
from ...media.open import sound_of_array
from ..speech import Speech
from .package_voice import require_package
from .recording import in_memory
from .reference_file import reference_file, reference_wav
from .sentences import sentences
from .sound_sanity import require_speech
from .voice_engine import VoiceSettings, voice_engine

SHORTEST, LONGEST = 2.0, 12.0
"""Seconds of reference. The package cuts longer ones, but keeps the whole transcript, whose rest it would then say first."""


@voice_engine("f5-tts")
class F5:
    """Clones a recording of 2 to 12 s with its transcript; without one the package would fetch a Whisper to hear it."""

    name, licence, languages = "f5-tts", "code MIT; weights CC-BY-NC-4.0 (non-commercial)", ("en", "zh")
    rest, tags = 0.25, False
    longest = 200

    def __init__(self, asked: VoiceSettings, progress: Progress) -> None:
        require_package("f5_tts", "F5-TTS", "pip install f5-tts", self.licence, "SWivid/F5-TTS")
        if asked.language.split("-")[0].lower() not in self.languages:
            raise InputError(f"F5-TTS does not speak '{asked.language}'. It speaks: {', '.join(self.languages)}.")
        if asked.reference is None or not (asked.reference.text or "").strip():
            raise InputError("F5-TTS clones a voice: connect a recording of 2 to 12 s to `reference` and write what is said in it into "
                             "`transcript`.")
        self._asked, self._progress = asked, progress
        self._wav = reference_wav(asked.reference, "F5-TTS", SHORTEST, LONGEST)
        self.notes = [f"F5-TTS: {self.licence}."]
        self.cache_words = (self.name, asked.language, f"{asked.speed:g}", str(asked.seed), asked.reference.sound.content_key,
                            asked.reference.text)

    def unreadable(self, text: str) -> str:
        """See `Voice.unreadable`."""
        return ""

    def synthesize(self, text: str) -> Speech:
        """See `Voice.synthesize`; no phoneme times."""
        return in_memory(self.stream(text), text, self._asked.language)

    def stream(self, text: str) -> Iterator[Speech]:
        """See `Voice.stream`; a cancel is heard between sentences."""
        model = _loaded(str(torch_device()))
        for sentence in sentences(text, self.longest):
            self._progress.check()
            with _own_chance():
                wave, rate, _ = model.infer(str(reference_file(self._wav)), self._asked.reference.text.strip(), sentence,
                                            show_info=_unheard, speed=self._asked.speed, seed=self._asked.seed)
            samples = np.zeros(0, np.float32) if wave is None else np.asarray(wave, np.float32).reshape(-1)
            require_speech(samples, rate, is_bare=False)
            yield Speech(sound_of_array(samples, rate), None, sentence, self._asked.language)


def _unheard(*words) -> None:
    """What the package would print."""


@contextmanager
def _own_chance() -> Iterator[None]:
    """The package seeds the random numbers of the whole process; after the block they are where they were."""
    import torch

    python, arrays = random.getstate(), np.random.get_state()  # noqa: NPY002 (this is what the package seeds)
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(arrays)  # noqa: NPY002


@lru_cache(maxsize=1)
def _loaded(device: str):
    return import_module("f5_tts.api").F5TTS(device=device)
