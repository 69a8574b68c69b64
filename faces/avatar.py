"""An avatar: a film or a photo, and the track of the face that shall speak."""
from __future__ import annotations

from dataclasses import dataclass

from ..host.errors import InputError
from ..host.progress import Progress
from ..media.film import FrameSource
from .settings import TrackSettings
from .track import FaceTrack


@dataclass(frozen=True)
class Avatar:
    """source: the film or still. track: its chosen face, one row a frame of the source."""

    source: FrameSource
    track: FaceTrack


def make_avatar(source: FrameSource, settings: TrackSettings, progress: Progress) -> Avatar:
    """Track the chosen face of a film or photo.

    Raises InputError if no face is found, MissingModel if a network is not there, Cancelled when the user stops."""
    from .follow import track_faces

    track = track_faces(source, settings, progress)
    if not track.present.any():
        what = "photo" if source.is_still else "film"
        raise InputError(f"No face was found in '{source.path.name}': choose a {what} in which a face is seen from the front "
                         "and is at least 24 pixels wide.")
    return Avatar(source, track)
