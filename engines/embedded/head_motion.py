"""How the head of a photo moves while it speaks: slow sway, nods on loud syllables, breath; and what the eyes do: blinks and glances.

Everything is a function of the output frames' times and a seed, so the same seed gives the same film at any frame rate and however it is
cut into pieces. Amounts and times after what looked alive without drawing the eye; blink times after Stern et al., 1984 (closing about
0.1 s, opening 0.2 s)."""
from __future__ import annotations

import numpy as np

from ...media.sound import Sound
from .head_fields import MOTIONS
from .photo_grid import smoothstep

HOP = 160
FADE = 0.8
DEGREE = np.pi / 180
NOD_SPACING = 0.55


def sound_levels(sound: Sound) -> np.ndarray:
    """float32 [n]: root mean square of every 10 ms of a sound, read in pieces."""
    levels, held = [], np.zeros(0, np.float32)
    for piece in sound.mono(100 * HOP):
        held = np.concatenate([held, piece])
        whole = len(held) // HOP
        levels.append(np.sqrt((held[:whole * HOP].reshape(whole, HOP).astype(np.float64) ** 2).mean(1)))
        held = held[whole * HOP:]
    return np.concatenate(levels).astype(np.float32) if levels else np.zeros(0, np.float32)


def head_motion(times: np.ndarray, levels: np.ndarray, voice: np.ndarray, amount: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Motions float32 [n, 6] in the order of `head_fields.MOTIONS`, and how far the brows go up, float32 [n] in face heights.

    times: float64 [n] seconds. levels: of the sound, 100 a second. voice: float32 [n], 0 silence .. 1 voice. amount: 1 is natural.
    The first and the last row are zero."""
    random = np.random.default_rng([seed, 1])
    phase = random.uniform(0, 2 * np.pi, 9)

    def wave(hertz: float, k: int) -> np.ndarray:
        return np.sin(2 * np.pi * hertz * times + phase[k])

    fade = smoothstep(0, FADE, times - times[0]) * smoothstep(0, FADE, times[-1] - times)
    sway = fade * (0.6 + 0.4 * _calm(voice, times))
    nod, brows = _emphasis(times, levels, random)
    motions = {
        "yaw": sway * DEGREE * (2.2 * wave(0.137, 0) + 1.1 * wave(0.31, 1) + 0.4 * wave(0.71, 2)),
        "pitch": DEGREE * (sway * (1.0 * wave(0.17, 3) + 0.5 * wave(0.41, 4)) + fade * 1.8 * nod),
        "roll": sway * DEGREE * (0.9 * wave(0.11, 5) + 0.45 * wave(0.27, 6)),
        "across": sway * (0.006 * wave(0.137, 0) + 0.003 * wave(0.23, 7)),
        "down": fade * (0.003 * wave(0.19, 8) + 0.006 * nod),
        "breath": fade * 0.004 * (0.5 - 0.5 * np.cos(2 * np.pi * (times - times[0]) / 3.7)),
    }
    rows = np.stack([amount * motions[name] for name in MOTIONS], 1).astype(np.float32)
    rows[:, :2] = np.clip(rows[:, :2], -3.5 * DEGREE, 3.5 * DEGREE)
    return rows, (amount * 0.010 * fade * brows).astype(np.float32)


def blinks(times: np.ndarray, amount: float, seed: int) -> np.ndarray:
    """float32 [n]: 0 open .. 1 shut. A blink closes in 0.10 s, holds 0.04 s, opens in 0.20 s; about every 3 s, now and then two."""
    closure = np.zeros(len(times))
    if amount <= 0:
        return closure.astype(np.float32)
    random = np.random.default_rng([seed, 2])
    start, end = times[0] + 1.0 + 0.6 * random.uniform(), times[-1] - 0.45
    while start < end:
        first, last = np.searchsorted(times, [start, start + 0.34])
        x = times[first:last] - start
        closure[first:last] = np.maximum(closure[first:last], smoothstep(0, 0.10, x) * (1 - smoothstep(0.14, 0.34, x)))
        pause = random.uniform(1.9, 4.3) / amount
        start += max(0.42, pause - 1.5) if random.uniform() < 0.125 else pause
    return closure.astype(np.float32)


def glances(times: np.ndarray, motions: np.ndarray, amount: float, seed: int) -> np.ndarray:
    """float32 [n, 2]: how far the irises go right and down, eye lengths: jumps of 0.06 s every 0.5 to 1.9 s, nearly half of them back
    to the viewer, and the counter-turn that keeps the eyes where they look while the head turns."""
    steps = np.zeros((len(times), 2))
    if amount <= 0:
        return steps.astype(np.float32)
    random = np.random.default_rng([seed, 3])
    at, looks = times[0] + 0.9, np.zeros(2)
    while at < times[-1] - 0.6:
        away = random.uniform() < 0.55
        there = np.array([random.uniform(-0.055, 0.055), random.uniform(-0.018, 0.022)]) if away else np.zeros(2)
        _jump(steps, times, at, there - looks)
        at, looks = at + random.uniform(0.5, 1.9) / amount, there
    _jump(steps, times, times[-1] - 0.5, -looks)
    return (np.cumsum(steps, axis=0) + motions[:, :2] * [-0.40, -0.30]).astype(np.float32)


def _jump(steps: np.ndarray, times: np.ndarray, at: float, by: np.ndarray) -> None:
    """Add a move by `by` [2] over 0.06 s to the changes from row to row [n, 2]."""
    first, last = np.searchsorted(times, [at, at + 0.06])
    share = smoothstep(0, 0.06, np.append(times[first:last], at + 0.06) - at)
    rows = slice(first, min(last + 1, len(times)))
    steps[rows] += (np.diff(share, prepend=0.0)[:, None] * by)[:rows.stop - first]


def _calm(voice: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The voice curve [n] smoothed over about a second, by times."""
    if len(times) < 2:
        return voice
    even = np.arange(times[0], times[-1] + 0.04, 0.04)
    kernel = np.hanning(27)[1:-1] / np.hanning(27).sum()
    return np.interp(times, even, np.convolve(np.pad(np.interp(even, times, voice), 12, mode="edge"), kernel, "valid"))


def _emphasis(times: np.ndarray, levels: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Nods [n] (about 1, after a small rise of the head) and lifts of the brows [n] (up to 1) at the loudest syllables."""
    nod, brows = np.zeros(len(times)), np.zeros(len(times))
    for peak in _peaks(levels):
        size = random.uniform(0.6, 1.2)
        lift = random.uniform(0.5, 1.0) if random.uniform() < 0.4 else 0.0
        first, last = np.searchsorted(times, [peak - 0.9, peak + 0.9])
        x = times[first:last] - peak
        nod[first:last] += size * (np.exp(-0.5 * ((x - 0.02) / 0.13) ** 2) - 0.45 * np.exp(-0.5 * ((x + 0.22) / 0.15) ** 2))
        brows[first:last] += lift * np.exp(-0.5 * (x / 0.20) ** 2)
    return nod, np.minimum(brows, 1.2)


def _peaks(levels: np.ndarray) -> list[float]:
    """Seconds of the loudest moments within 0.15 s around, above 0.55 of the 98th percentile, at least NOD_SPACING apart."""
    if len(levels) < 40 or levels.max() <= 0:
        return []
    kernel = np.exp(-0.5 * (np.arange(-30, 31) / 10.0) ** 2)
    smooth = np.convolve(np.sqrt(levels), kernel / kernel.sum(), "same")
    around = np.lib.stride_tricks.sliding_window_view(np.pad(smooth, 15, mode="edge"), 31).max(1)
    peaks: list[float] = []
    for row in np.flatnonzero((smooth >= around) & (smooth > 0.55 * np.percentile(smooth, 98))):
        if not peaks or row / 100 - peaks[-1] > NOD_SPACING:
            peaks.append(row / 100)
    return peaks
