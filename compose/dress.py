"""Make a network's raw crop presentable: mask, colour, sharpness and grain, what stays in front, fades, in this order."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from hashlib import blake2b

import cv2
import numpy as np

from ..faces.track import FaceTrack
from ..host.progress import Progress
from ..media.film import Frame, FrameSource
from ..media.picture import Picture
from ..media.timeline import Timeline
from .colour import gained
from .cut import covered, inverse, scales, shifted, warped, warped_mask
from .fade import shots, strengths
from .front import FaceLook, front_mask, learn_look, lips_shown, things_in_front
from .grain import matched_grain
from .lower_face import face_cells
from .mask import LOWER_JAW, MOUTH, Box, face_height, lower_face_mask, skin
from .patch import FacePatch
from .together import together

_SAMPLE = 120  # faces of a shot from which its look is learnt
_LEARNT_FROM = 300  # frames of a shot at least, however few of them are shown: something may be in front of the face in many
_LOOKS_KEPT = 4
_EDGE = 0.06  # of the crop's side, over which it fades at its own border
_MARGIN = 0.1  # face heights around the lower face that its soft mask reaches at most
_HIDDEN = 0.3, 0.6  # share of the mouth behind something: all of the rest is shown up to the first, nothing from the second


@dataclass(frozen=True, eq=False)
class DressSettings:
    """mask: float 0 .. 1 or uint8, [H, W] or [N, H, W] (a frame of the source each, repeated), stretched over the frame: what is seen,
    instead of the shape that is made from the landmarks; of a patch that has a mask of its own, what is seen of that. colour, grain:
    whether they are matched. front: whether hands and microphones stay in front."""

    mask: np.ndarray | None = None
    colour: bool = True
    grain: bool = True
    front: bool = True

    @cached_property
    def key(self) -> str:
        """A text that is the same only where the same pictures come out."""
        digest = "" if self.mask is None else blake2b(np.ascontiguousarray(self.mask), digest_size=12).hexdigest()
        shape = "" if self.mask is None else (self.mask.shape, str(self.mask.dtype))
        return f"{digest} {shape} {self.colour} {self.grain} {self.front}"

    def seen(self, index: int, width: int, height: int) -> np.ndarray:
        """uint8 [height, width]: the given mask on frame `index` of the source."""
        given = self.mask if self.mask.ndim == 2 else self.mask[index % len(self.mask)]
        level = given if given.dtype == np.uint8 else np.uint8(np.clip(given, 0, 1) * 255 + 0.5)
        return cv2.resize(level, (width, height), interpolation=cv2.INTER_LINEAR)


class Dressing:
    """Dresses raw crops of one face. Cheap to make: what it has to know of the film is learnt when it is first needed, and depends on
    nothing but the film and which of it is shown, so that any part of the result comes out the same whenever it is asked for."""

    def __init__(self, source: FrameSource, track: FaceTrack, settings: DressSettings | None = None,
                 shown: tuple[int, int] | None = None) -> None:
        """shown: the source's first frame that is shown and the end after the last, where that is not the whole: a long film is not read
        from end to end for a short speech."""
        self._source, self._track, self._shown = source, track, shown
        self._settings = settings or DressSettings()
        self._strengths: np.ndarray | None = None
        self._looks: dict[int, FaceLook | None] = {}

    def dressed(self, frame: Frame, patch: FacePatch, progress: Progress) -> FacePatch | None:
        """The patch in pixels of `frame` (of the source), masked; None where nothing of it is to be seen. A patch that has a mask is
        handed back as it is, or as much of it as the user's mask shows. Raises Cancelled when the user stops."""
        if patch.mask is not None:
            return patch if self._settings.mask is None else self._within_the_mask(frame, patch)
        strength = self._strength(frame.index) * patch.shown
        if strength == 0:
            return None
        points = np.asarray(self._track.landmarks[frame.index])
        box = self._box(frame.picture, patch, points)
        if box is None:
            return None
        size, unit = (box[2] - box[0], box[3] - box[1]), face_height(points)
        to_box = shifted(patch.affine, -box[0], -box[1])
        within = warped_mask(_faded_border(patch.pixels.shape[1::-1]), to_box, size)
        seen = cv2.multiply(self._mask(frame, points, box), within, scale=1 / 255)
        seen = self._behind_what_is_in_front(frame, points, box, seen, progress)
        if not seen.any():
            return None
        pixels = self._matched(frame, warped(patch.pixels, to_box, size), skin(points, box) & within, box, unit, scales(patch.affine))
        mask = cv2.convertScaleAbs(seen, alpha=strength)
        return FacePatch(patch.index, pixels, np.array([[1, 0, box[0]], [0, 1, box[1]]], np.float64), mask)

    def _strength(self, index: int) -> float:
        if self._strengths is None:
            self._strengths = strengths(self._track, self._source.width, self._source.height)
        return float(self._strengths[index])

    def _box(self, picture: Picture, patch: FacePatch, points: np.ndarray) -> Box | None:
        """The part of the picture that may change; None if there is none."""
        if self._settings.mask is None:
            around, margin = points[[*MOUTH, *LOWER_JAW], :2], _MARGIN * face_height(points)
            x0, y0, x1, y1 = (*(around.min(0) - margin), *(around.max(0) + margin))
        else:
            x0, y0, x1, y1 = covered(patch.affine, patch.pixels.shape[1::-1])
        box = (max(0, int(x0)), max(0, int(y0)), min(picture.width, int(np.ceil(x1))), min(picture.height, int(np.ceil(y1))))
        return box if box[0] < box[2] and box[1] < box[3] else None

    def _mask(self, frame: Frame, points: np.ndarray, box: Box) -> np.ndarray:
        if self._settings.mask is None:
            return lower_face_mask(points, box)
        full = self._settings.seen(frame.index, frame.picture.width, frame.picture.height)
        return full[box[1]:box[3], box[0]:box[2]]

    def _within_the_mask(self, frame: Frame, patch: FacePatch) -> FacePatch | None:
        """A patch that has its own mask, as far as the user's shows it."""
        full = self._settings.seen(frame.index, frame.picture.width, frame.picture.height)
        seen = cv2.multiply(patch.mask, warped_mask(full, inverse(patch.affine), patch.pixels.shape[1::-1]), scale=1 / 255)
        return replace(patch, mask=seen) if seen.any() else None

    def _matched(self, frame: Frame, pixels: np.ndarray, where: np.ndarray, box: Box, unit: float,
                 stretch: tuple[float, float]) -> np.ndarray:
        base = frame.picture.rgb(box)
        if self._settings.colour:
            pixels = gained(pixels, base, where, unit)
        if self._settings.grain:
            pixels = matched_grain(pixels, base, where, max(stretch), self._source.content_key, frame.index)
        return pixels

    def _behind_what_is_in_front(self, frame: Frame, points: np.ndarray, box: Box, seen: np.ndarray, progress: Progress) -> np.ndarray:
        look = self._look(frame.index, progress) if self._settings.front else None
        if look is None:
            return seen
        cells = face_cells(frame.picture, points)
        shown, hits = lips_shown(look, cells), things_in_front(look, cells)
        if shown == 1 and not hits.any():
            return seen
        left = cv2.multiply(seen, 255 - front_mask(hits, points, box), scale=1 / 255)
        hidden = 1 - float(left.sum()) / max(float(seen.sum()), 1.0)
        shown *= float(np.clip((_HIDDEN[1] - hidden) / (_HIDDEN[1] - _HIDDEN[0]), 0, 1))
        return cv2.convertScaleAbs(left, alpha=shown)

    def _look(self, index: int, progress: Progress) -> FaceLook | None:
        """How the face looks in the shot of a frame, learnt from a sample of what is shown of it; None if that is too short."""
        start, stop = next((a, b) for a, b in shots(self._track) if a <= index < b)
        if start not in self._looks:
            while len(self._looks) >= _LOOKS_KEPT:
                del self._looks[next(iter(self._looks))]
            self._looks[start] = self._learnt(*_learnt_from(start, stop, self._shown), progress)
        return self._looks[start]

    def _learnt(self, start: int, stop: int, progress: Progress) -> FaceLook | None:
        if self._source.is_still:
            return None
        there = start + np.flatnonzero(_found(self._track)[start:stop])
        chosen = there[np.unique(np.linspace(0, len(there) - 1, min(_SAMPLE, len(there))).round().astype(int))]
        sample = []
        with progress.stage("learning how the face looks", len(chosen)) as stage:
            for frame in self._source.walk(chosen.tolist()):
                sample.append(face_cells(frame.picture, np.asarray(self._track.landmarks[frame.index])))
                stage.advance()
        return learn_look(sample, progress)


def dress(source: FrameSource, track: FaceTrack, timeline: Timeline, patches: Iterable[FacePatch], progress: Progress,
          settings: DressSettings | None = None) -> Iterator[FacePatch]:
    """Raw crops made into masked patches, in order. (`composite` does this by itself, with one walk through the film.)"""
    dressing = Dressing(source, track, settings)
    for _, frame, raw in together(source, timeline, patches):
        for patch in raw:
            made = dressing.dressed(frame, patch, progress)
            if made is not None:
                yield made


def _learnt_from(start: int, stop: int, shown: tuple[int, int] | None) -> tuple[int, int]:
    """What is shown of the shot start .. stop-1, made wider to both sides as far as the shot goes where that is little."""
    if shown is None:
        return start, stop
    low, high = max(start, shown[0]), min(stop, shown[1])
    low = max(start, min(low, (low + high - _LEARNT_FROM) // 2))
    high = min(stop, max(high, low + _LEARNT_FROM))
    return max(start, min(low, high - _LEARNT_FROM)), high


def _found(track: FaceTrack) -> np.ndarray:
    """bool [N]: frames whose face was seen, not bridged."""
    present = np.asarray(track.present, bool)
    return present & ~np.asarray(track.bridged, bool) if len(track.bridged) == len(present) else present


@lru_cache(maxsize=8)
def _faded_border(size: tuple[int, int]) -> np.ndarray:
    """uint8 [h, w] of a crop of width, height = size: 255, falling to 0 at its border, where networks are at their worst."""
    sides = [np.clip((np.minimum(place + 0.5, length - place - 0.5)) / (_EDGE * length), 0, 1)
             for length, place in ((length, np.arange(length)) for length in size)]
    return np.uint8(np.minimum(sides[0][None], sides[1][:, None]) * 255 + 0.5)
