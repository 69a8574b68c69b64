"""Log-mel rows and level of a sound, a hundred a second, computed in pieces: the hearing of every mouth made here."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..host.device import one_thread
from ..host.progress import Progress, Silent
from ..media.sound import Sound
from .stretches import in_stretches

RATE = 16000
HOP = 160
WINDOW = 512
BANDS = 24
LEVEL_HOPS = 4
ORDINARY_MEAN = np.array([-2.6, -1.8, -2.3, -2.6, -2.8, -3.5, -4.1, -4.6, -5.1, -5.3, -5.3, -5.4,
                          -5.5, -5.4, -5.4, -5.6, -5.8, -5.9, -5.9, -6.0, -6.4, -6.8, -7.1, -7.1])
ORDINARY_SPREAD = np.array([3.3, 3.8, 3.7, 3.7, 3.6, 3.5, 3.3, 3.1, 2.9, 2.8, 2.8, 2.8,
                            2.7, 2.7, 2.7, 2.6, 2.5, 2.4, 2.4, 2.4, 2.3, 2.2, 2.2, 2.1])
"""Mean and spread of log(E / mean(E) + 1e-4) per band, measured over 13 speakers of four languages."""


@dataclass(frozen=True)
class SoundRows:
    """What is heard around sample `HOP` * i of the sound at 16 kHz, in row i; n = n_samples // HOP + 1 rows.

    energies: float32 [n, 24], power in each mel band. levels: float32 [n], root mean square over 80 ms around the row.
    n_samples: length of the sound at 16 kHz."""

    energies: np.ndarray
    levels: np.ndarray
    n_samples: int


def sound_rows(sound: Sound, progress: Progress | None = None) -> SoundRows:
    """Hear the whole sound, mixed to one channel at 16 kHz, in pieces of seconds; only the rows are kept (38 MB an hour).

    Raises Cancelled if the user stops the work."""
    energies, hops, n_samples = [], [], 0
    with (progress or Silent()).stage("listening to the speech", total=max(1, round(sound.seconds))) as stage:
        for frames, new in _frames(sound):
            spectrum = np.fft.rfft(frames * _window(), axis=1)
            energies.append(_band_energies(spectrum.real ** 2 + spectrum.imag ** 2))
            own = frames[:, WINDOW // 2:WINDOW // 2 + HOP].astype(np.float64)
            hops.append((own * own).sum(1))
            stage.advance(round((n_samples + new) / RATE) - round(n_samples / RATE))
            n_samples += new
    if not energies:
        return SoundRows(np.zeros((0, BANDS), np.float32), np.zeros(0, np.float32), 0)
    hop_energy = np.concatenate(hops)
    return SoundRows(np.concatenate(energies), _levels(hop_energy, n_samples), n_samples)


def _band_energies(power: np.ndarray) -> np.ndarray:
    """float [n, 257] -> float32 [n, 24]. On one thread: OpenBLAS's own spun for a tenth of a second after each such product."""
    import torch

    with one_thread():
        return (torch.from_numpy(power.astype(np.float32)) @ torch.from_numpy(mel_filters()).T).numpy()


def log_mel(rows: SoundRows, gate: np.ndarray) -> np.ndarray:
    """float32 [n, 24]: log band energies, each band brought to mean 0 and about unit spread; independent of the sound's gain.

    M = log(E / mean(E) + 1e-4), then (M - mean) / (std + 0.3) per band: the rows the weights of `mouth_ridge.json` were fitted on.
    gate: float [n], 0 silence .. 1 voice; pauses count for at most a quarter of the statistics (with nine parts silence the prediction
    would rise by 0.45), and with less than 2 s of voice up to half of mean and spread are those of ordinary speech. Sounds beyond a
    minute are normalised minute by minute. Zero where nothing sounds."""
    return in_stretches(len(rows.energies), lambda stretch: _normalised(rows.energies[stretch], gate[stretch]))


@lru_cache(maxsize=1)
def mel_filters() -> np.ndarray:
    """float32 [24, 257]: triangles of unit height on the scale 2595 log10(1 + f/700), edges spread evenly from 60 to 7600 Hz."""
    low, high = (2595 * np.log10(1 + f / 700) for f in (60.0, 7600.0))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    bins = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rise, fall)).astype(np.float32)


def _normalised(energies: np.ndarray, gate: np.ndarray) -> np.ndarray:
    weight = _statistical_weight(gate)
    power = float(weight @ energies.mean(1, dtype=np.float64)) if len(energies) else 0.0
    if power <= 0:
        return np.zeros_like(energies)
    logs = np.log(energies / np.float32(power) + np.float32(1e-4))
    mean = weight @ logs
    spread = np.sqrt(np.maximum(weight @ (logs * logs) - mean * mean, 0))
    own = np.clip(gate.sum() / 200, 0.5, 1)
    mean, spread = own * mean + (1 - own) * ORDINARY_MEAN, own * spread + (1 - own) * ORDINARY_SPREAD
    return ((logs - mean) / (spread + 0.3)).astype(np.float32)


def _statistical_weight(gate: np.ndarray) -> np.ndarray:
    """float64 [n], sum 1: voice counts in full, silence in full up to a third of the voice's time and thinned beyond; where there is no
    voice at all every row counts alike."""
    voice = float(gate.sum())
    silence = len(gate) - voice
    thinned = min(1.0, voice / 3 / silence) if silence > 0 and voice > 0 else 1.0
    weight = np.asarray(gate, np.float64) * (1 - thinned) + thinned
    return weight / max(weight.sum(), 1e-12)


@lru_cache(maxsize=1)
def _window() -> np.ndarray:
    window = np.zeros(WINDOW, np.float32)
    window[56:456] = np.hanning(400)
    return window


def _frames(sound: Sound) -> Iterator[tuple[np.ndarray, int]]:
    """(float32 [k, 512] windows, a view; how many new samples came) for each piece of the sound, then the windows at its end."""
    held = np.zeros(WINDOW // 2, np.float32)
    total = 0
    for piece in sound.mono(RATE):
        total += len(piece)
        held = np.concatenate([held, piece])
        n_rows = (len(held) - WINDOW) // HOP + 1
        if n_rows > 0:
            yield _windows(held, n_rows), len(piece)
            held = held[n_rows * HOP:]
            continue
        yield np.zeros((0, WINDOW), np.float32), len(piece)
    if total:
        held = np.concatenate([held, np.zeros(WINDOW // 2, np.float32)])
        yield _windows(held, (len(held) - WINDOW) // HOP + 1), 0


def _windows(samples: np.ndarray, n_rows: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP][:n_rows]


def _levels(hop_energy: np.ndarray, n_samples: int) -> np.ndarray:
    """Root mean square over the 640 samples on either side of each row, fewer at the ends."""
    rows = np.arange(len(hop_energy))
    total = np.concatenate([[0.0], np.cumsum(hop_energy)])
    energy = total[np.minimum(rows + LEVEL_HOPS, len(hop_energy))] - total[np.maximum(rows - LEVEL_HOPS, 0)]
    count = np.minimum((rows + LEVEL_HOPS) * HOP, n_samples) - np.maximum(rows - LEVEL_HOPS, 0) * HOP
    return np.sqrt(np.maximum(energy, 0) / np.maximum(count, 1)).astype(np.float32)
