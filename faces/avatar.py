"""An avatar: a film or a photo, and the track of the face that shall speak."""
from __future__ import annotations

from dataclasses import dataclass

from ..media.film import FrameSource
from .track import FaceTrack


@dataclass(frozen=True)
class Avatar:
    """source: the film or still. track: its chosen face, one row a frame of the source."""

    source: FrameSource
    track: FaceTrack
