"""Which frame of the avatar stands under each frame of the result, when film and speech differ in length."""
from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..host.errors import InputError
from .clock import Clock, exact_rate
from .film import FrameSource
from .sound import Sound

MODES = ("loop", "bounce", "hold", "cut off", "silence", "remap")
_RATE_OF_STILLS = Fraction(25)
_EQUAL = 1e-9  # seconds: what rounding of float64 may add


@dataclass(frozen=True)
class Timeline:
    """source: int32 [n], the avatar's frame under each output frame. clock: of the result; output frame i stands at
    clock.time(i) seconds, and so does its sound. mode: how the lengths were joined, one of MODES."""

    source: np.ndarray
    clock: Clock
    mode: str

    @property
    def n_frames(self) -> int:
        return len(self.source)

    @property
    def span(self) -> tuple[int, int]:
        """The avatar's first frame that is shown, and the end after the last."""
        return (int(self.source.min()), int(self.source.max()) + 1) if self.n_frames else (0, 0)

    def times(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """float64 seconds of output frames start .. stop-1."""
        stop = self.n_frames if stop is None else min(stop, self.n_frames)
        if self.clock.is_even:
            return np.arange(start, stop) * self.clock.fps.denominator / self.clock.fps.numerator
        return self.clock.times[start:stop]


def lay_out(source: FrameSource, sound: Sound, *, mode: str = "bounce", fps: Fraction | float | None = None) -> Timeline:
    """The timeline of a result as long as `sound`: round(n_samples x fps / rate) frames, on the source's own clock.

    A film longer than the sound is cut. A shorter one, by mode: "loop" begins again; "bounce" runs to and fro, its ends shown once;
    "hold" stays on its last frame; "remap" is stretched evenly; "cut off" ends the result with the film. "silence" keeps the whole of a
    longer film, whose end is silent, and bounces a shorter one. An uneven film keeps its own steps, whichever way it runs
    (stretched: even steps of its mean rate). A still stands under every frame, at 25 a second. fps: another rate for the result; of a
    film the nearest frames are taken.

    Raises InputError if the mode is unknown or the sound is shorter than half a frame.
    """
    if mode not in MODES:
        raise InputError(f"There is no way to join lengths called '{mode}'. Choose one of: {', '.join(MODES)}.")
    clock = source.clock or Clock(_RATE_OF_STILLS)
    picks = np.arange(source.n_frames, dtype=np.int32)
    if fps is not None and not (clock.is_even and clock.fps == exact_rate(fps)):
        picks = picks if source.is_still else nearest_frames(clock, source.n_frames, exact_rate(fps))
        clock = Clock(exact_rate(fps))
    if source.is_still:
        order = np.zeros(clock.frames_in(sound.n_samples, sound.rate), np.int32)
    else:
        order, clock = _ordered(clock, len(picks), sound, mode)
    if not len(order):
        name = f"'{sound.path.name}'" if sound.path else "The sound"
        raise InputError(f"{name} lasts {1000 * sound.seconds:.0f} ms, less than half a frame at {float(clock.fps):g} frames "
                         f"a second: give a longer one.")
    return Timeline(picks[order], clock, mode)


def nearest_frames(clock: Clock, n_frames: int, fps: Fraction) -> np.ndarray:
    """int32: for each frame at a constant `fps`, over the length of a film of `n_frames`, the film's frame that stands nearest in time."""
    times = Timeline(np.arange(n_frames), clock, "hold").times()
    wanted = np.arange(max(1, int(clock.time(n_frames) * fps + Fraction(1, 2)))) * float(1 / fps)
    after = np.clip(np.searchsorted(times, wanted), 1, max(1, n_frames - 1)) if n_frames > 1 else np.zeros(len(wanted), int)
    before = np.maximum(after - 1, 0)
    return np.where(wanted - times[before] <= times[after] - wanted + _EQUAL, before, after).astype(np.int32)


def _ordered(clock: Clock, n_film: int, sound: Sound, mode: str) -> tuple[np.ndarray, Clock]:
    """The film's frames in the order they are shown, and the clock they are shown by."""
    n = clock.frames_in(sound.n_samples, sound.rate)
    if n <= n_film:
        n = n_film if mode == "silence" else n
        return np.arange(n), Clock(clock.fps, None if clock.is_even else clock.times[:n])
    if mode == "cut off":
        return np.arange(n_film), clock
    if mode == "remap":
        return _stretched(clock, n_film, sound)
    if clock.is_even:
        return _repeated(n_film, n, mode), clock
    return _repeated_uneven(clock, n_film, sound, mode)


def _repeated(n_film: int, n: int, mode: str) -> np.ndarray:
    """n positions in a film of n_film frames."""
    steps = np.arange(n)
    if mode == "hold" or n_film == 1:
        return np.minimum(steps, n_film - 1)
    if mode == "loop":
        return steps % n_film
    there = steps % (2 * n_film - 2)
    return np.minimum(there, 2 * n_film - 2 - there)


def _repeated_uneven(clock: Clock, n_film: int, sound: Sound, mode: str) -> tuple[np.ndarray, Clock]:
    """As `_repeated`, with the film's own steps: a step back lasts as long as the same step forward."""
    steps = np.append(np.diff(clock.times), float(1 / clock.fps))
    enough = int(sound.seconds / steps.sum() + 2) * n_film
    order = _repeated(n_film, enough, mode)
    now, following = order[:-1], order[1:]
    back = (following < now) & (mode != "loop")
    lasting = steps[np.where(back, following, now)]
    times = np.concatenate([[0.0], np.cumsum(lasting)])
    n = Clock(clock.fps, times).frames_in(sound.n_samples, sound.rate)
    return order[:n], Clock(clock.fps, times[:n])


def _stretched(clock: Clock, n_film: int, sound: Sound) -> tuple[np.ndarray, Clock]:
    even = Clock(clock.fps)
    n = even.frames_in(sound.n_samples, sound.rate)
    times = Timeline(np.arange(n_film), clock, "remap").times()
    wanted = (np.arange(n) + 0.5) / n * float(clock.time(n_film))
    return np.searchsorted(times, wanted, side="right") - 1, even
