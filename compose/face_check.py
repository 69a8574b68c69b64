"""Look a film's face track over before anything is made: where it will be easy, where hard, and where nothing will be done."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..faces.avatar import Avatar
from ..faces.track import FaceTrack
from .fade import strengths, yaw

SMALL = 64
"""Pixels from forehead to chin below which a mouth is made of few pixels."""

TURNED = 0.30
"""Yaw from which a face counts as seen from the side; nothing is laid on it from 0.46 on."""

UNSURE = 0.6
"""Confidence below which a face counts as covered or blurred."""

_PIECE = 1024
_TINY, _LARGE = 40, 160
_FAST = 0.06
_SHORTEST = 3


@dataclass(frozen=True)
class FaceFacts:
    """Of every frame of an avatar, each [N]. present: a face was found. height: pixels from forehead to chin. turned: |yaw|, 0 from the
    front, 0.5 from the side. speed: face heights its middle moves from the frame before. strength: how much of a new mouth
    will be shown, 0 to 1. confidence: of the track. NaN where there is no face."""

    present: np.ndarray
    height: np.ndarray
    turned: np.ndarray
    speed: np.ndarray
    strength: np.ndarray
    confidence: np.ndarray
    cuts: tuple[int, ...]


def face_facts(avatar: Avatar) -> FaceFacts:
    """Read the facts off the track, in pieces of a thousand frames."""
    track = avatar.track
    present = np.asarray(track.present, bool)
    parts = [_geometry(track, start) for start in range(0, track.n_frames, _PIECE)]
    height, turned = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else (np.zeros(0), np.zeros(0))
    box = np.asarray(track.box, np.float64)
    middle = (box[:, :2] + box[:, 2:]) / 2
    speed = np.hypot(*np.diff(middle, axis=0, prepend=middle[:1]).T) / height
    speed[list(track.cuts)] = 0
    confidence = np.where(present, track.confidence, np.nan)
    return FaceFacts(present, height, turned, speed, strengths(track, avatar.source.width, avatar.source.height), confidence,
                     tuple(track.cuts))


def hardness(avatar: Avatar) -> np.ndarray:
    """float64 [N], 0 easy to 1 hard, one for each frame of the avatar; 0 where no face is, since nothing is done there."""
    facts = face_facts(avatar)
    turned = facts.turned / TURNED
    moving = facts.speed / _FAST
    small = (_LARGE - facts.height) / (_LARGE - _TINY)
    unsure = (1 - facts.confidence) / (1 - UNSURE)
    fading = 4 * facts.strength * (1 - facts.strength)
    parts = np.clip(np.nan_to_num([turned, moving, small, unsure, fading]), 0, 1)
    return np.where(facts.present, parts.mean(0), 0)


def stretches(flags: np.ndarray, shortest: int = _SHORTEST) -> list[tuple[int, int]]:
    """First frame and end of every run of at least `shortest` true frames; shorter ones at the film's ends count as well."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(start, stop) for start, stop in runs if stop - start >= min(shortest, len(flags))]


def _geometry(track: FaceTrack, start: int) -> tuple[np.ndarray, np.ndarray]:
    """Face heights and |yaw| of a thousand frames from `start` on."""
    points = np.asarray(track.landmarks[start:start + _PIECE], np.float64)
    height = np.hypot(*(points[:, 10, :2] - points[:, 152, :2]).T)
    return height, np.abs(yaw(points))
