"""The spectral envelope of a voice: what the vocal tract and the recording do, freed of the harmonics of the pitch.

Source of the method: M. Morise, CheapTrick, a spectral envelope estimator for high-quality speech synthesis, Speech Communication 67,
2015: a window of three periods, the power spectrum averaged over two thirds of the pitch, and a lifter that undoes what is left."""
from __future__ import annotations

import numpy as np

UNVOICED = 400.0
"""Pitch in Hz that stands in where there is none: it sets how fine the envelope is."""
_COMPENSATION = -0.15
_FLOOR = 1e-12


def envelopes(samples: np.ndarray, rate: int, marks: np.ndarray, f0: np.ndarray, n_fft: int) -> np.ndarray:
    """float32 [n, n_fft // 2 + 1]: natural logarithm of the power around each mark.

    samples: float32 [m]. marks: int [n], where in samples. f0: Hz at each mark, 0 where unvoiced. n_fft: at least 3 periods."""
    f0 = np.where(f0 > 0, f0, UNVOICED)
    reach = n_fft // 2
    padded = np.pad(samples, (reach, reach))
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[marks]
    at = (np.arange(n_fft) - reach) / rate
    phase = np.clip(at[None] * f0[:, None] / 1.5, -1, 1)
    window = 0.5 + 0.5 * np.cos(np.pi * phase)
    frames = frames * window
    frames -= window * (frames.sum(1, keepdims=True) / window.sum(1, keepdims=True))
    power = np.abs(np.fft.rfft(frames)) ** 2 / (window ** 2).sum(1, keepdims=True)
    power = _below_pitch_mirrored(power, f0, rate / n_fft)
    return _liftered(np.log(_averaged(power, f0 / 1.5, rate / n_fft) + _FLOOR), f0, rate)


def _below_pitch_mirrored(power: np.ndarray, f0: np.ndarray, step: float) -> np.ndarray:
    """Below the pitch there is no harmonic: the spectrum's mirror at the pitch is added there."""
    bins = np.arange(power.shape[1])
    mirrored = np.clip(f0[:, None] / step - bins, 0, None)
    below = np.take_along_axis(power, mirrored.round().astype(int), 1)
    return power + np.where(mirrored > 0, below, 0)


def _averaged(power: np.ndarray, width: np.ndarray, step: float) -> np.ndarray:
    """The mean of each row over `width` Hz around each bin."""
    n_bins = power.shape[1]
    reach = int(np.ceil(width.max() / step)) + 2
    wide = np.concatenate([power[:, reach:0:-1], power, power[:, -2:-reach - 2:-1]], 1)
    total = np.pad(np.cumsum(wide, 1), ((0, 0), (1, 0)))
    half = 0.5 * width[:, None] / step
    centre = np.arange(n_bins)[None] + reach + 0.5
    return (_between(total, centre + half) - _between(total, centre - half)) / (2 * half)


def _between(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    low = places.astype(int)
    share = places - low
    return (1 - share) * np.take_along_axis(rows, low, 1) + share * np.take_along_axis(rows, low + 1, 1)


def _liftered(log_power: np.ndarray, f0: np.ndarray, rate: int) -> np.ndarray:
    quefrency = np.arange(log_power.shape[1]) / rate
    cycles = f0[:, None] * quefrency[None]
    lifter = np.sinc(cycles) * ((1 - 2 * _COMPENSATION) + 2 * _COMPENSATION * np.cos(2 * np.pi * cycles))
    cepstrum = np.fft.irfft(log_power)
    half = log_power.shape[1]
    lifted = cepstrum[:, :half] * lifter
    return np.fft.rfft(np.concatenate([lifted, lifted[:, -2:0:-1]], 1)).real.astype(np.float32)
