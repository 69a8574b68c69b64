"""Sounds for the speech tests, made on the fly, and where test recordings lie that are not part of the project."""
import os
from pathlib import Path

import numpy as np
from talking_avatar.media.open import sound_of_array

SENTENCE = "Bob made a map, maybe; my mom keeps five very big pebbles in the blue van."
_MEDIA = Path(os.environ.get("TALKING_AVATAR_MEDIA") or Path(__file__).resolve().parents[3] / "shared" / "media")


def recordings(*names):
    """Those of the named test recordings that are there."""
    return [_MEDIA / name for name in names if (_MEDIA / name).exists()]


def samples_16k(sound):
    return np.concatenate(list(sound.mono(16000)))


def sound_16k(samples):
    return sound_of_array(np.asarray(samples, np.float32), 16000)


def noise(seconds, colour="white", seed=0):
    """Unit-RMS noise, float32 at 16 kHz: white, pink, brown, or fan (white, swelling three times a second)."""
    count = int(seconds * 16000)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequency = np.maximum(np.fft.rfftfreq(count, 1 / 16000), 1)
    samples = np.fft.irfft(spectrum * frequency ** {"white": 0, "pink": -0.5, "brown": -1.0, "fan": 0}[colour], count)
    if colour == "fan":
        samples = samples * (1 + 0.3 * np.sin(2 * np.pi * 3 * np.arange(count) / 16000))
    return (samples / np.sqrt((samples ** 2).mean())).astype(np.float32)
