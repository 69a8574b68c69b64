"""Mel bands on Slaney's scale (Auditory Toolbox, 1998): linear to 1 kHz, logarithmic above."""
from __future__ import annotations

import numpy as np

_LINEAR, _BEND, _STEP = 200 / 3, 1000.0, np.log(6.4) / 27


def slaney_filters(rate: int, fft: int, bands: int, lowest: float, highest: float) -> np.ndarray:
    """float64 [bands, fft // 2 + 1]: triangles from `lowest` to `highest` Hz, each of area 1, for spectra of `fft` samples."""
    edges = _hertz(np.linspace(_mel(lowest), _mel(highest), bands + 2))
    bins = np.arange(fft // 2 + 1) * rate / fft
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def _mel(hertz: float) -> float:
    return hertz / _LINEAR if hertz < _BEND else _BEND / _LINEAR + float(np.log(hertz / _BEND)) / _STEP


def _hertz(mel: np.ndarray) -> np.ndarray:
    bend = _BEND / _LINEAR
    return np.where(mel < bend, mel * _LINEAR, _BEND * np.exp(_STEP * (mel - bend)))
