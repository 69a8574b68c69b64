"""A film with new mouths in it, as a source like any other: nothing is decoded or pasted before somebody looks."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from ..faces.avatar import Avatar
from ..host.errors import InputError
from ..host.node_progress import Unseen
from ..host.progress import Progress
from ..media.clock import Clock
from ..media.film import Frame
from ..media.sound import Sound
from ..media.timeline import Timeline
from ..media.walk import walk
from .composite import composite
from .dress import DressSettings
from .layers import Layer, LayeredDressing, merged
from .patch import FacePatch
from .spool import Spool
from .together import together

_HOLD = 24  # frames kept for a run backward


class ComposedFilm:
    """A FrameSource (see `media.film.FrameSource`) of an avatar's frames, laid out by a timeline, with the mouths of a spool."""

    is_still = False

    def __init__(self, avatar: Avatar, timeline: Timeline, spool: Spool, sound: Sound, others: Sequence[Layer] = (),
                 settings: DressSettings | None = None) -> None:
        """others: further persons of the same film, laid over the first in their order. settings: how raw crops are made presentable.

        Raises InputError when the timeline or the patches were made for another film."""
        if timeline.n_frames and int(timeline.source.max()) >= avatar.source.n_frames:
            raise InputError(f"The mouths were made for a longer film than '{avatar.source.path.name}': use the avatar they were made for.")
        self._avatar, self._timeline, self._layers = avatar, timeline, (Layer(avatar.track, spool), *others)
        self._settings = settings or DressSettings()
        self._dressing = LayeredDressing(avatar.source, self._layers, self._settings, timeline.span)
        self.sound = sound
        self.path: Path = avatar.source.path
        self.width, self.height = avatar.source.width, avatar.source.height
        self.n_frames = timeline.n_frames
        self.clock: Clock = timeline.clock

    @cached_property
    def content_key(self) -> str:
        laid = blake2b(self._timeline.source.tobytes(), digest_size=20).hexdigest()
        mouths = " ".join(layer.spool.key for layer in self._layers)
        return f"{self._avatar.source.content_key} {laid} {mouths} {self._settings.key}"

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        stop = self.n_frames if stop is None else min(stop, self.n_frames)
        patches = merged(self._layers, start, stop)
        with closing(composite(self._avatar.source, self._timeline, patches, Unseen(), self._dressing, start, stop)) as made:
            yield from made

    def walk(self, indices: Iterable[int]) -> Iterator[Frame]:
        return walk(indices, self.frames, _HOLD)

    def frame(self, index: int) -> Frame:
        with closing(self.frames(index, index + 1)) as frames:
            return next(frames)

    def masked_patches(self, progress: Progress) -> Iterator[FacePatch]:
        """What is laid into the frames, in order, every patch with its mask. Raises Cancelled when the user stops."""
        patches = merged(self._layers, 0, self.n_frames)
        with closing(together(self._avatar.source, self._timeline, patches)) as pairs:
            for _, frame, laid in pairs:
                progress.check()
                made = (self._dressing.dressed(frame, patch, progress) for patch in laid)
                yield from (patch for patch in made if patch is not None)
