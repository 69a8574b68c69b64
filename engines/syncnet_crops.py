"""The crops SyncNet is shown, cut out of a film by its own face track: 25 a second, whichever rate the film has."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..faces.track import FaceTrack
from ..host.progress import Progress
from ..media.film import FrameSource
from ..media.picture import Picture
from ..media.timeline import nearest_frames

FPS = Fraction(25)
_MARGIN = 0.40  # of the face's half side, as github.com/joonson/syncnet_python crops (run_pipeline.py)
_PAPER = 110
_MEDIAN = 13


@dataclass(frozen=True)
class Crops:
    """Where the face is cut out at 25 frames a second. sources: int [n], the film's frame under each. middle [n, 2] and half [n]: of a
    square, pixels, NaN without a face. shot: int [n], a number for each unbroken stretch of frames with a face, -1 without."""

    sources: np.ndarray
    middle: np.ndarray
    half: np.ndarray
    shot: np.ndarray


def lay_crops(source: FrameSource, track: FaceTrack) -> Crops:
    """Half the longer side of the face's box and its middle, each through a median of 13 frames within a shot."""
    picks = nearest_frames(source.clock, source.n_frames, FPS)
    shots = np.searchsorted(np.asarray(track.cuts, int), np.arange(source.n_frames), side="right")
    present = np.asarray(track.present, bool)[picks]
    box = np.asarray(track.box, np.float64)[picks]
    middle, half = (box[:, :2] + box[:, 2:]) / 2, (box[:, 2:] - box[:, :2]).max(1) / 2
    breaks = np.flatnonzero((np.diff(shots[picks]) != 0) | (np.diff(present) != 0)) + 1
    shot = np.full(len(picks), -1)
    for number, run in enumerate(np.split(np.arange(len(picks)), breaks)):
        if len(run) and present[run[0]]:
            shot[run] = number
            middle[run] = np.stack([_median(middle[run, axis]) for axis in (0, 1)], 1)
            half[run] = _median(half[run])
    return Crops(picks, middle, half, shot)


def cut_crops(source: FrameSource, crops: Crops, side: int, progress: Progress) -> Iterator[tuple[int, np.ndarray]]:
    """(n, uint8 BGR [side, side, 3]) of every one of the 25 frames a second that shows the face, in order. A crop reaches 1.8 half sides
    down and 1.4 to the sides; what lies outside the picture is grey."""
    seen = np.flatnonzero(crops.shot >= 0)
    for place, frame in zip(seen.tolist(), source.walk(crops.sources[seen].tolist()), strict=True):
        progress.check()
        yield place, _cut(frame.picture, crops.middle[place], float(crops.half[place]), side)


def _cut(picture: Picture, middle: np.ndarray, half: float, side: int) -> np.ndarray:
    import cv2

    (x, y), reach = middle, half * (1 + _MARGIN)
    x0, y0, x1, y1 = int(x - reach), int(y - half), int(x + reach), int(y + half * (1 + 2 * _MARGIN))
    inner = (max(0, x0), max(0, y0), min(picture.width, x1), min(picture.height, y1))
    shown = np.full((max(1, y1 - y0), max(1, x1 - x0), 3), _PAPER, np.uint8)
    if inner[0] < inner[2] and inner[1] < inner[3]:
        shown[inner[1] - y0:inner[3] - y0, inner[0] - x0:inner[2] - x0] = picture.rgb(inner)
    return cv2.resize(shown, (side, side), interpolation=cv2.INTER_LINEAR)[:, :, ::-1]


def _median(values: np.ndarray) -> np.ndarray:
    return np.median(np.lib.stride_tricks.sliding_window_view(np.pad(values, _MEDIAN // 2, mode="edge"), _MEDIAN), axis=1)
