"""How many faces a network takes at a time."""
from __future__ import annotations

from ...host.memory import free_video_memory
from .layout import Layout

_CPU_BYTES = 200_000_000  # of activations, about the most that pays: more only leaves the processor's caches
_MOST_ON_CPU, _MOST_ON_CARD = 8, 64
_CHANNELS_ALIVE = 600  # numbers a pixel of the picture that are in memory at the widest place of a network (96: 22 MB a face in float32)


def batch_for(layout: Layout, on_card: bool) -> int:
    """Faces at a time: on a card what fits into half of its free memory, on a CPU few, at least two. (The picture is the
    same bit for bit with any batch of two and more; a single face takes other paths through the libraries, so it is run as two.)"""
    room = (free_video_memory() or _CPU_BYTES) / 2 if on_card else _CPU_BYTES
    return int(min(max(2, room // bytes_of_a_face(layout)), _MOST_ON_CARD if on_card else _MOST_ON_CPU))


def bytes_of_a_face(layout: Layout) -> int:
    """Memory that running a network takes for each face, beside its weights."""
    return _CHANNELS_ALIVE * layout.size**2 * 4
