"""From the curves of a speech to the numbers that move a photo's mouth."""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...speech.mouth import MouthCurves
from ...speech.phoneme_curves import LEAD
from ...speech.smoothing import gaussian
from ...speech.speech import Phoneme
from .mouth_fields import NUMBERS
from .photo_grid import smoothstep

WIDEST = 0.075
"""Opening of the lips at a wide "a", face heights."""
WIDEST_PARTED = 0.13
"""The same on a photo whose mouth stands open already."""
BEYOND_PARTED = 0.06
"""How far such a mouth opens beyond its own gap, face heights, as the jaw has that way whatever the lips do. With less for lips that
show teeth, the mesh, which takes parted lips over teeth for shut, saw too little of a small mouth's speech."""
FASTEST = 0.70
"""Face heights a second: the 95th percentile measured on people who speak is 0.4 to 0.7."""
JAW_IN_SMILES = 0.30
"""Share of an opening that the jaw makes although the photo's own gap would be wide enough: smiles too are spoken with the jaw."""
EDGE = 0.15
"""Seconds in which the mouth leaves the photo's own at the start and comes back to it at the end."""
EVEN = 0.02
"""Seconds a row where a curve is smoothed: the frames of a film may be unevenly spaced."""
TONGUE_UP = frozenset("lntdɾɫ")
TONGUE_OUT = frozenset("θð")


@dataclass(frozen=True)
class MouthMotion:
    """One row an output frame. numbers: float32 [n, 9], see `mouth_fields.NUMBERS`. opening: float32 [n], distance of the lips that is
    meant, face heights. tongue: float32 [n], 0 at rest .. 1 its tip at the upper teeth. All 0 (opening: the photo's gap) = the photo."""

    numbers: np.ndarray
    opening: np.ndarray
    tongue: np.ndarray


def mouth_motion(curves: MouthCurves, times: np.ndarray, gap: float, amount: float, phonemes: tuple[Phoneme, ...] | None) -> MouthMotion:
    """curves: of the speech, read at the output frames. times: float64 [n], seconds of these, rising. gap: the photo's own opening,
    face heights. amount: 1 is natural. phonemes: where known, they raise the tongue.

    The first and the last row are the photo at rest. Openings are made slower only by lowering them, so that closures keep their moment."""
    edge = _edge(times)
    a = np.clip(curves.opening, 0, 1.15) * edge
    press, bite = curves.closure * edge, curves.dental * edge
    spread, rounded = np.clip(curves.width, 0, 1) * edge, np.clip(-curves.width, 0, 1) * edge
    wide = WIDEST * a ** 1.05 * (1 - 0.25 * rounded) * (1 - 0.12 * spread) + 0.004 * spread * np.minimum(1, 4 * a)
    wide = _slowed(wide * amount, times)
    opening, shut, extra = wide, np.zeros_like(wide), wide
    if gap > 0:
        speaking = _speaking(curves.gate, times) * edge
        widest = gap + float(np.clip(WIDEST_PARTED - gap, 0.012, BEYOND_PARTED))
        wide = wide * max(1.0, widest / WIDEST)
        opening = np.where(speaking > 0, wide + (1 - speaking) * gap, gap)
        extra = np.maximum(opening - gap, JAW_IN_SMILES * wide)
        shut = np.clip(1 - (opening - extra) / gap, 0, 1)
    numbers = _numbers(extra, spread, rounded, press, bite, shut, gap)
    return MouthMotion(numbers, opening.astype(np.float32), (_tongue(phonemes, times) * edge).astype(np.float32))


def _numbers(opening: np.ndarray, spread: np.ndarray, rounded: np.ndarray, press: np.ndarray, bite: np.ndarray, shut: np.ndarray,
             gap: float) -> np.ndarray:
    """float32 [n, 9] in the order of NUMBERS. Small openings are made by the lips, wide ones by the jaw."""
    open_wide = smoothstep(0.02, 0.06, opening)
    jaw = opening * (0.28 + 0.42 * smoothstep(0.008, 0.045, opening))
    raised = 0.14 * opening + 0.004 * spread * np.minimum(1, opening / 0.012) + 0.015 * bite
    lip = np.maximum(0, opening - jaw - raised)
    narrow = np.clip(0.6 * np.clip(1 - opening / 0.03, 0, 1) * (1 - spread) + 0.4 * rounded, 0, 1)
    grin = min(gap / 0.05, 1.0)
    values = {
        "jaw": jaw,
        "lower_wide": lip * (1 - narrow) - 0.003 * press - 0.004 * bite,
        "lower_narrow": lip * narrow,
        "upper_raise": raised - 0.0025 * press,
        "corners_up": 0.006 * spread - 0.002 * open_wide - 0.006 * grin * shut,
        "pout": 0.010 * rounded - 0.0035 * press - 0.003 * spread,
        "brows": np.zeros_like(opening),
        "shut": shut,
        "width": 0.10 * spread - 0.17 * rounded - 0.05 * open_wide - 0.07 * grin * shut,
    }
    return np.stack([values[name] for name in NUMBERS], 1).astype(np.float32)


def _edge(times: np.ndarray) -> np.ndarray:
    """0 at the first and the last frame, 1 between."""
    return smoothstep(0, EDGE, times - times[0]) * smoothstep(0, EDGE, times[-1] - times)


def _slowed(opening: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The largest curve below `opening` that nowhere changes faster than FASTEST: min over j of opening[j] + FASTEST |t - t[j]|."""
    way = FASTEST * times
    rising = np.minimum.accumulate(opening - way) + way
    return np.minimum.accumulate((rising + way)[::-1])[::-1] - way


def _speaking(gate: np.ndarray, times: np.ndarray) -> np.ndarray:
    """0 in long pauses, where a smile comes back, 1 in speech and in gaps of up to a quarter of a second between words, [n]."""
    even = np.arange(times[0], times[-1] + EVEN, EVEN)
    rows = np.interp(even, times, gate).astype(np.float32)
    held = cv2.dilate(rows[None], np.ones((1, 2 * round(0.14 / EVEN) + 1), np.uint8))[0]
    return np.interp(times, even, gaussian(np.minimum(1, 1.5 * held), 0.07 / EVEN))


def _tongue(phonemes: tuple[Phoneme, ...] | None, times: np.ndarray) -> np.ndarray:
    """0..1 [n]: the tip at the upper teeth for l n t d, a little less for th."""
    up = np.zeros(len(times))
    for sound in phonemes or ():
        strength = 1.0 if sound.symbol[:1] in TONGUE_UP else 0.9 if sound.symbol[:1] in TONGUE_OUT else 0.0
        if strength:
            middle = (sound.start + sound.end) / 2 - LEAD
            first, last = np.searchsorted(times, [middle - 0.2, middle + 0.2])
            near = times[first:last]
            up[first:last] = np.maximum(up[first:last], strength * np.exp(-0.5 * ((near - middle) / 0.035) ** 2))
    return up
