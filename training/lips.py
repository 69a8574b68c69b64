"""The judge: real lips in films whose sound fits them, and how well a predicted opening follows them.

Films judge only. No weight, threshold or choice of recipe comes from them; every variant that was scored is in the log.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d
from talking_avatar.faces.follow import track_faces
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import open_source
from talking_avatar.media.sound import Sound

FILMS = ("talking_man_30fps_vertical_hevc.mp4", "talking_man_suit_dropped_frames.mp4", "talking_woman_glasses_dubbed_25fps.mov",
         "talking_cg_woman_30fps.mp4")
LEAD = 0.065
"""Seconds by which lips go ahead of the sound."""
REACH = 0.12
TRUTH_SIGMA = 0.030
FINE_RATE = 200


@dataclass(frozen=True)
class Lips:
    """times: float64 [n], seconds of the frames in the film's sound. opening: float64 [n], height of the gap between the lips over the
    height of the face. name: of the film."""

    name: str
    times: np.ndarray
    opening: np.ndarray
    sound: Sound


def real_lips(folder: Path) -> Iterator[Lips]:
    """The lips of every film of FILMS that is in the folder: mesh points 13 to 14 over 10 to 152, raw landmarks, smoothed by a
    symmetric Gaussian of 30 ms."""
    for name in FILMS:
        if (folder / name).exists():
            source = open_source(folder / name)
            landmarks = track_faces(source, TrackSettings(smoothing=0.0), Silent()).landmarks[:]
            times = np.array([source.clock.time(frame) for frame in range(len(landmarks))], np.float64)
            opening = np.linalg.norm(landmarks[:, 13, :2] - landmarks[:, 14, :2], axis=1) / np.linalg.norm(
                landmarks[:, 10, :2] - landmarks[:, 152, :2], axis=1)
            yield Lips(name, times - source.sound.start, _smoothed(times, opening), source.sound)


def agreement(curve: np.ndarray, rate: float, lips: Lips) -> tuple[float, float]:
    """Pearson's r of a predicted opening (float [n] at `rate` rows a second of the sound) and the lips: with the lead of 65 ms, and the
    best within 0.12 s of that."""
    rows = np.arange(len(curve))

    def at(lead: float) -> float:
        return float(np.corrcoef(np.interp((lips.times + lead) * rate, rows, curve), lips.opening)[0, 1])

    return at(LEAD), max(at(LEAD + shift) for shift in np.arange(-REACH, REACH + 1e-6, 0.01))


def _smoothed(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    fine = np.arange(times[0], times[-1], 1 / FINE_RATE)
    return np.interp(times, fine, gaussian_filter1d(np.interp(fine, times, values), TRUTH_SIGMA * FINE_RATE))
