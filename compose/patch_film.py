"""The patches of a spool as a film of their own, without the picture they were made for."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from ..host.errors import InputError
from ..media.clock import Clock
from ..media.film import Frame
from ..media.picture import Picture
from ..media.sound import Sound
from ..media.timeline import Timeline
from ..media.walk import walk
from .spool import Spool

_HOLD = 24  # frames kept for a run backward


class PatchFilm:
    """A FrameSource (see `media.film.FrameSource`) of whole-frame patches, one for each output frame, whose mask is nowhere 0."""

    is_still = False

    def __init__(self, path: Path, timeline: Timeline, spool: Spool, sound: Sound) -> None:
        """path: of the picture they were made from. Raises InputError when a frame has no patch."""
        if len(spool) != timeline.n_frames:
            raise InputError(f"There are {len(spool)} pictures for {timeline.n_frames} frames of '{path.name}': make the film again.")
        first = next(iter(spool))
        self._spool = spool
        self.path, self.sound = path, sound
        self.height, self.width = first.pixels.shape[:2]
        self.n_frames = timeline.n_frames
        self.clock: Clock = timeline.clock

    @property
    def content_key(self) -> str:
        return f"patches of {self._spool.key}"

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        for patch in self._spool.between(start, self.n_frames if stop is None else min(stop, self.n_frames)):
            yield Frame(patch.index, Picture.from_rgb(patch.pixels))

    def walk(self, indices: Iterable[int]) -> Iterator[Frame]:
        return walk(indices, self.n_frames, self.frames, _HOLD)

    def frame(self, index: int) -> Frame:
        with closing(self.walk([index])) as frames:
            return next(frames)
