"""The mel spectrogram that Wav2Lip and its SyncNet listen to, computed while the sound is read, and which part of it each frame hears.

The numbers are those of github.com/Rudrabha/Wav2Lip (audio.py, hparams.py) with librosa 0.7, whose ends are reflected; librosa 0.10 pads
them with zeros, which changes the first and last two columns by up to a quarter of the range.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from ..host.progress import Progress, Silent
from ..media.clock import Clock
from ..media.sound import Sound
from .mel_bands import slaney_filters

RATE = 16000
HOP = 200
COLUMNS_PER_SECOND = RATE // HOP
BANDS = 80
WINDOW_COLUMNS = 16
"""Columns a frame hears: 0.2 s, five frames of the 25 a second the networks were trained on."""

SILENCE = -4.0
"""Value of every band where nothing sounds: -100 dB and below."""

_FFT = 800
_PRE_EMPHASIS = 0.97
_LOWEST, _HIGHEST = 55.0, 7600.0
_FLOOR = 1e-5


def wav2lip_mel(sound: Sound, progress: Progress | None = None) -> np.ndarray:
    """float32 [80, 1 + n // 200] of a sound of n samples at 16 kHz, -4 .. 4; column t is centred on sample 200 t.

    Takes 92 MB for an hour; `mel_windows` takes nothing. Raises Cancelled."""
    pieces = list(mel_pieces(sound, progress))
    return np.concatenate(pieces, 0).T if pieces else np.zeros((BANDS, 0), np.float32)


def mel_pieces(sound: Sound, progress: Progress | None = None) -> Iterator[np.ndarray]:
    """The same in pieces of seconds, each float32 [k, 80]: one row for a column. Raises Cancelled."""
    progress = progress or Silent()
    for frames in _frames(sound.mono(RATE)):
        progress.check()
        spectrum = np.abs(np.fft.rfft(frames * _hann(), axis=1))
        decibel = 20 * np.log10(np.maximum(_FLOOR, spectrum @ mel_filters().T)) - 20
        yield np.clip(8 * (decibel + 100) / 100 - 4, -4, 4).astype(np.float32)


def mel_windows(sound: Sound, starts: Iterable[int], gate: np.ndarray | None = None, progress: Progress | None = None
                ) -> Iterator[np.ndarray]:
    """float32 [80, 16] for each of `starts`, the first columns of windows in rising order; what lies before the sound or behind its end
    is silence. Memory: one piece of the sound, however long it is.

    gate: float [n], 0 silence to 1 voice, one value for each column (none: 1): in between the sound is faded into silence, so that noise
    in a pause moves no lips. Raises Cancelled, ValueError for starts that fall."""
    pieces = mel_pieces(sound, progress)
    held, low, over = np.zeros((0, BANDS), np.float32), 0, False
    for start in starts:
        if start < low and start >= 0:
            raise ValueError(f"window {start} is asked for after column {low} was let go")
        while not over and low + len(held) < start + WINDOW_COLUMNS:
            piece = next(pieces, None)
            over = piece is None
            if not over:
                held = np.concatenate([held, _gated(piece, low + len(held), gate)])
            past = min(max(0, start - low), len(held))
            held, low = held[past:], low + past
        yield _window(held, low, start)


def window_starts(clock: Clock, first: int, stop: int, delay_ms: int = 0) -> np.ndarray:
    """int64: for frames first .. stop-1 the first column of what they hear, floor(80 t) of their time t, in whole numbers at any rational
    rate. delay_ms: how much earlier speech they hear, so that the mouth comes later; 0 is the published inference, one frame of 25
    a second (40 ms) is how the networks were trained."""
    if clock.is_even:
        rate, per = clock.fps.numerator, clock.fps.denominator
        frames = np.arange(first, stop, dtype=np.int64)
        return (frames * (per * 1000) - delay_ms * rate) * COLUMNS_PER_SECOND // (rate * 1000)
    times = clock.times[first:stop]
    return np.floor((times - delay_ms / 1000) * COLUMNS_PER_SECOND + 1e-6).astype(np.int64)


@lru_cache(maxsize=1)
def mel_filters() -> np.ndarray:
    """float64 [80, 401]: the bands of `slaney_filters`, from 55 to 7600 Hz."""
    return slaney_filters(RATE, _FFT, BANDS, _LOWEST, _HIGHEST)


@lru_cache(maxsize=1)
def _hann() -> np.ndarray:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT)


def _frames(pieces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """float64 [k, 800] windows, a view each, every 200 samples of the pre-emphasised sound with its ends reflected."""
    half = _FFT // 2
    held, n_samples, begun = np.zeros(0), 0, False
    for piece in _emphasised(pieces):
        n_samples += len(piece)
        held = np.concatenate([held, piece])
        if not begun and len(held) > half:
            held, begun = np.concatenate([held[half:0:-1], held]), True
        count = (len(held) - _FFT) // HOP + 1 if begun and len(held) >= _FFT else 0
        if count:
            yield np.lib.stride_tricks.sliding_window_view(held, _FFT)[::HOP][:count]
            held = held[count * HOP:]
    if not n_samples:
        return
    if not begun:  # too short to be reflected: silence is put behind it
        held = np.pad(held, (0, half + 1 - len(held)))
        held = np.concatenate([held[half:0:-1], held])
    whole = np.concatenate([held, held[-2:-half - 2:-1]])
    count = (len(whole) - _FFT) // HOP + 1 if begun else 1 + n_samples // HOP
    yield np.lib.stride_tricks.sliding_window_view(whole, _FFT)[::HOP][:count]


def _emphasised(pieces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """y[n] = x[n] - 0.97 x[n - 1], float64, across the pieces."""
    before = 0.0
    for piece in pieces:
        if len(piece):
            now = piece.astype(np.float64)
            yield now - _PRE_EMPHASIS * np.concatenate([[before], now[:-1]])
            before = now[-1]


def _gated(piece: np.ndarray, first: int, gate: np.ndarray | None) -> np.ndarray:
    if gate is None:
        return piece
    here = np.ones(len(piece), np.float32)
    given = gate[first:first + len(piece)]
    here[:len(given)] = given
    return np.float32(SILENCE) + (piece - np.float32(SILENCE)) * here[:, None]


def _window(held: np.ndarray, low: int, start: int) -> np.ndarray:
    """Columns start .. start + 15 of what is held from column `low` on."""
    window = np.full((BANDS, WINDOW_COLUMNS), SILENCE, np.float32)
    first, stop = max(start, low), min(start + WINDOW_COLUMNS, low + len(held))
    if stop > first:
        window[:, first - start:stop - start] = held[first - low:stop - low].T
    return window
