"""Follow a face through a film."""
from __future__ import annotations

import numpy as np

from ..host.device import one_thread
from ..host.progress import Progress
from ..media.film import FrameSource
from ..media.picture import Picture
from .detect import detect
from .mesh import Reading, read_mesh, settle_mesh
from .region import region_of_landmarks
from .settings import TrackSettings
from .track import FaceTrack


def track_faces(source: FrameSource, settings: TrackSettings, progress: Progress) -> FaceTrack:
    """Find the chosen face in every frame of `source`.

    Raises MissingModel if a network is not there, Cancelled when the user stops."""
    count = source.n_frames
    landmarks = np.full((count, 468, 3), np.nan, np.float32)
    confidence = np.zeros(count, np.float32)
    box = np.full((count, 4), np.nan, np.float32)
    last: Reading | None = None
    with one_thread(), progress.stage("tracking the face", total=count) as stage:
        for frame in source.frames():
            last = _next_reading(frame.picture, last)
            if last is not None:
                landmarks[frame.index] = last.landmarks
                confidence[frame.index] = last.confidence
                box[frame.index] = last.box
            stage.advance()
    present = confidence > 0
    return FaceTrack(present, box, confidence, landmarks, (), np.zeros(count, bool))


def _next_reading(picture: Picture, last: Reading | None) -> Reading | None:
    if last is not None:
        reading = read_mesh(picture, region_of_landmarks(last.landmarks))
        if reading.found:
            return reading
    rgb = picture.rgb()
    for network in ("short", "full", "back"):
        for face in detect(rgb, network):
            reading = settle_mesh(picture, face.region)
            if reading.found:
                return reading
    return None
