"""A recording of the voice that shall speak: what is wrong with it, in words, and its best stretch, as long as an engine takes."""
from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...host.errors import InputError
from ...host.progress import Progress, Silent
from ...media.sound import Sound, require_samples
from ...media.sound_part import SoundPart
from ..gate import voice_gate
from ..log_mel import HOP, RATE, SoundRows, sound_rows
from ..loudness import loudness
from ..speech import Speech

AROUND = 0.15
"""Seconds left before and behind the voice."""
QUIET_LUFS = -40.0
NOISY_DB = 20.0
"""Decibel by which the voice should stand above what is heard between the words."""
FLAT = 3
"""Samples in a row at the very top that are not chance."""
MANY_FLAT = 5
LOWEST_RATE = 16000
LEAST_VOICED = 0.3
LOOKED_AT = 600.0
"""Seconds of a recording in which the best stretch is looked for."""


@dataclass(frozen=True)
class Limits:
    """What an engine takes. engine: for sentences. shortest, longest: seconds."""

    engine: str
    shortest: float = 0.5
    longest: float = 30.0


@dataclass(frozen=True)
class Quality:
    """level: LUFS, -inf for silence. peak: 1 is full scale. clipped: places where the waveform is flat at its top. noise: decibel by which
    the voice stands above the pauses, inf where there is no pause. voiced: share of the time in which there is a voice."""

    level: float
    peak: float
    clipped: int
    noise: float
    voiced: float
    rate: int

    @property
    def findings(self) -> tuple[str, ...]:
        """A sentence for each thing that makes a clone worse; none for a good recording."""
        return tuple(_sentences(self))


@dataclass(frozen=True)
class Reference:
    """speech: the stretch to be used, with what is said in it. cut: whether it is shorter than the recording. quality: of the stretch."""

    speech: Speech
    cut: bool
    quality: Quality


def check_reference(recording: Speech, limits: Limits, progress: Progress | None = None) -> Reference:
    """The recording without the silence around it and, where it has no transcript, cut in a pause to what the engine takes.

    Raises InputError for one that is silent, too short, or too long with a transcript that would have to be cut with it; Cancelled."""
    require_samples(recording.sound)
    progress = progress or Silent()
    if recording.sound.seconds > LOOKED_AT and not (recording.text or "").strip():
        recording = replace(recording, sound=SoundPart(recording.sound, 0, round(LOOKED_AT * recording.sound.rate)))
    rows = sound_rows(recording.sound, progress)
    gate = voice_gate(rows)
    if recording.sound.seconds < limits.shortest:
        raise InputError(_wrong_length(recording.sound.seconds, limits, "give a longer one"))
    first, stop = _without_silence(gate, recording.sound.seconds, limits.shortest)
    if stop - first > limits.longest:
        if (recording.text or "").strip():
            raise InputError(_wrong_length(stop - first, limits, "cut it, and its transcript with it"))
        first, stop = _best_stretch(gate, first, stop, limits.longest)
    rate = recording.sound.rate
    samples = round(first * rate), min(round(stop * rate), recording.sound.n_samples)
    is_cut = samples != (0, recording.sound.n_samples)
    part = SoundPart(recording.sound, *samples) if is_cut else recording.sound
    rows = sound_rows(part, progress) if is_cut else rows
    quality = _quality(part, rows, gate[round(first * RATE / HOP):round(stop * RATE / HOP) + 1], progress)
    if math.isinf(quality.level) and quality.peak < 1e-4:
        raise InputError("The reference recording is silent: give one in which the person speaks.")
    return Reference(replace(recording, sound=part), is_cut, quality)


def findings(recording: Speech, progress: Progress | None = None) -> tuple[str, ...]:
    """A sentence for each thing in a recording that makes a clone worse, whatever the engine. Raises Cancelled."""
    try:
        return check_reference(replace(recording, text=""), Limits("", 0.0, LOOKED_AT), progress).quality.findings
    except InputError as error:
        return (str(error),)


def _wrong_length(seconds: float, limits: Limits, what_to_do: str) -> str:
    return (f"{limits.engine} takes references of {limits.shortest:g} to {limits.longest:g} s, but this recording lasts {seconds:.1f} s: "
            f"{what_to_do}.")


def _without_silence(gate: np.ndarray, seconds: float, shortest: float) -> tuple[float, float]:
    """(first, stop) in seconds around the voice, no shorter than `shortest`; all of it where there is no voice."""
    voiced = np.flatnonzero(gate > 0.5) * HOP / RATE
    if not len(voiced):
        return 0.0, seconds
    first, stop = max(0.0, voiced[0] - AROUND), min(seconds, voiced[-1] + AROUND)
    missing = max(0.0, shortest + 0.01 - (stop - first))
    first = max(0.0, first - missing / 2)
    stop = min(seconds, max(stop + missing / 2, first + shortest + 0.01))
    return max(0.0, min(first, stop - shortest - 0.01)), stop


def _best_stretch(gate: np.ndarray, first: float, stop: float, longest: float) -> tuple[float, float]:
    """The stretch with the most voice that begins and ends in a pause, at most `longest` seconds; else simply the first."""
    voiced = np.concatenate([[0.0], np.cumsum(gate > 0.5)]) * HOP / RATE
    quiet = np.flatnonzero(gate <= 0.5) * HOP / RATE
    places = np.unique(np.concatenate([[first, stop], quiet[(quiet > first) & (quiet < stop)]]))
    best, chosen = 0.0, (first, first + longest)
    for start in places:
        end = places[np.searchsorted(places, start + longest, "right") - 1]
        amount = voiced[min(round(end * RATE / HOP), len(gate))] - voiced[min(round(start * RATE / HOP), len(gate))]
        if amount > best + 1e-9:
            best, chosen = amount, (float(start), float(end))
    return chosen if best > longest / 2 else (first, first + longest)


def _quality(sound: Sound, rows: SoundRows, gate: np.ndarray, progress: Progress) -> Quality:
    measured = loudness(sound, progress)
    count = min(len(gate), len(rows.levels))
    power, gate = np.square(rows.levels[:count], dtype=np.float64), gate[:count]
    voice, pause = power[gate > 0.9], power[gate < 0.02]
    stands = 10 * np.log10(voice.mean() / max(float(np.median(pause)), 1e-12)) if len(voice) > 10 and len(pause) > 10 else math.inf
    return Quality(measured.integrated, measured.peak, _clipped(sound, measured.peak), float(stands),
                   float((gate > 0.5).mean()) if count else 0.0, sound.rate)


def _clipped(sound: Sound, peak: float) -> int:
    """How often three samples and more in a row are within a thousandth of the peak; 0 for a sound that never comes near full scale."""
    if peak < 0.5:
        return 0
    count = 0
    for block in sound.blocks():
        for channel in block:
            flat = np.concatenate([[False], np.abs(channel) > 0.999 * peak, [False]]).astype(int)
            edges = np.flatnonzero(np.diff(flat))
            count += int((np.diff(edges)[::2] >= FLAT).sum())
    return count


def _sentences(quality: Quality) -> Iterator[str]:
    if quality.voiced < LEAST_VOICED:
        yield (f"There is a voice in only {quality.voiced:.0%} of the reference recording: give one in which the person speaks most of the "
               "time.")
    if quality.level < QUIET_LUFS:
        yield f"The reference recording is very quiet ({quality.level:.0f} LUFS): its noise will be heard in the clone; record it louder."
    if quality.clipped >= MANY_FLAT:
        yield f"The reference recording is clipped in {quality.clipped} places, which sounds harsh in a clone: record it with less gain."
    if quality.noise < NOISY_DB:
        yield (f"The voice in the reference recording stands only {quality.noise:.0f} dB above its surroundings: noise, echo or music go "
               "into the clone; record it in a quiet room.")
    if quality.rate < LOWEST_RATE:
        yield f"The reference recording has only {quality.rate} samples a second, as from a telephone: the clone will sound as dull."
