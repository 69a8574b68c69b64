"""Follow the chosen face from frame to frame: the first laying of the mesh, choice and loss of the face, cuts.

The first laying tells where the second one (`steady.py`) shall look; while a head moves slowly, five frames of six do without it, as
optical flow tells that."""
from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice

import numpy as np

from ..media.film import Frame
from ..models.mediapipe.face_mesh import SIZE
from .anchor import STILL, Anchor
from .choose import ALIKE, UNLIKE, choose
from .cuts import Change, changed_share, shots, thumbnail
from .detect import detect, overlap
from .flow import StillPoints, carry
from .look import likeness, look_of
from .mesh import Reading, read_patch
from .region import Patch, Region, lift
from .search import all_faces, any_faces, quick
from .settings import FaceChoice

ROOM = 1.2
"""How much larger than the region the patch is that is kept for the second laying."""

_CARRIED = 5
"""Frames in a row whose face is carried by the flow alone."""

_BELIEVED = 0.5
"""How far the mesh, where it is laid, moves the points that were carried to what it sees: its noise counts half so, and what the flow
gathers of errors is taken out within a few layings."""

_SAMPLES = 4
_HELD = 12
"""Frames without a face that are kept, to be looked at again from behind once the face is there."""

_CHECK_EVERY = 25
_MOMENT = 3
_PATIENCE = 25
"""Frames for which a lost face is looked for in every frame; after that in every fifth."""


@dataclass(frozen=True)
class Sighting:
    """Where the face is in a frame. reading, region: None where no face is. A region without a reading: where the face must be, if it is
    there, as the mesh was not laid. patch: the part of the picture around it. cut: whether the frame begins a new shot."""

    index: int
    reading: Reading | None = None
    region: Region | None = None
    patch: Patch | None = None
    cut: bool = False


def pursue(frames: Iterable[Frame], choice: FaceChoice, head: int) -> Iterator[Sighting]:
    """One sighting a frame, in order. head: frames at the start of each shot (about a second) from which the face is chosen.

    Holds up to max(head, 12) frames."""
    person: np.ndarray | None = None
    for number, shot in groupby(_numbered(frames), key=lambda entry: entry[0]):
        pursuit = _Pursuit(choice, person)
        first = number > 0
        for sighting in pursuit.follow(((frame, doubtful) for _, frame, doubtful in shot), head):
            yield replace(sighting, cut=True) if first else sighting
            first = False
        person = pursuit.look if pursuit.look is not None else person


def _numbered(frames: Iterable[Frame]) -> Iterator[tuple[int, Frame, bool]]:
    """(number of the shot, frame, whether the frame may begin another shot)."""
    number = 0
    for frame, change in shots(frames):
        number += change is Change.CUT
        yield number, frame, change is Change.DOUBTFUL


class _Pursuit:
    """Following one person through one shot."""

    def __init__(self, choice: FaceChoice, known: np.ndarray | None):
        self.look = None
        self._choice, self._known = choice, known
        self._anchor: Anchor | None = None
        self._region: Region | None = None
        self._still: StillPoints | None = None
        self._last: Reading | None = None
        self._since_check = 0
        self._lost = 0
        self._scene: np.ndarray | None = None
        self._held: deque[Frame] = deque()

    def follow(self, shot: Iterator[tuple[Frame, bool]], head: int) -> Iterator[Sighting]:
        """Sightings of all frames of the shot."""
        start = list(islice(shot, head))
        yield from self._begin(start)
        for frame, doubtful in shot:
            yield from self._next(frame, doubtful)
        yield from (Sighting(frame.index) for frame in self._held)

    def _begin(self, start: list[tuple[Frame, bool]]) -> Iterator[Sighting]:
        """The first frames: choose the face, then follow it from where it is first seen to both sides."""
        positions = sorted({round(i * (len(start) - 1) / (_SAMPLES - 1)) for i in range(_SAMPLES)})
        chosen = choose([start[i][0] for i in positions], self._choice, self._known)
        if chosen is None:
            for frame, _ in start:
                yield from self._lose(frame)
            return
        sample, reading = chosen
        first = positions[sample]
        self._take_up(start[first][0], reading, anew=True)
        yield from self._backwards([frame for frame, _ in start[:first]])
        for frame, doubtful in start[first:]:
            yield from self._next(frame, doubtful)

    def _next(self, frame: Frame, doubtful: bool) -> Iterator[Sighting]:
        if self._region is None:
            yield from self._look_for(frame)
            return
        patch = lift(frame.picture, self._region, SIZE, ROOM)
        carried = None if doubtful else carry(self._still, patch, self._region)
        if carried is not None and carried.age <= _CARRIED:
            self._since_check += 1
            self._still, self._region = carried, self._anchor.region_of(carried.points)
            yield Sighting(frame.index, None, self._region, patch)
            return
        reading = read_patch(patch, self._region)
        kept = reading.found and self._moves_like_a_head(reading) and (not doubtful or self._is_same(frame, reading))
        if not kept or not self._still_right(frame, reading):
            self._region = None
            self._lost = 0
            yield from self._look_for(frame, doubtful)
            return
        self._last = reading
        self._settle(reading, patch, carried)
        yield Sighting(frame.index, reading, self._region, patch)

    def _settle(self, reading: Reading, patch: Patch | None, carried: StillPoints | None) -> None:
        """Where the face is, from what the mesh sees and, where the flow knows them, from the points that were carried here."""
        self._region, seen = self._anchor.region(reading.landmarks), reading.landmarks[list(STILL), :2].astype(np.float64)
        if carried is not None:
            seen = carried.points + _BELIEVED * (seen - carried.points)
            self._region = self._anchor.region_of(seen)
        self._still = StillPoints(seen, patch)

    def _look_for(self, frame: Frame, doubtful: bool = False) -> Iterator[Sighting]:
        """A frame in which the face is lost: search it, and once found, look again at the frames before."""
        found, anew = self._search(frame, doubtful)
        if found is None:
            yield from self._lose(frame)
            return
        self._take_up(frame, found, anew)
        held, self._held = list(self._held), deque()
        yield from ((Sighting(old.index) for old in held) if anew else self._backwards(held))
        yield Sighting(frame.index, found, self._region, lift(frame.picture, self._region, SIZE, ROOM), cut=anew)

    def _lose(self, frame: Frame) -> Iterator[Sighting]:
        if self._lost == 0:
            self._scene = thumbnail(frame.picture)
        self._lost += 1
        self._held.append(frame)
        if len(self._held) > _HELD:
            yield Sighting(self._held.popleft().index)

    def _search(self, frame: Frame, doubtful: bool) -> tuple[Reading | None, bool]:
        """The face that is followed, if it is seen, and whether it is a new choice: in a shot that had no face so far, or where the
        picture has become another one since the face was lost (a dissolve, or a cut that looked like something else)."""
        if self._lost > _PATIENCE and self._lost % 5:
            return None, False
        if self._last is None:
            return (self._choose(frame) if self._lost % 5 == 0 else None), False
        faces = all_faces(frame.picture) if self._lost % 12 == 0 else any_faces(frame.picture)
        fitting = [face for face in faces if self._may_be(frame, face)]
        if fitting:
            return min(fitting, key=lambda face: float(np.linalg.norm(face.centre - self._last.centre))), False
        if faces and (doubtful or (self._lost > 0 and changed_share(self._scene, thumbnail(frame.picture)) > 0.5)):
            return self._choose(frame), True
        return None, False

    def _choose(self, frame: Frame) -> Reading | None:
        chosen = choose([frame], self._choice, self.look if self.look is not None else self._known)
        return None if chosen is None else chosen[1]

    def _moves_like_a_head(self, reading: Reading) -> bool:
        """Whether a face may have come here from where it was in the frame before."""
        apart = float(np.linalg.norm(reading.centre - self._last.centre))
        return apart < 0.5 * self._last.size and 0.6 < reading.size / self._last.size < 1.6

    def _may_be(self, frame: Frame, face: Reading) -> bool:
        """Whether a face may be the one that was lost: like it; or where it was, if not unlike it or gone for a moment only."""
        like = self._likeness(frame, face)
        reach = self._last.size * (0.6 + 0.1 * self._lost)
        near = float(np.linalg.norm(face.centre - self._last.centre)) < reach and 0.5 < face.size / self._last.size < 2
        return like > ALIKE or (near and (like > UNLIKE or self._lost < _MOMENT))

    def _is_same(self, frame: Frame, reading: Reading) -> bool:
        """Whether a face that is seen after a sudden change is still the same one at the same place."""
        near = float(np.linalg.norm(reading.centre - self._last.centre)) < 0.25 * self._last.size
        return near and self._likeness(frame, reading) > ALIKE

    def _likeness(self, frame: Frame, reading: Reading) -> float:
        return likeness(self.look, look_of(frame.picture, reading.region))

    def _take_up(self, frame: Frame, reading: Reading, anew: bool) -> None:
        """Begin, or begin again, to follow the face of `reading`. anew: it need not be the one that was followed."""
        self._anchor = Anchor(reading.landmarks)
        self._region = self._anchor.region(reading.landmarks)
        self._still, self._last = None, reading
        self._lost = self._since_check = 0
        if anew or self.look is None:
            self.look = look_of(frame.picture, reading.region)

    def _backwards(self, frames: list[Frame]) -> Iterator[Sighting]:
        """Sightings of the frames before the one where the face was taken up, followed back to where it came from."""
        anchor, region, found = Anchor(self._last.landmarks), self._region, []
        for frame in reversed(frames):
            patch = lift(frame.picture, region, SIZE, ROOM)
            reading = read_patch(patch, region)
            if not reading.found:
                break
            region = anchor.region(reading.landmarks)
            found.append(Sighting(frame.index, reading, region, patch))
        yield from (Sighting(frame.index) for frame in frames[: len(frames) - len(found)])
        yield from reversed(found)

    def _still_right(self, frame: Frame, reading: Reading) -> bool:
        """Every second: whether a detector sees a face where the mesh lies. False if it sees the followed person elsewhere, or no face
        and the mesh is not sure either. The look is renewed."""
        self._since_check += 1
        if self._since_check < _CHECK_EVERY:
            return True
        self._since_check = 0
        like = self._likeness(frame, reading)
        rgb = frame.picture.rgb()
        for network in quick():
            boxes = np.array([face.box for face in detect(rgb, network)], np.float32).reshape(-1, 4)
            if len(boxes) and overlap(reading.box, boxes).max() > 0.2:
                if like > UNLIKE:
                    self.look += 0.2 * (look_of(frame.picture, reading.region) - self.look)
                return True
        return reading.confidence > 0.9 and like > UNLIKE
