"""Sentences that were spoken once, kept on disk, so that a changed sentence makes only itself anew."""
from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from ...host.folders import cache_folder
from ...media.open import sound_of_array
from ..speech import Phoneme, Speech

VERSION = 1
"""To be raised whenever a voice of ours changes its sound."""
MOST_BYTES = 1024**3
_PRUNE_EVERY = 600.0
_FORGOTTEN = 24 * 3600
_pruned = 0.0


def key_of(*words: str) -> str:
    """A hex name for what shapes a sentence's sound: the voice, all its settings, the text."""
    return hashlib.sha256(json.dumps([VERSION, *words]).encode()).hexdigest()[:40]


def kept_sentence(key: str, text: str, language: str) -> Speech | None:
    """The speech kept under `key`, its samples read when they are wanted; None if there is none or it is damaged (then it is removed)."""
    from safetensors import SafetensorError, safe_open

    path = _path(key)
    try:
        with safe_open(path, framework="numpy") as file:
            facts = json.loads(file.metadata()["speech"])
            samples = file.get_tensor("samples")
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        with suppress(OSError):
            path.unlink()
        return None
    with suppress(OSError):
        os.utime(path)
    phonemes = None if facts["phonemes"] is None else tuple(Phoneme(*one) for one in facts["phonemes"])
    return Speech(sound_of_array(samples, facts["rate"]), phonemes, text, language)


def keep_sentence(key: str, speech: Speech) -> None:
    """Keep a sentence under `key`. A disk that is full is no reason to lose the speech: then it is not kept."""
    from safetensors.numpy import save_file

    samples = np.ascontiguousarray(np.concatenate([block.mean(0) for block in speech.sound.blocks()]), np.float32)
    phonemes = None if speech.phonemes is None else [[one.symbol, one.start, one.end] for one in speech.phonemes]
    facts = json.dumps({"rate": speech.sound.rate, "phonemes": phonemes, "text": speech.text})
    path = _path(key)
    with suppress(OSError):
        with tempfile.NamedTemporaryFile(prefix=".partial-", dir=path.parent, delete=False) as file:
            partial = Path(file.name)
        try:
            save_file({"samples": samples}, partial, {"speech": facts})
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        _prune()


def _path(key: str) -> Path:
    return cache_folder("voices") / f"{key}.safetensors"


def _prune() -> None:
    """Remove the sentences that were not used for longest until the rest is below MOST_BYTES; looked at every ten minutes."""
    global _pruned
    if time.monotonic() - _pruned < _PRUNE_EVERY:
        return
    _pruned = time.monotonic()
    total = 0
    for path, facts in _newest_first(list(cache_folder("voices").iterdir())):
        total += facts.st_size
        if total > MOST_BYTES or (path.name.startswith(".partial-") and time.time() - facts.st_mtime > _FORGOTTEN):
            with suppress(OSError):
                path.unlink()


def _newest_first(paths: Sequence[Path]) -> list[tuple[Path, os.stat_result]]:
    found = []
    for path in paths:
        with suppress(OSError):
            found.append((path, path.stat()))
    return sorted(found, key=lambda one: one[1].st_mtime, reverse=True)
