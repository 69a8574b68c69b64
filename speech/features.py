"""What has been computed from a speech, kept for the next engine or run that asks for it."""
from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from .speech import Speech

MOST_BYTES = 256_000_000
"""What all kept features may take together; those used longest ago go first."""

_kept: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()
_guard = threading.Lock()
_making: dict[tuple[str, str], threading.Lock] = {}


def features_of(speech: Speech, name: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """The array that `compute` makes of the speech's sound, computed once for a sound and a name, whoever asks first; read-only.

    name: of the feature and all that it depends on beside the sound ("whisper tiny 50 Hz"). Threads that ask for the same at the same time
    wait for the first of them. An array above `MOST_BYTES` is handed out but not kept. Raises what `compute` raises, and then
    keeps nothing."""
    key = (speech.sound.content_key, name)
    with _guard:
        lock = _making.setdefault(key, threading.Lock())
    with lock:
        with _guard:
            made = _kept.get(key)
            if made is not None:
                _kept.move_to_end(key)
                return made
        made = np.asarray(compute()).view()
        made.flags.writeable = False
        _keep(key, made)
        return made


def _keep(key: tuple[str, str], made: np.ndarray) -> None:
    with _guard:
        _making.pop(key, None)
        if made.nbytes > MOST_BYTES:
            return
        _kept[key] = made
        while sum(one.nbytes for one in _kept.values()) > MOST_BYTES:
            _kept.popitem(last=False)
