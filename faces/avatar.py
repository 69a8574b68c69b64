"""An avatar: a film or a photo, and the track of the face that shall speak."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..host.errors import InputError
from ..host.progress import Progress
from ..media.film import FrameSource
from .settings import FaceChoice, TrackSettings
from .track import FaceTrack

SMALLEST = 24
"""Height of a face, in pixels, below which nothing can be done with its mouth."""


@dataclass(frozen=True)
class Avatar:
    """source: the film or still. track: its chosen face, one row a frame of the source."""

    source: FrameSource
    track: FaceTrack


def make_avatar(source: FrameSource, settings: TrackSettings, progress: Progress) -> Avatar:
    """Track the chosen face of a film or photo. `track.present.sum()` says in how many frames it was found.

    Raises InputError if no face is found or it is too small, MissingModel if a network is not there, Cancelled when the user stops."""
    from .follow import track_faces

    track = track_faces(source, settings, progress)
    what = "photo" if source.is_still else "film"
    if not track.present.any():
        raise InputError(f"No face was found in '{source.path.name}'{_asked_for(settings.choice)}: choose a {what} in which a face is seen "
                         f"from the front and is more than {SMALLEST} pixels high.")
    height = float(np.median(track.box[track.present, 3] - track.box[track.present, 1]))
    if height < SMALLEST:
        raise InputError(f"The face in '{source.path.name}' is only {height:.0f} pixels high, too small to see a mouth: choose a {what} "
                         f"in which it is more than {SMALLEST} pixels high.")
    return Avatar(source, track)


def avatar_of_box(source: FrameSource, box: tuple[float, float, float, float]) -> Avatar:
    """An avatar whose face somebody marked, x0, y0, x1, y1 in pixels, in all its frames: where none is found. Its landmarks are NaN."""
    count = source.n_frames
    track = FaceTrack(np.ones(count, bool), np.tile(np.array(box, np.float32), (count, 1)), np.ones(count, np.float32),
                      np.full((count, 468, 3), np.nan, np.float32))
    return Avatar(source, track)


def _asked_for(choice: FaceChoice) -> str:
    """How the choice may be the reason that none was found."""
    if choice.rule in ("by size", "left to right") and choice.index > 0:
        return f" that is number {choice.index} by the rule '{choice.rule}' (counted from 0)"
    return " inside the mask" if choice.rule == "mask" else ""
