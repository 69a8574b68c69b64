"""What can be read of a film's mouths: numbers of any frame, pictures of the frames of a window."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...faces.avatar import Avatar
from ...faces.track import FaceTrack
from ...host.progress import Progress
from ...media.film import Frame
from .crop_store import CropStore
from .film_frame import Face
from .film_front import FrontWatch
from .mouth_index import MouthIndex, index_mouths, look_at

_HALF_CROP = 0.55  # face heights
_WINDOW_SECONDS, _WINDOW_FRAMES = 30.0, 900


@dataclass(frozen=True)
class FilmMouths:
    """track, index: of the whole film. store: pictures around the mouth. front: what stands before it. rate: frames a second. window: how
    many frames are searched."""

    track: FaceTrack
    index: MouthIndex
    store: CropStore
    front: FrontWatch
    rate: float
    window: int

    def hold(self, first: int, stop: int, progress: Progress) -> None:
        """Have the pictures of frames first .. stop-1, which are of one shot, and what has to be known of them."""

        def seen(frame: Frame) -> None:
            progress.check()
            points = self.track.landmarks[frame.index]
            if np.isfinite(points[0, 0]):
                look_at(self.index, frame, points)
                self.front.see(frame, points)

        self.store.hold(first, stop, seen)
        self.front.settle(int(self.index.shot[first]), self.index, self.rate)

    def face(self, frame: int) -> Face:
        """A frame that is held."""
        return Face(self.store.crop(frame), self.track.landmarks[frame])


def open_mouths(avatar: Avatar, slack_seconds: float) -> FilmMouths:
    """The mouths of a film; close its `store` in the end. slack_seconds: how far frames in use may lie outside the window."""
    index = index_mouths(avatar.track)
    rate = float(avatar.source.clock.fps)
    window = min(_WINDOW_FRAMES, round(_WINDOW_SECONDS * rate))
    boxes = _boxes(index, avatar.source.width, avatar.source.height)
    return FilmMouths(avatar.track, index, CropStore(avatar.source, boxes, window + round(slack_seconds * rate)), FrontWatch(), rate,
                      window)


def _boxes(index: MouthIndex, width: int, height: int) -> np.ndarray:
    """int32 [N, 4]: squares of 1.1 face heights around the mouths, cut off at the picture; empty where there is no face."""
    known = np.isfinite(index.height)
    half = np.where(known, index.height * _HALF_CROP, 0)[:, None]
    centre = np.where(known[:, None], index.centre, 0)
    low, high = np.floor(centre - half), np.ceil(centre + half)
    return np.clip(np.hstack([low, high]), 0, [width, height, width, height]).astype(np.int32)
