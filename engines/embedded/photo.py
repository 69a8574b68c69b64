"""A photo that speaks: patches for its face, one an output frame."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ...compose.patch import FacePatch
from ...faces.eyes import Eye, read_eyes
from ...host.progress import Progress
from ...speech.mouth import MouthCurves
from ..engine import Take
from .eyelids import wears_glasses
from .head_motion import blinks, glances, head_motion, sound_levels
from .lip_line import LipLines, find_lip_lines
from .mouth_fields import NUMBERS
from .mouth_motion import MouthMotion, mouth_motion
from .photo_face import PhotoFace, cut_face
from .photo_render import PhotoPose, PhotoRig, render_pose, rig_photo
from .settings import EmbeddedSettings


def photo_patches(take: Take, curves: MouthCurves, settings: EmbeddedSettings, progress: Progress,
                  first: int = 0) -> Iterator[FacePatch]:
    """Patches of a speaking photo, to be laid on it at whole pixels.

    take: a still avatar and its speech. curves: of that speech, a row an output frame. first: frame to begin with. Frames in which
    nothing moves are left out (they are the photo), among them the first and the last; a photo without a face to move gives none.
    Raises MissingModel when the iris network is needed and not there, Cancelled when the user stops. Memory does not grow with the
    length but for 100 bytes a frame."""
    face = _face(take)
    if face is None or take.timeline.n_frames < 3:
        return
    with progress.stage("preparing the photo", total=1) as stage:
        rig = rig_photo(face, _eyes(face) if settings.blinks > 0 else ())
        poses = _Poses(take, curves, settings, rig)
        stage.advance()
    with progress.stage("moving the mouth", total=take.timeline.n_frames) as stage:
        stage.advance(first)
        for index in range(first, take.timeline.n_frames):
            pixels, mask = render_pose(rig, poses[index])
            if mask.any():
                yield _patch(index, rig, pixels, mask)
            stage.advance()


def intended_opening(take: Take, curves: MouthCurves, settings: EmbeddedSettings) -> np.ndarray:
    """float32 [n]: distance of the lips over |10-152| that `photo_patches` aims at on each output frame, NaN without a face to move."""
    face = _face(take)
    if face is None or take.timeline.n_frames < 3:
        return np.full(take.timeline.n_frames, np.nan, np.float32)
    return _mouth_motion(take, curves, settings, face, find_lip_lines(face)).opening


def _mouth_motion(take: Take, curves: MouthCurves, settings: EmbeddedSettings, face: PhotoFace, lines: LipLines) -> MouthMotion:
    return mouth_motion(curves, take.timeline.times(), lines.gap / face.height, settings.mouth, take.speech.phonemes)


class _Poses:
    """The pose of every output frame, as arrays over the whole film."""

    def __init__(self, take: Take, curves: MouthCurves, settings: EmbeddedSettings, rig: PhotoRig) -> None:
        times = take.timeline.times()
        voice = curves.gate
        mouth = _mouth_motion(take, curves, settings, rig.face, rig.lines)
        self.numbers, self.tongue = mouth.numbers, mouth.tongue
        levels = sound_levels(take.speech.sound) if settings.head_motion > 0 else np.zeros(0, np.float32)
        self.motions, brows = head_motion(times, levels, voice, settings.head_motion, settings.seed)
        if not wears_glasses(rig.face):  # whose frames do not bend
            self.numbers[:, NUMBERS.index("brows")] = brows
        self.blink = blinks(times, settings.blinks, settings.seed)
        self.glance = glances(times, self.motions, settings.blinks, settings.seed)

    def __getitem__(self, frame: int) -> PhotoPose:
        return PhotoPose(self.numbers[frame], float(self.tongue[frame]), self.motions[frame], float(self.blink[frame]), self.glance[frame])


def _face(take: Take) -> PhotoFace | None:
    track = take.avatar.track
    if not track.n_frames or not track.present[0]:
        return None
    return cut_face(take.avatar.source.frame(0).picture.rgb(), np.asarray(track.landmarks[0]))


def _eyes(face: PhotoFace) -> tuple[Eye, Eye]:
    """The eyes in the crop, with the centre of pixel (0, 0) at 0, 0."""
    eyes = read_eyes(face.pixels, (face.points + [0.5, 0.5, 0]).astype(np.float32))
    return tuple(replace(eye, upper=eye.upper - 0.5, lower=eye.lower - 0.5, iris=eye.iris - 0.5) for eye in eyes)


def _patch(index: int, rig: PhotoRig, pixels: np.ndarray, mask: np.ndarray) -> FacePatch:
    """The changed part of the crop."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    y, x = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    affine = np.array([[1.0, 0.0, rig.face.x + x.start], [0.0, 1.0, rig.face.y + y.start]])
    return FacePatch(index, np.ascontiguousarray(pixels[y, x]), affine, np.ascontiguousarray(mask[y, x]))
