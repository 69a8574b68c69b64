"""Several persons of one film with new mouths: their patches as one row, each dressed by what is known of its own face."""
from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..faces.track import FaceTrack
from ..host.progress import Progress
from ..media.film import Frame, FrameSource
from .dress import Dressing, DressSettings
from .patch import FacePatch
from .spool import Spool


@dataclass(frozen=True, eq=False)
class Layer:
    """The mouths of one person. track: of that person's face, a row for each frame of the source."""

    track: FaceTrack
    spool: Spool


def merged(layers: Sequence[Layer], start: int, stop: int) -> Iterator[FacePatch]:
    """The patches of output frames start .. stop-1 of all layers, in rising order of frames, lower layers first; each knows its layer."""
    rows = [_numbered(layer.spool.between(start, stop), number) for number, layer in enumerate(layers)]
    return heapq.merge(*rows, key=lambda patch: (patch.index, patch.layer))


class LayeredDressing:
    """Dresses each patch as its layer's face wants it, see `dress.Dressing`."""

    def __init__(self, source: FrameSource, layers: Sequence[Layer], settings: DressSettings | None = None,
                 shown: tuple[int, int] | None = None) -> None:
        self._each = [Dressing(source, layer.track, settings, shown) for layer in layers]

    def dressed(self, frame: Frame, patch: FacePatch, progress: Progress) -> FacePatch | None:
        return self._each[patch.layer].dressed(frame, patch, progress)


def _numbered(patches: Iterable[FacePatch], number: int) -> Iterator[FacePatch]:
    return (replace(patch, layer=number) for patch in patches)
