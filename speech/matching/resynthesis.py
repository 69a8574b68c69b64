"""A voice resynthesised grain by grain: another pitch, formants moved, bands louder and softer, no sample earlier or later."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .grains import Marks, cut, placed, repitched

_BLOCK = 512
_LONGEST_SIDE = 0.02
"""Seconds a grain may reach to either side and still fit the transform after the widest warp."""


@dataclass(frozen=True)
class Change:
    """pitch: float [n], factor at each mark. warp: factor of every formant. bands: Hz at which the gains are given; voiced, unvoiced: float
    [k], ln of the amplitude there; beyond the last band its gain holds."""

    pitch: np.ndarray
    warp: float
    bands: np.ndarray
    voiced: np.ndarray
    unvoiced: np.ndarray


def resynthesised(samples: np.ndarray, rate: int, marks: Marks, change: Change) -> np.ndarray:
    """float32 [n], as loud on the whole as it was. samples: float32 [n]."""
    n_fft = 1 << int(np.ceil(np.log2(8 * _LONGEST_SIDE * rate)))
    places, chosen = repitched(marks, change.pitch)
    bins = np.arange(n_fft // 2 + 1) * rate / n_fft
    gains = {voiced: np.exp(np.interp(bins, change.bands, gain)) for voiced, gain in ((True, change.voiced), (False, change.unvoiced))}
    out = np.zeros(len(samples) + n_fft, np.float32)
    for at in range(0, len(chosen), _BLOCK):
        some = chosen[at:at + _BLOCK]
        voiced = marks.f0[some] > 0
        spectra = np.fft.rfft(np.fft.ifftshift(cut(samples, marks, some, n_fft), axes=1))
        spectra = _warped(spectra, change.warp) * np.where(voiced[:, None], gains[True], gains[False])
        loudness = np.where(voiced, 1 / np.sqrt(change.pitch[some]), 1.0)
        grains = np.fft.fftshift(np.fft.irfft(spectra, n_fft), axes=1) * loudness[:, None]
        placed(grains.astype(np.float32), places[at:at + _BLOCK], out)
    new = out[n_fft // 2:n_fft // 2 + len(samples)]
    before, after = (float(np.square(sound, dtype=np.float64).mean()) for sound in (samples, new))
    return new * np.float32(np.sqrt(before / after)) if after > 0 else new


def _warped(spectra: np.ndarray, warp: float) -> np.ndarray:
    """Spectra [n, bins] of grains centred at sample 0, stretched along the frequency; what would come from beyond the top is silent."""
    if warp == 1:
        return spectra
    top = spectra.shape[1] - 1
    source = np.arange(top + 1) / warp
    low = np.minimum(source.astype(int), top - 1)
    share = source - low
    return np.where(source <= top, (1 - share) * spectra[:, low] + share * spectra[:, low + 1], 0)
