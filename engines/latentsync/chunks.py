"""How a film is cut into chunks that the network paints at once. It follows from the film alone, never from memory or a resume."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..engine import Take

LENGTH = 16
"""Frames of a chunk, as the network was trained."""

SHARED = 4
"""Frames that overlapping chunks share."""

_JUMP = 12
"""Frames of the source that a film may leap and still be one movement."""


@dataclass(frozen=True)
class Chunk:
    """frames: output frames that are painted together; where there are too few, they run to and fro. start, stop: those that are used,
    each once; they share `start` to the last one's stop with the chunk before where chunks overlap."""

    frames: tuple[int, ...]
    start: int
    stop: int


def stretches(take: Take) -> list[tuple[int, int]]:
    """Output frames [a, b) without a break: the face is seen in all of them and no cut or leap lies between."""
    source, present = take.timeline.source.astype(np.int64), np.asarray(take.avatar.track.present, bool)
    shots = np.searchsorted(np.asarray(take.avatar.track.cuts, np.int64), source, side="right")
    breaks = (np.diff(shots) != 0) | (np.abs(np.diff(source)) > _JUMP)
    seen = present[source]
    begins = seen & np.concatenate([[True], ~seen[:-1] | breaks])
    ends = seen & np.concatenate([~seen[1:] | breaks, [True]])
    return list(zip(np.flatnonzero(begins).tolist(), (np.flatnonzero(ends) + 1).tolist(), strict=True))


def chunks(start: int, stop: int, how: str) -> list[Chunk]:
    """The chunks of a stretch. how: see `LatentSyncSettings.chunks`."""
    if how == "published":
        return [Chunk(tuple(range(at, min(at + LENGTH, stop))), at, min(at + LENGTH, stop)) for at in range(start, stop, LENGTH)]
    if stop - start < LENGTH:
        return [Chunk(_to_and_fro(start, stop), start, stop)]
    step = LENGTH if how == "full" else LENGTH - SHARED
    starts = list(range(start, stop - LENGTH + 1, step))
    made = [Chunk(tuple(range(at, at + LENGTH)), at, at + LENGTH) for at in starts]
    if made[-1].stop < stop:
        used_from = made[-1].stop if how == "full" else stop - LENGTH
        made.append(Chunk(tuple(range(stop - LENGTH, stop)), used_from, stop))
    return made


def _to_and_fro(start: int, stop: int) -> tuple[int, ...]:
    count = stop - start
    there = np.arange(LENGTH) % max(1, 2 * count - 2)
    return tuple((start + np.minimum(there, 2 * count - 2 - there if count > 1 else 0)).tolist())
