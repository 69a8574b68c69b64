"""A film whose mouth never opens far enough to be reused: the photo's way of opening a mouth, carried on the moving face.

One frame is prepared as a photo is. Its fields are carried to every other frame by an affine map of the lower face, and its lip line by
the mesh's own; then each frame opens its own lips, so that skin, light and head stay alive. Nothing is taken from another frame.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...compose.patch import FacePatch
from ...host.progress import Progress, Stage
from ...speech.mouth import MouthCurves
from ...speech.speech import Phoneme
from .film_front import left_over
from .film_mouths import FilmMouths
from .film_plan import Stretch
from .inner_mouth import unsharpness
from .lip_line import COLUMNS, LipLines, find_lip_lines
from .mouth_fields import MouthFields
from .mouth_motion import mouth_motion
from .photo_face import LOWER_INNER, LOWER_OUTER, UPPER_INNER, UPPER_OUTER, PhotoFace
from .photo_grid import Grid
from .photo_render import PhotoPose, PhotoRig, as_unsharp, render_pose, rig_photo
from .shot import Shot

_BLOCK = 100  # frames
_SMOOTH = 1.5  # frames, the mesh of a shut mouth in time
_LOOKED_AT = 12  # frames whose lip lines are compared
# The lower face: jaw, lips, nose, cheeks. What carries the fields from frame to frame.
_CARRIERS = [*UPPER_OUTER, *LOWER_OUTER, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361,
             2, 98, 327, 205, 425, 50, 280]


@dataclass(frozen=True)
class ShutMouth:
    """How the mouth of a shot is opened. rig: of one frame. upper, lower: float64 [61], how far the lip lines lie below the mesh's middle
    between the lips, face heights, from corner to corner."""

    rig: PhotoRig
    upper: np.ndarray
    lower: np.ndarray


@dataclass(frozen=True)
class CarriedFields:
    """`mouth_fields.MouthFields` of another frame. places: float32 [rows, columns, 2], where the nodes lie in the reference's crop. turn:
    float32 [2, 2], the reference's directions in this frame."""

    reference: MouthFields
    places: np.ndarray
    turn: np.ndarray
    down: np.ndarray

    def upper_field(self, numbers: np.ndarray) -> np.ndarray:
        """Displacement [rows, columns, 2] of the upper layer for float32 numbers [9]."""
        return self.reference.grid.read(self.reference.upper_field(numbers), self.places) @ self.turn.T

    def lower_field(self, numbers: np.ndarray) -> np.ndarray:
        """Displacement [rows, columns, 2] of the lower layer for float32 numbers [9]."""
        return self.reference.grid.read(self.reference.lower_field(numbers), self.places) @ self.turn.T


def opened(stretch: Stretch, shut: ShutMouth, curves: MouthCurves, amount: float, phonemes: tuple[Phoneme, ...] | None, mouths: FilmMouths,
           wanted: int, progress: Progress, stage: Stage) -> Iterator[FacePatch]:
    """Patches of a stretch from output frame `wanted` on. curves: rows are its frames. amount: how far the mouth opens, 1 is natural.
    Frames at rest get none."""
    motion = mouth_motion(curves, stretch.times, shut.rig.lines.gap / shut.rig.face.height, amount, phonemes)
    for first in range(0, len(stretch.base), _BLOCK):
        base = stretch.base[first:first + _BLOCK]
        mouths.hold(int(base.min()), int(base.max()) + 1, progress)
        for i, frame in enumerate(base.tolist(), first):
            numbers = motion.numbers[i] * stretch.strength[i]
            if numbers.any() and stretch.start + i >= wanted:
                pose = PhotoPose(numbers, float(motion.tongue[i]), np.zeros(6, np.float32), 0.0, np.zeros(2, np.float32))
                yield _patch(stretch.start + i, frame, pose, shut, stretch.shot, mouths)
            stage.advance()


def read_shut_mouth(stretch: Stretch, mouths: FilmMouths, progress: Progress) -> ShutMouth:
    """Prepare, of the frames at the beginning of a stretch, the sharpest that looks as the face mostly does, and read the lip lines of a
    dozen of them, and how sharp these are: the inside of the mouth is drawn for most of the film, not for its sharpest frame."""
    frames, index, shot = np.unique(stretch.base[:_BLOCK]), mouths.index, stretch.shot
    mouths.hold(int(frames[0]), int(frames[-1]) + 1, progress)
    away = np.abs(index.yaw[frames] - np.median(index.yaw[frames])) / shot.spread[2]
    away += np.abs(index.opening[frames] - np.median(index.opening[frames])) / shot.spread[0]
    reference = int(frames[np.argmin(away - index.sharpness[frames])])
    rig = rig_photo(_photo_face(reference, shot, mouths), ())
    offsets, blurs = [], []
    for frame in frames[np.linspace(0, len(frames) - 1, min(len(frames), _LOOKED_AT)).astype(int)].tolist():
        face = _photo_face(frame, shot, mouths)
        lines = find_lip_lines(face)
        blurs.append(unsharpness(face.pixels, face.flat, face.height))
        if lines.parted == rig.lines.parted:
            offsets.append(_offsets(face, lines))
    upper, lower = np.median(offsets or [_offsets(rig.face, rig.lines)], axis=0)
    return ShutMouth(as_unsharp(rig, float(np.median(blurs))), upper, lower)


def _patch(index: int, frame: int, pose: PhotoPose, shut: ShutMouth, shot: Shot, mouths: FilmMouths) -> FacePatch:
    face = _photo_face(frame, shot, mouths)
    pixels, mask = render_pose(_carried(shut, face, index), pose)
    crop = mouths.store.crop(frame)
    front = mouths.front.mask(frame, mouths.track.landmarks[frame], (crop.x, crop.y, crop.x + mask.shape[1], crop.y + mask.shape[0]))
    if front is not None:
        mask = np.uint8(255 * left_over(mask / 255, front) + 0.5)
    return FacePatch(index, pixels, np.array([[1.0, 0, crop.x], [0, 1, crop.y]]), mask)


def _carried(shut: ShutMouth, face: PhotoFace, index: int) -> PhotoRig:
    """The rig of another frame; index: of the output frame, by which the grain inside the mouth changes."""
    rig, reference = shut.rig, shut.rig.face
    known = np.column_stack([reference.flat[_CARRIERS], np.ones(len(_CARRIERS))])
    affine = np.linalg.lstsq(known, face.flat[_CARRIERS], rcond=None)[0].T
    turn, back = affine[:, :2], np.linalg.inv(affine[:, :2])
    height, width = face.pixels.shape[:2]
    grid = Grid(width, height)
    places = ((grid.places - affine[:, 2]) @ back.T).astype(np.float32)
    mouth = CarriedFields(rig.mouth, places, turn.astype(np.float32), face.down.astype(np.float32))
    return replace(rig, face=face, grid=grid, lines=_lines(shut, face), mouth=mouth, noise=_noise(rig, (height, width), index),
                   doubled=None)


def _lines(shut: ShutMouth, face: PhotoFace) -> LipLines:
    """The lip lines of a frame: the mesh's middle and the offsets of the shot."""
    along, middle = _mesh_middle(face)
    return replace(shut.rig.lines, along=along, upper=middle + shut.upper * face.height, lower=middle + shut.lower * face.height)


def _offsets(face: PhotoFace, lines: LipLines) -> np.ndarray:
    along, middle = _mesh_middle(face)
    return np.stack([np.interp(along, lines.along, line) - middle for line in (lines.upper, lines.lower)]) / face.height


def _mesh_middle(face: PhotoFace) -> tuple[np.ndarray, np.ndarray]:
    """a and t, float64 [61] each, of the middle between the mesh's lips, from inner corner to inner corner."""
    along = np.linspace(*face.inner, COLUMNS)
    lines = []
    for points in (UPPER_INNER, LOWER_INNER):
        at = face.along(face.flat[list(points)])
        order = np.argsort(at[:, 0])
        lines.append(np.interp(along, at[order, 0], at[order, 1]))
    return along, (lines[0] + lines[1]) / 2


def _photo_face(frame: int, shot: Shot, mouths: FilmMouths) -> PhotoFace:
    """A frame's crop as the photo's code knows it, its landmarks smoothed over time."""
    crop = mouths.store.crop(frame)
    reach = int(3 * _SMOOTH) + 1
    first, stop = max(shot.first, frame - reach), min(shot.stop, frame + reach + 1)
    points = np.asarray(mouths.track.landmarks[first:stop], np.float64)
    weight = np.exp(-0.5 * ((np.arange(first, stop) - frame) / _SMOOTH) ** 2) * np.isfinite(points[:, 0, 0])
    points = np.einsum("n,nij->ij", weight / weight.sum(), np.nan_to_num(points))
    return PhotoFace(crop.pixels, crop.x, crop.y, points - (crop.x + 0.5, crop.y + 0.5, 0))


def _noise(rig: PhotoRig, size: tuple[int, int], index: int) -> np.ndarray:
    """The rig's grain, moved about from frame to frame."""
    shift = np.random.default_rng(index).integers(0, min(rig.noise.shape), 2)
    tiled = np.roll(rig.noise, tuple(shift), (0, 1))
    return np.pad(tiled, [(0, max(0, want - have)) for want, have in zip(size, tiled.shape, strict=True)], "wrap")[:size[0], :size[1]]
