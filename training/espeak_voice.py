"""espeak-ng as a speaker whose phoneme times are known: many languages, many voice variants, any pace and pitch.

The library is GPL-3; only these training scripts load it into their own process, the package never does.
"""
from __future__ import annotations

import ctypes

import espeakng_loader
import numpy as np
from talking_avatar.speech.speech import Phoneme
from talking_avatar.speech.voices.espeak_process import CHARACTERS, PHONEMES_AS_IPA, SYNCHRONOUS, UTF8, WORDS_A_MINUTE, Callback, Recorder

PITCH, PITCH_RANGE = 3, 4


class Espeak:
    """One voice state per process: make one and use it from one thread. rate: samples a second."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.rate = self._library.espeak_Initialize(SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), PHONEMES_AS_IPA)
        self._heard = Recorder()
        self._callback = Callback(self._heard.take)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str, words_a_minute: int, pitch: int, pitch_range: int) -> tuple[np.ndarray, list[Phoneme]]:
        """float32 [n] at `self.rate` and the phonemes in order. voice: "de" or with a variant, "de+f2". pitch, pitch_range: 0..100.

        Raises ValueError when espeak-ng does not know the voice."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        for parameter, value in ((WORDS_A_MINUTE, words_a_minute), (PITCH, pitch), (PITCH_RANGE, pitch_range)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._heard.begin()
        data = text.encode()
        self._library.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, CHARACTERS, 0, UTF8, None, None)
        samples = np.frombuffer(b"".join(self._heard.sound), np.int16).astype(np.float32) / 32768
        starts = [at / self.rate for at, _ in self._heard.phonemes]
        ends = [*starts[1:], len(samples) / self.rate]
        symbols = [symbol for _, symbol in self._heard.phonemes]
        return samples, [Phoneme(*spoken) for spoken in zip(symbols, starts, ends, strict=True) if spoken[2] > spoken[1]]
