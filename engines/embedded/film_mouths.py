"""What can be read of a film's mouths: numbers of any frame, pictures of the frames of a window."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...faces.avatar import Avatar
from ...faces.track import FaceTrack
from ...host.progress import Progress
from ...media.film import Frame
from .crop_store import CropStore, frames_that_fit
from .film_frame import Face
from .film_front import FrontWatch
from .mouth_index import MouthIndex, index_mouths, look_at, mouth_strengths

_HALF_CROP = 0.55  # face heights
_WINDOW_SECONDS, _WINDOW_FRAMES, _SMALLEST_WINDOW = 30.0, 900, 200


@dataclass(frozen=True)
class FilmMouths:
    """track, index: of the whole film. strength: float32 [N], 0 .. 1, how much of a new mouth each frame can show. usable: bool [N], frames
    that show or lend a mouth. store: pictures around the mouth. front: what stands before it. rate: frames a second. window: how many
    frames are searched."""

    track: FaceTrack
    index: MouthIndex
    strength: np.ndarray
    usable: np.ndarray
    store: CropStore
    front: FrontWatch
    rate: float
    window: int

    def hold(self, first: int, stop: int, progress: Progress) -> None:
        """Have the pictures of frames first .. stop-1, which are of one shot, and what has to be known of them."""

        def seen(frame: Frame) -> None:
            progress.check()
            points = self.track.landmarks[frame.index]
            if self.usable[frame.index]:
                look_at(self.index, frame, points)
                self.front.see(frame, points)

        self.store.hold(first, stop, seen)
        self.front.settle(int(self.index.shot[first]), self.index, self.rate, progress)

    def lenders(self, first: int, stop: int) -> np.ndarray:
        """bool [N]: which of the frames first .. stop-1 lend a mouth and are held: no blend may go on beyond them."""
        lend = self.usable & self.store.held
        lend[:first] = lend[stop:] = False
        return lend

    def face(self, frame: int) -> Face:
        """A frame that is held."""
        return Face(self.store.crop(frame), self.track.landmarks[frame])


def open_mouths(avatar: Avatar, slack_seconds: float) -> FilmMouths:
    """The mouths of a film; close its `store` in the end. slack_seconds: how far frames in use may lie outside the window."""
    source, track = avatar.source, avatar.track
    index = index_mouths(track)
    strength = mouth_strengths(avatar, index)
    usable = strength > 0
    rate = float(source.clock.fps)
    boxes = _boxes(index, usable, source.width, source.height)
    slack = round(slack_seconds * rate)
    window = min(_WINDOW_FRAMES, round(_WINDOW_SECONDS * rate))
    window = max(_SMALLEST_WINDOW, min(window, frames_that_fit(boxes) - slack))
    return FilmMouths(track, index, strength, usable, CropStore(source, boxes, window + slack), FrontWatch(), rate, window)


def _boxes(index: MouthIndex, known: np.ndarray, width: int, height: int) -> np.ndarray:
    """int32 [N, 4]: squares of 1.1 face heights around the mouths, cut off at the picture; empty where none is known."""
    half = np.where(known, index.height * _HALF_CROP, 0)[:, None]
    centre = np.where(known[:, None], index.centre, 0)
    low, high = np.floor(centre - half), np.ceil(centre + half)
    return np.clip(np.hstack([low, high]), 0, [width, height, width, height]).astype(np.int32)
