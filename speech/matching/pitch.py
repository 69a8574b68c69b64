"""The fundamental frequency of a voice, a hundred times a second: autocorrelation and the cheapest path through its peaks.

Source of the method: P. Boersma, Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled
sound, IFA Proceedings 17, 1993; the costs are the paper's. It is done twice, the second time within the speaker's own range: D. Hirst, The
analysis by synthesis of speech melody, Journal of Speech Sciences 1, 2011."""
from __future__ import annotations

import numpy as np

RATE = 16000
HOP = 160
LOWEST, HIGHEST = 60.0, 600.0
"""Hz."""
_PERIODS = 3
"""Periods of the lowest pitch in a window."""
_OWN_RANGE = 0.6, 2.5
"""Factors of the first and the third quartile of the pitch between which a speaker's own pitch is looked for."""
_FFT = 2048
_CANDIDATES = 6
_VOICING, _SILENCE = 0.45, 0.03
_OCTAVE, _JUMP, _SWITCH = 0.01, 0.35, 0.14
_BLOCK = 1000


def pitch(samples: np.ndarray) -> np.ndarray:
    """float32 [len(samples) // 160 + 1]: Hz around sample 160 * i, 0 where the voice does not sound. samples: float32 [n] at 16 kHz."""
    first = _pitch_between(samples, LOWEST, HIGHEST)
    voiced = first[first > 0]
    if len(voiced) < 10:
        return first
    low, high = np.percentile(voiced, (25, 75)) * _OWN_RANGE
    return _pitch_between(samples, max(low, LOWEST), min(high, HIGHEST))


def _pitch_between(samples: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    size = round(_PERIODS * RATE / lowest / 2) * 2
    padded = np.pad(samples.astype(np.float32), (size // 2, size // 2 + HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::HOP][:len(samples) // HOP + 1]
    loudest = float(np.abs(samples).max(initial=0))
    if loudest == 0:
        return np.zeros(len(frames), np.float32)
    found = [_candidates(frames[at:at + _BLOCK], loudest, lowest, highest) for at in range(0, len(frames), _BLOCK)]
    frequency, strength = (np.concatenate(part) for part in zip(*found, strict=True))
    path = _cheapest_path(frequency, strength)
    return frequency[np.arange(len(path)), path].astype(np.float32)


def _candidates(frames: np.ndarray, loudest: float, lowest: float, highest: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies [n, 1 + 6] and strengths [n, 1 + 6] of windows [n, size]; the first is "unvoiced", frequency 0."""
    centred = frames - frames.mean(1, keepdims=True)
    size = frames.shape[1]
    window = np.hanning(size).astype(np.float32)
    peak = np.abs(centred[:, size // 3:-size // 3]).max(1)
    correlation = np.fft.irfft(np.abs(np.fft.rfft(centred * window, _FFT)) ** 2)
    own = np.fft.irfft(np.abs(np.fft.rfft(window, _FFT)) ** 2)
    low, high = int(RATE / highest), int(RATE / lowest) + 1
    shape = correlation[:, :high + 2] / np.maximum(correlation[:, :1], 1e-12) / (own[:high + 2] / own[0])
    middle, left, right = shape[:, low:high + 1], shape[:, low - 1:high], shape[:, low + 1:high + 2]
    bend = left - 2 * middle + right
    shift = np.where(bend < 0, np.clip(0.5 * (left - right) / np.minimum(bend, -1e-9), -0.5, 0.5), 0)
    frequency = RATE / (np.arange(low, high + 1) + shift)
    height = np.minimum(middle - 0.25 * (left - right) * shift, 1)
    strength = height - _OCTAVE * np.log2(lowest / frequency)
    strength = np.where((middle > left) & (middle >= right) & (middle > 0.5 * _VOICING), strength, -1)
    best = np.argpartition(-strength, _CANDIDATES, 1)[:, :_CANDIDATES]
    unvoiced = _VOICING + np.maximum(0, 2 - (peak / loudest) / (_SILENCE / (1 + _VOICING)))
    strength, frequency = (np.take_along_axis(part, best, 1) for part in (strength, frequency))
    return (np.pad(frequency * (strength > -1), ((0, 0), (1, 0))), np.concatenate([unvoiced[:, None], strength], 1))


def _cheapest_path(frequency: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Viterbi: int [n], which candidate each row takes; jumps of the pitch and switches of voicing cost."""
    octaves = np.log2(np.maximum(frequency, 1))
    voiced = frequency > 0
    best, came_from = strength[0].copy(), np.zeros(frequency.shape, np.int16)
    for at in range(1, len(frequency)):
        both = voiced[at - 1][:, None] & voiced[at][None]
        cost = np.where(both, _JUMP * np.abs(octaves[at - 1][:, None] - octaves[at][None]),
                        _SWITCH * (voiced[at - 1][:, None] != voiced[at][None]))
        total = best[:, None] - cost
        came_from[at] = total.argmax(0)
        best = total.max(0) + strength[at]
    path = np.empty(len(frequency), int)
    path[-1] = best.argmax()
    for at in range(len(frequency) - 1, 0, -1):
        path[at - 1] = came_from[at, path[at]]
    return path
