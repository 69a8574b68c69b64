"""A voice cut into grains of two periods and put together again with another pitch: lengths and times stay (PSOLA).

Source of the method: E. Moulines and F. Charpentier, Pitch-synchronous waveform processing techniques for text-to-speech synthesis using
diphones, Speech Communication 9, 1990."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEP = 0.005
"""Seconds between grains where the voice does not sound."""
_SEARCH = 0.2
"""Share of a period by which the next mark may be earlier or later than the pitch says."""


@dataclass(frozen=True)
class Marks:
    """places: int [n], samples at which the grains stand, the first at 0 and the last at the sound's end. f0: float [n], Hz, 0 unvoiced.
    left, right: int [n], samples over which a grain rises and falls: the distances to its neighbours."""

    places: np.ndarray
    f0: np.ndarray
    left: np.ndarray
    right: np.ndarray


def pitch_marks(samples: np.ndarray, rate: int, f0: np.ndarray) -> Marks:
    """Marks one period apart, at the same moment of each, where the voice sounds, and 5 ms apart elsewhere.

    samples: float32 [n]. f0: Hz, a hundred a second, 0 where unvoiced."""
    n = len(samples)
    places, pitches = [], []
    at = 0
    for first, stop in _runs(f0 > 0):
        start, end = min(n - 1, round((first - 0.5) * rate / 100)), min(n - 1, round((stop - 0.5) * rate / 100))
        run = _epochs(samples, rate, max(start, 0), end, f0)
        if len(run) < 2:
            continue
        between = _even(at, run[0], rate)
        places += [*between, *run]
        pitches += [*[0.0] * len(between), *np.interp(run, np.arange(len(f0)) * rate / 100, _held(f0))]
        at = run[-1]
    rest = _even(at, n, rate)
    if places:
        rest = rest[1:]
    places = np.array([*places, *rest, n])
    pitches = np.array([*pitches, *[0.0] * (len(places) - len(pitches))])
    gaps = np.diff(places)
    return Marks(places, pitches, np.concatenate([gaps[:1], gaps]), np.concatenate([gaps, gaps[-1:]]))


def _even(start: int, stop: int, rate: int) -> list[int]:
    """Places from start up to, but without, stop, about 5 ms apart; the first is start itself only at the sound's beginning."""
    count = max(1, round((stop - start) / (STEP * rate)))
    steps = np.linspace(start, stop, count + 1).round().astype(int)[:-1]
    return steps.tolist() if start == 0 else steps[1:].tolist()


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _held(f0: np.ndarray) -> np.ndarray:
    """The pitch with unvoiced rows filled from their neighbours."""
    voiced = np.flatnonzero(f0 > 0)
    return np.interp(np.arange(len(f0)), voiced, f0[voiced])


def _epochs(samples: np.ndarray, rate: int, start: int, end: int, f0: np.ndarray) -> list[int]:
    """Marks of one voiced run: from its loudest peak on to both sides, each where the waveform is most like around the mark before."""
    piece = samples[start:end]
    if len(piece) < 3:
        return []
    first = start + int(np.abs(piece).argmax())
    rows = np.arange(len(f0)) * rate / 100
    period = rate / _held(f0)
    marks = [first]
    for direction in (1, -1):
        at = first
        while True:
            own = float(np.interp(at, rows, period))
            following = _next(samples, at, own, direction)
            if following is None or not start <= following < end:
                break
            marks.append(following)
            at = following
    return sorted(marks)


def _next(samples: np.ndarray, at: int, period: float, direction: int) -> int | None:
    half, reach = int(0.5 * period), max(1, int(_SEARCH * period))
    guess = at + direction * round(period)
    if at < half or at + half >= len(samples) or guess - reach < half or guess + reach + half >= len(samples):
        return guess if 0 < guess < len(samples) else None
    pattern = samples[at - half:at + half]
    around = samples[guess - reach - half:guess + reach + half]
    likeness = np.correlate(around, pattern, "valid")
    total = np.cumsum(np.concatenate([[0.0], around.astype(np.float64) ** 2]))
    likeness = likeness / np.sqrt(total[2 * half:] - total[:-2 * half] + 1e-9)
    likeness = likeness - 0.1 * np.abs(likeness).max() * np.abs(np.arange(-reach, reach + 1)) / reach
    return guess - reach + int(likeness.argmax())


def cut(samples: np.ndarray, marks: Marks, chosen: np.ndarray, n_fft: int) -> np.ndarray:
    """Grains `chosen` (int [n]) as float32 [n, n_fft], each around its mark, which is at column n_fft // 2, with sides of half a cosine."""
    reach = n_fft // 2
    padded = np.pad(samples, (reach, reach))
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[marks.places[chosen]]
    at = np.arange(n_fft)[None] - reach
    rise = np.clip(-at / np.maximum(marks.left[chosen], 1)[:, None], 0, 1)
    fall = np.clip(at / np.maximum(marks.right[chosen], 1)[:, None], 0, 1)
    return (frames * (0.5 + 0.5 * np.cos(np.pi * (rise + fall)))).astype(np.float32)


def placed(grains: np.ndarray, places: np.ndarray, out: np.ndarray) -> None:
    """Add grains [n, n_fft] into out [m + n_fft], whose sample n_fft // 2 is the sound's first."""
    n_fft = grains.shape[1]
    for grain, place in zip(grains, places.tolist(), strict=True):
        out[place:place + n_fft] += grain


def repitched(marks: Marks, ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where grains shall stand so that the pitch is `ratio` (float [n], at each mark) times what it was, and which grain stands there.

    int [k] places, int [k] indices into the marks; unvoiced grains stay where they are."""
    places, chosen = [], []
    voiced = marks.f0 > 0
    for first, stop in _runs(voiced):
        places_before = np.arange(0 if not len(chosen) else chosen[-1] + 1, first)
        places += marks.places[places_before].tolist()
        chosen += places_before.tolist()
        own = marks.places[first:stop]
        gaps = np.diff(own)
        end, at = own[-1], float(own[0])
        while at <= end + 0.5 * gaps[-1]:
            nearest = int(np.abs(own - at).argmin())
            places.append(round(at))
            chosen.append(first + nearest)
            period = float(np.interp(at, own[:-1], gaps))
            at += period / float(np.interp(at, own, ratio[first:stop]))
        chosen[-1] = stop - 1
    rest = np.arange(0 if not len(chosen) else chosen[-1] + 1, len(marks.places))
    return np.array([*places, *marks.places[rest]], int), np.array([*chosen, *rest], int)
