"""Look a film's face track over before anything is made: where it will be easy, where hard, and where nothing will be done."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..faces.avatar import Avatar
from ..faces.search import all_faces
from ..faces.track import FaceTrack
from ..host.progress import Progress
from .fade import shots, strengths, yaw

SMALL = 64
"""Pixels from forehead to chin below which a mouth is made of few pixels."""

TURNED = 0.30
"""Yaw from which a face counts as seen from the side; nothing is laid on it from 0.46 on."""

UNSURE = 0.6
"""Confidence below which a face counts as covered or blurred."""

_LOOKED_AT = 12  # frames in which the persons are counted
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


@dataclass(frozen=True)
class FaceReport:
    """What a look over an avatar found. absent, turned, small, unsure, leaving: stretches (first frame, end) without a face, seen from the
    side, few pixels high, covered or blurred, partly outside the picture. persons: most faces seen at once in the frames looked
    at. hardest: the stretch to look at first."""

    facts: FaceFacts
    absent: list[tuple[int, int]]
    turned: list[tuple[int, int]]
    small: list[tuple[int, int]]
    unsure: list[tuple[int, int]]
    leaving: list[tuple[int, int]]
    persons: int
    hardest: tuple[int, int]


def check_faces(avatar: Avatar, progress: Progress, seconds: float = 3.0) -> FaceReport:
    """Look over an avatar: its track is read, and the persons of a dozen of its frames are counted. seconds: length of the hardest
    stretch. Raises Cancelled when the user stops."""
    facts = face_facts(avatar)
    turned = facts.turned > TURNED
    hard = hardness(avatar, facts)
    length = 1 if avatar.source.is_still else max(1, min(len(hard), round(seconds * avatar.source.clock.fps)))
    first = hardest_window(hard, length)
    return FaceReport(facts, stretches(~facts.present, 1), stretches(turned), stretches(facts.height < SMALL),
                      stretches(facts.confidence < UNSURE), stretches((facts.strength < 0.5) & facts.present & ~turned),
                      _persons(avatar, progress), (first, first + length))


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


def hardness(avatar: Avatar, facts: FaceFacts | None = None) -> np.ndarray:
    """float64 [N], 0 easy to 1 hard, one for each frame of the avatar; 0 where no face is, since nothing is done there."""
    facts = facts or face_facts(avatar)
    turned = facts.turned / TURNED
    moving = facts.speed / _FAST
    small = (_LARGE - facts.height) / (_LARGE - _TINY)
    unsure = (1 - facts.confidence) / (1 - UNSURE)
    fading = 4 * facts.strength * (1 - facts.strength)
    parts = np.clip(np.nan_to_num([turned, moving, small, unsure, fading]), 0, 1)
    return np.where(facts.present, parts.mean(0), 0)


def hardest_window(hard: np.ndarray, length: int) -> int:
    """The frame at which the `length` frames begin that are hardest on the whole."""
    total = np.concatenate([[0.0], np.cumsum(hard)])
    return int(np.argmax(total[length:] - total[:-length]))


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


def _persons(avatar: Avatar, progress: Progress) -> int:
    """Most faces in one of a dozen frames that show the chosen one, each shot being looked at once before any twice."""
    parts = shots(avatar.track)
    each = max(1, _LOOKED_AT // max(1, len(parts)))
    chosen = {start + (stop - start) * (2 * k + 1) // (2 * each) for start, stop in parts[:_LOOKED_AT] for k in range(each)}
    chosen = {frame for frame in chosen if avatar.track.present[frame]}
    with progress.stage("counting the persons", total=len(chosen)) as stage:
        most = 0
        for frame in sorted(chosen):
            most = max(most, len(all_faces(avatar.source.frame(frame).picture)))
            stage.advance()
    return most
