"""Serve frames in any order from a decoder that only runs forward, in bounded memory."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

from .film import Frame

_BEHIND = 4  # frames kept behind a forward run, for small steps back
_PATIENCE = 24  # frames a forward jump may decode past rather than seek


def walk(indices: Iterable[int], n_frames: int, decode: Callable[[int], Iterator[Frame]], hold: int) -> Iterator[Frame]:
    """The frames of `indices` (0 .. n_frames - 1) in that order.

    decode(start): an iterator of frames start, start + 1, … that may be closed. hold: most frames to keep at a time; a run
    backward is decoded forward in pieces of that many. Raises IndexError for a number that is none."""
    kept: OrderedDict[int, Frame] = OrderedDict()
    ahead: Iterator[Frame] | None = None
    position, last = 0, -1
    try:
        for index in map(int, indices):
            if not 0 <= index < n_frames:
                raise IndexError(f"frame {index} of {n_frames}")
            if index not in kept:
                backward = last >= 0 and last - _PATIENCE <= index < last
                start = max(0, index - hold + 1) if backward else index
                if ahead is None or not position <= start <= position + _PATIENCE:
                    _close(ahead)
                    ahead, position = decode(start), start
                room = hold if backward else min(hold, _BEHIND)
                while position <= index:
                    kept[position] = next(ahead)
                    position += 1
                    while len(kept) > room:
                        kept.popitem(last=False)
            last = index
            yield kept[index]
    finally:
        _close(ahead)


def _close(frames: Iterator[Frame] | None) -> None:
    if frames is not None:
        frames.close()
