"""What is shown of an avatar: the chosen face as IMAGE, facts for the page, a photo as a film of one frame."""
from __future__ import annotations

from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import torch

from ..compose.fade import strengths
from ..faces.avatar import Avatar
from ..faces.track import FaceTrack
from ..media.clock import Clock
from ..media.film import FrameSource
from ..media.film_view import FilmView
from .images import image_of

_AROUND = 1.7  # side of the picture in sides of the face's box
_SIDE = 512
_MOST_BOXES = 600


def as_video(source: FrameSource) -> FrameSource:
    """The source itself, or a photo as a film of one frame."""
    if source.clock is not None:
        return source
    return FilmView(source, np.zeros(1, int), Clock(Fraction(25)), (source.width, source.height), "as a film")


def chosen_face(avatar: Avatar) -> torch.Tensor:
    """IMAGE [1, h, w, 3] of the face in the first frame that shows it fully: a square, at most 512 pixels."""
    source, track = avatar.source, avatar.track
    shown = strengths(track, source.width, source.height)
    frame = int(np.argmax(shown)) if shown.any() else int(np.argmax(track.present))
    x0, y0, x1, y1 = track.box[frame].tolist()
    side = round(_AROUND * max(x1 - x0, y1 - y0))
    left, top = round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2)
    box = max(0, left), max(0, top), min(source.width, left + side), min(source.height, top + side)
    pixels = source.frame(frame).picture.rgb(box)
    scale = _SIDE / max(pixels.shape[:2])
    if scale < 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return image_of(pixels)


def facts_for_page(source: FrameSource, track: FaceTrack | None = None) -> dict[str, Any]:
    """What the page draws over its preview: size, rate, number of frames, seconds, and the face's boxes (frame, x0, y0, x1, y1 in parts
    of width and height) of at most 600 frames."""
    clock = source.clock
    facts = {"width": source.width, "height": source.height, "frames": source.n_frames, "fps": float(clock.fps) if clock else 0.0,
             "seconds": float(clock.time(source.n_frames)) if clock else 0.0}
    if track is not None:
        size = np.array([source.width, source.height] * 2)
        step = max(1, -(-track.n_frames // _MOST_BOXES))
        facts["boxes"] = [[frame, *np.round(track.box[frame] / size, 4).tolist()]
                          for frame in range(0, track.n_frames, step) if track.present[frame]]
    return facts
