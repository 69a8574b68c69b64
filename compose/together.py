"""Walk a film and the patches made for it side by side."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import dropwhile

from ..host.errors import InputError
from ..media.ahead import ahead
from ..media.film import Frame, FrameSource
from ..media.timeline import Timeline
from .patch import FacePatch

_DEPTH = 4  # frames decoded ahead


def together(source: FrameSource, timeline: Timeline, patches: Iterable[FacePatch], first: int = 0,
             stop: int | None = None) -> Iterator[tuple[int, Frame, list[FacePatch]]]:
    """Output frames first .. stop-1: number in the result, the source's frame under it (`Frame.index` is the source's), and its patches,
    mostly one or none. Decoding runs ahead in a thread; patches before `first` are dropped, those from `stop` on are not asked for.

    Raises InputError for patches that are out of order or beyond the timeline."""
    stop = timeline.n_frames if stop is None else min(stop, timeline.n_frames)
    checked = dropwhile(lambda patch: patch.index < first, _checked(patches, timeline))
    waiting = next(checked, None)
    with closing(ahead(source.walk(timeline.source[first:stop].tolist()), _DEPTH)) as frames:
        for index, frame in enumerate(frames, first):
            laid = []
            while waiting is not None and waiting.index == index:
                laid.append(waiting)
                waiting = next(checked, None)
            yield index, frame, laid


def _checked(patches: Iterable[FacePatch], timeline: Timeline) -> Iterator[FacePatch]:
    before = -1
    for patch in patches:
        if patch.index < before:
            raise InputError(f"The mouths came out of order: frame {patch.index} after frame {before}; make them anew.")
        if patch.index >= timeline.n_frames:
            raise InputError(f"There is a mouth for frame {patch.index}, but the film to be made has {timeline.n_frames} frames: "
                             "use the speech and film the mouths were made for.")
        before = patch.index
        yield patch
