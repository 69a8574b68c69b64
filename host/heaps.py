"""How many heaps the C library keeps for the threads of a process of our own."""
from __future__ import annotations

import sys

_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h
_HEAPS = 2


def share_heaps() -> bool:
    """Let all threads of this process share two heaps; whether that was done (glibc alone has such a setting).

    glibc gives threads heaps of their own, up to eight a processor, and frames that one thread decodes, another pastes and a third
    encodes leave holes in all of them. Measured, peak of a dub of 13 s of 720p: 578 to 953 MB by chance (22 runs), 535 to 570 with two
    heaps (8). For the terminal command: a process that is somebody else's is left as it is."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    try:
        return bool(ctypes.CDLL(None).mallopt(_ARENA_MAX, _HEAPS))
    except (OSError, AttributeError):
        return False
