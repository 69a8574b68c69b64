"""The 13 mel-frequency cepstral coefficients that SyncNet listens to, computed while the sound is read.

The numbers are those of the package python_speech_features with its defaults, which github.com/joonson/syncnet_python calls: windows of
25 ms every 10 ms without a window function, 26 triangles on the HTK mel scale, the first coefficient replaced by the log energy. Samples
reach to ±32768 there, and so they do here."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from ..host.progress import Progress, Silent
from ..media.sound import Sound

RATE = 16000
HOP, WINDOW = 160, 400
COEFFICIENTS = 13

_FFT, _BANDS, _LIFTER, _PRE_EMPHASIS = 512, 26, 22, 0.97
_FULL = 32768


def sound_mfcc(sound: Sound, progress: Progress | None = None) -> np.ndarray:
    """float32 [columns, 13] of a sound, a column every 10 ms (19 MB for an hour). Raises Cancelled."""
    progress = progress or Silent()

    def pieces() -> Iterator[np.ndarray]:
        for piece in sound.mono(RATE):
            progress.check()
            yield np.clip(np.round(piece.astype(np.float64) * _FULL), -_FULL, _FULL - 1)

    return np.concatenate(list(mfcc(pieces())) or [np.zeros((0, COEFFICIENTS), np.float32)])


def mfcc(pieces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """float32 [k, 13] pieces of the coefficients of samples at 16 kHz that come in pieces (whole numbers to ±32768). Together they are
    1 + ceil((n - 400) / 160) columns of n samples, at least one, the end padded with zeros; none of no samples."""
    held, before, done, n = np.zeros(0), 0.0, 0, 0
    for piece in pieces:
        if not len(piece):
            continue
        piece = np.asarray(piece, np.float64)
        emphasised = piece - _PRE_EMPHASIS * np.concatenate([[before], piece[:-1]])
        before, n = piece[-1], n + len(piece)
        held = np.concatenate([held, emphasised])
        ready = max(0, (len(held) - WINDOW) // HOP + 1)
        if ready:
            yield _coefficients(held, ready)
            held, done = held[ready * HOP:], done + ready
    columns = (1 + max(0, -(-(n - WINDOW) // HOP))) if n else 0
    if columns > done:
        yield _coefficients(np.pad(held, (0, (columns - done - 1) * HOP + WINDOW - len(held))), columns - done)


def _coefficients(samples: np.ndarray, columns: int) -> np.ndarray:
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[: columns * HOP : HOP]
    power = np.abs(np.fft.rfft(frames, _FFT)) ** 2 / _FFT
    tiny = np.finfo(np.float64).eps
    energy, bands = power.sum(1), power @ _triangles().T
    logs = np.log(np.where(bands == 0, tiny, bands))
    made = (logs @ _cosines().T) * _lifter()
    made[:, 0] = np.log(np.where(energy == 0, tiny, energy))
    return made.astype(np.float32)


@lru_cache(maxsize=1)
def _triangles() -> np.ndarray:
    """[26, 257]: triangles between 28 points, evenly spread on the HTK mel scale from 0 to 8000 Hz."""
    mels = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), _BANDS + 2)
    bins = np.floor((_FFT + 1) * 700 * (10 ** (mels / 2595) - 1) / RATE)
    made = np.zeros((_BANDS, _FFT // 2 + 1))
    for band, (low, middle, high) in enumerate(zip(bins[:-2], bins[1:-1], bins[2:], strict=True)):
        rising, falling = np.arange(int(low), int(middle)), np.arange(int(middle), int(high))
        made[band, rising] = (rising - low) / (middle - low)
        made[band, falling] = (high - falling) / (high - middle)
    return made


@lru_cache(maxsize=1)
def _cosines() -> np.ndarray:
    """[13, 26]: the first rows of the orthonormal DCT-II."""
    n, k = np.arange(_BANDS), np.arange(COEFFICIENTS)[:, None]
    made = np.sqrt(2 / _BANDS) * np.cos(np.pi * k * (2 * n + 1) / (2 * _BANDS))
    made[0] /= np.sqrt(2)
    return made


@lru_cache(maxsize=1)
def _lifter() -> np.ndarray:
    return 1 + _LIFTER / 2 * np.sin(np.pi * np.arange(COEFFICIENTS) / _LIFTER)
