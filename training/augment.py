"""What happens to speech between a mouth and a file: speed and size of the speaker, microphone, room, noise, coding, level."""
from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import av
import numpy as np
import soxr
from scipy.signal import fftconvolve

from .corpus import RATE, Talk

MP3_RATES = (24_000, 32_000, 48_000, 64_000)


def altered(talk: Talk, rng: np.random.Generator, chatter: np.ndarray) -> Talk:
    """The same talk as another microphone in another room would have it; phoneme times follow the speed.

    chatter: float32 [n] of other speakers, for voices in the background. Deterministic for a given state of `rng`."""
    if rng.random() < 0.7:
        talk = resized(talk, float(np.exp(rng.uniform(np.log(0.84), np.log(1.19)))))
    samples = talk.samples
    for chance, change in ((0.8, coloured), (0.6, in_a_room), (0.3, driven), (0.7, lambda x, r: with_noise(x, r, chatter)), (0.45, coded)):
        if rng.random() < chance:
            samples = change(samples, rng)
    peak = np.abs(samples).max() + 1e-9
    level = 10 ** (rng.uniform(-35, -0.5) / 20)
    return replace(talk, samples=(np.round(samples / peak * level * 32767) / 32768).astype(np.float32))


def resized(talk: Talk, factor: float) -> Talk:
    """Played `factor` times as fast: pitch, formants and pace together, as from a smaller speaker."""
    samples = soxr.resample(talk.samples, RATE * factor, RATE)
    phonemes = tuple(replace(phoneme, start=phoneme.start / factor, end=phoneme.end / factor) for phoneme in talk.phonemes)
    return replace(talk, samples=samples, phonemes=phonemes)


def coloured(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random smooth frequency response: a tilt, three bumps or dips and a high-pass."""
    spectrum = np.fft.rfft(samples)
    octave = np.log2(np.maximum(np.fft.rfftfreq(len(samples), 1 / RATE), 20) / 1000)
    decibel = rng.uniform(-5, 5) * octave
    for _ in range(3):
        decibel += rng.uniform(-9, 9) * np.exp(-0.5 * ((octave - rng.uniform(-3.5, 3)) / rng.uniform(0.2, 1.0)) ** 2)
    corner = np.log2(rng.uniform(40, 300) / 1000)
    decibel -= 12 * np.maximum(corner - octave, 0)
    return np.fft.irfft(spectrum * 10 ** (decibel / 20), len(samples))


def in_a_room(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Convolved with a direct sound, a few early reflections and a tail of noise that decays by 60 dB in 0.12 to 0.9 s."""
    decay = float(np.exp(rng.uniform(np.log(0.12), np.log(0.9))))
    time = np.arange(int(decay * RATE)) / RATE
    tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    tail[:int(rng.uniform(0.001, 0.012) * RATE)] = 0
    for _ in range(int(rng.integers(2, 7))):
        tail[int(rng.uniform(0.002, 0.03) * RATE)] += rng.uniform(-4, 4)
    ratio = 10 ** (rng.uniform(-2, 16) / 20)
    tail /= np.sqrt((tail ** 2).sum()) * ratio
    tail[0] += 1
    return fftconvolve(samples, tail)[:len(samples)]


def driven(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pressed by a limiter, or carried by a slowly changing gain."""
    scaled = samples / (np.abs(samples).max() + 1e-9)
    if rng.random() < 0.5:
        return np.tanh(scaled * rng.uniform(1.5, 6))
    knots = rng.uniform(-8, 8, size=int(len(samples) / RATE / 2) + 2)
    gain = np.interp(np.arange(len(samples)), np.linspace(0, len(samples), len(knots)), knots)
    return scaled * 10 ** (gain / 20)


def with_noise(samples: np.ndarray, rng: np.random.Generator, chatter: np.ndarray) -> np.ndarray:
    """Steady noise of any colour, mains hum, held chords or other people, 2 to 40 dB below the speech."""
    kind = rng.choice(["colour", "colour", "hum", "chords", "chatter"])
    noise = _NOISES[kind](len(samples), rng) if kind != "chatter" else _excerpt(chatter, len(samples), rng)
    power = (samples ** 2).mean() / ((noise ** 2).mean() + 1e-12)
    least = 10 if kind in ("chatter", "chords") else 2
    return samples + noise * np.sqrt(power * 10 ** (-rng.uniform(least, 40) / 10))


def coded(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Through a telephone, a low-pass or an mp3 coder."""
    kind = rng.random()
    if kind < 0.3:
        narrow = soxr.resample(samples, RATE, 8000)
        peak = np.abs(narrow).max() + 1e-9
        pressed = np.sign(narrow) * np.log1p(255 * np.abs(narrow) / peak) / np.log(256)
        pressed = np.round(pressed * 127) / 127
        return _length(soxr.resample(np.sign(pressed) * (256 ** np.abs(pressed) - 1) / 255 * peak, 8000, RATE), len(samples))
    if kind < 0.5:
        return _length(soxr.resample(soxr.resample(samples, RATE, rate := int(rng.integers(7000, 14000))), rate, RATE), len(samples))
    return through_mp3(samples, int(rng.choice(MP3_RATES)))


def through_mp3(samples: np.ndarray, bits_a_second: int) -> np.ndarray:
    """Encoded and decoded again; the coder's delay is taken out."""
    scaled = (samples / (np.abs(samples).max() + 1e-9) * 30000).astype(np.int16)
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = bits_a_second
        frame = av.AudioFrame.from_ndarray(scaled[None], format="s16p", layout="mono")
        frame.rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    file.seek(0)
    with av.open(file) as container:
        decoded = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]).astype(np.float64)
    return _length(decoded, len(samples))


def _colour(n: int, rng: np.random.Generator) -> np.ndarray:
    spectrum = np.fft.rfft(rng.standard_normal(n))
    return np.fft.irfft(spectrum * np.maximum(np.fft.rfftfreq(n, 1 / RATE), 30) ** -rng.uniform(0, 1.2), n)


def _hum(n: int, rng: np.random.Generator) -> np.ndarray:
    base = float(rng.choice([50.0, 60.0, 100.0, 120.0]))
    time = np.arange(n) / RATE
    tones = sum(rng.uniform(0, 1) / k * np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6)) for k in range(1, 9))
    return tones + 0.05 * _colour(n, rng)


def _chords(n: int, rng: np.random.Generator) -> np.ndarray:
    """Chords of three decaying tones with overtones, one every 0.3 to 1.2 s."""
    out, place = np.zeros(n), 0
    while place < n:
        length = min(int(rng.uniform(0.3, 1.2) * RATE), n - place)
        time = np.arange(length) / RATE
        for semitone in (0, *rng.choice([3, 4, 5, 7, 9, 12], 2, replace=False)):
            pitch = 110 * 2 ** ((rng.integers(0, 24) + semitone) / 12)
            out[place:place + length] += sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 5)) * np.exp(-2 * time)
        place += length
    return out


_NOISES: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {"colour": _colour, "hum": _hum, "chords": _chords}


def _excerpt(chatter: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Three other voices at once."""
    return sum(np.resize(np.roll(chatter, -int(rng.integers(len(chatter))))[:n], n) for _ in range(3))


def _length(samples: np.ndarray, n: int) -> np.ndarray:
    return np.pad(samples, (0, max(0, n - len(samples))))[:n]
