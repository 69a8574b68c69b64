"""The crops a SyncNet is shown, cut out of a film by its own face track: 25 a second, whichever rate the film has."""
from __future__ import annotations

from collections.abc import Callable, Iterator
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
_BELOW_CHIN = 0.05  # of the face's height; Wav2Lip's script takes 10 pixels of a face of about 200
_PAPER = 110
_MEDIAN = 13


@dataclass(frozen=True)
class Crops:
    """Where the face is at 25 frames a second. sources: int [n], the film's frame under each. box: [n, 4] of the face, x0, y0, x1, y1 in
    pixels, a median of 13 frames within a shot, NaN without a face. shot: int [n], a number for each unbroken stretch of frames with a
    face, -1 without."""

    sources: np.ndarray
    box: np.ndarray
    shot: np.ndarray


Outline = Callable[[np.ndarray], tuple[float, float, float, float]]


def lay_crops(source: FrameSource, track: FaceTrack) -> Crops:
    """Read the crops' places off a track."""
    picks = nearest_frames(source.clock, source.n_frames, FPS)
    shots = np.searchsorted(np.asarray(track.cuts, int), np.arange(source.n_frames), side="right")
    present = np.asarray(track.present, bool)[picks]
    box = np.asarray(track.box, np.float64)[picks]
    breaks = np.flatnonzero((np.diff(shots[picks]) != 0) | (np.diff(present) != 0)) + 1
    shot = np.full(len(picks), -1)
    for number, run in enumerate(np.split(np.arange(len(picks)), breaks)):
        if len(run) and present[run[0]]:
            shot[run] = number
            box[run] = np.stack([_median(box[run, side]) for side in range(4)], 1)
    return Crops(picks, box, shot)


def wide_outline(box: np.ndarray) -> tuple[float, float, float, float]:
    """A square that reaches, from the middle of the face, one half side up, 1.8 down and 1.4 to the sides."""
    (x, y), half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).max() / 2
    reach = half * (1 + _MARGIN)
    return x - reach, y - half, x + reach, y + half * (1 + 2 * _MARGIN)


def face_outline(box: np.ndarray) -> tuple[float, float, float, float]:
    """The face itself, a little more below the chin; not square."""
    return box[0], box[1], box[2], box[3] + _BELOW_CHIN * (box[3] - box[1])


def cut_crops(source: FrameSource, crops: Crops, side: int, outline: Outline, progress: Progress) -> Iterator[tuple[int, np.ndarray]]:
    """(n, uint8 BGR [side, side, 3]) of every one of the 25 frames a second that shows the face, in order. What lies outside the picture
    is grey."""
    seen = np.flatnonzero(crops.shot >= 0)
    for place, frame in zip(seen.tolist(), source.walk(crops.sources[seen].tolist()), strict=True):
        progress.check()
        yield place, _cut(frame.picture, outline(crops.box[place]), side)


def _cut(picture: Picture, box: tuple[float, float, float, float], side: int) -> np.ndarray:
    import cv2

    x0, y0, x1, y1 = (int(np.floor(edge)) for edge in box)
    inner = (max(0, x0), max(0, y0), min(picture.width, x1), min(picture.height, y1))
    shown = np.full((max(1, y1 - y0), max(1, x1 - x0), 3), _PAPER, np.uint8)
    if inner[0] < inner[2] and inner[1] < inner[3]:
        shown[inner[1] - y0:inner[3] - y0, inner[0] - x0:inner[2] - x0] = picture.rgb(inner)
    return cv2.resize(shown, (side, side), interpolation=cv2.INTER_LINEAR)[:, :, ::-1]


def _median(values: np.ndarray) -> np.ndarray:
    return np.median(np.lib.stride_tricks.sliding_window_view(np.pad(values, _MEDIAN // 2, mode="edge"), _MEDIAN), axis=1)
