"""How loud a sound is to people: integrated loudness after ITU-R BS.1770-4 / EBU R 128."""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.signal import sosfilt

from ..host.progress import Progress, Silent
from ..media.sound import Sound

_STEPS = 4  # a block of 400 ms is four steps of 100 ms, blocks overlap by three
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_OFFSET = -0.691
_AROUND = 1.41  # weight of the surround channels


@dataclass(frozen=True)
class Loudness:
    """integrated: LUFS, -inf for silence and for less than 0.4 s. peak: the largest sample, 1.0 being full scale."""

    integrated: float
    peak: float


def loudness(sound: Sound, progress: Progress | None = None) -> Loudness:
    """Measure the whole sound in pieces (ten numbers a second are kept). Raises Cancelled if the user stops the work."""
    filters, weights = _k_weighting(sound.rate), _channel_weights(sound.channels)
    state = np.zeros((len(filters), sound.channels, 2))
    step = sound.rate // 10
    powers, peak, rest = [], 0.0, np.zeros((sound.channels, 0))
    with (progress or Silent()).stage("measuring the loudness", total=max(1, round(sound.seconds))) as stage:
        for block in sound.blocks(10.0):
            peak = max(peak, float(np.abs(block).max(initial=0)))
            heard, state = sosfilt(filters, block.astype(np.float64), axis=1, zi=state)
            heard = np.concatenate([rest, heard], axis=1)
            whole = heard.shape[1] // step * step
            steps = heard[:, :whole].reshape(sound.channels, -1, step)
            powers.append(weights @ (steps * steps).mean(2))
            rest = heard[:, whole:]
            stage.advance(round(block.shape[1] / sound.rate))
    return Loudness(_gated(np.concatenate(powers) if powers else np.zeros(0)), peak)


def _gated(powers: np.ndarray) -> float:
    """LUFS of the power of each 100 ms, pauses left out."""
    if len(powers) < _STEPS:
        return -math.inf
    blocks = np.convolve(powers, np.ones(_STEPS) / _STEPS, "valid")
    loud = blocks[_lufs(blocks) > _ABSOLUTE_GATE]
    if not len(loud):
        return -math.inf
    loud = loud[_lufs(loud) > _lufs(loud.mean()) + _RELATIVE_GATE]
    return float(_lufs(loud.mean()))


def _lufs(power: np.ndarray) -> np.ndarray:
    return _OFFSET + 10 * np.log10(np.maximum(power, 1e-15))


def _k_weighting(rate: int) -> np.ndarray:
    """Second-order sections [2, 6]: the shelf of the head and the high-pass, whose analogue form gives the standard's coefficients at
    48 kHz (B. De Man, Evaluation of implementations of the EBU R128 loudness measurement, 2018)."""
    k, q, gain = math.tan(math.pi * 1681.974450955533 / rate), 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    part = gain**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [(gain + part * k / q + k * k) / a0, 2 * (k * k - gain) / a0, (gain - part * k / q + k * k) / a0,
             1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    return np.array([shelf, [1, -2, 1, 1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]])


def _channel_weights(channels: int) -> np.ndarray:
    """Of 5.1 and wider: the deep channel is not heard, those behind count more."""
    weights = np.ones(channels)
    if channels >= 6:
        weights[3], weights[4:] = 0.0, _AROUND
    return weights
