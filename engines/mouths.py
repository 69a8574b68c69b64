"""Make all mouths of a take, once: what an earlier run of the same take left is taken up where it ended."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..compose.patch import FacePatch
from ..compose.spool import Spool
from ..host.progress import Progress
from .engine import Engine, Take
from .setting import check_settings


def make_mouths(take: Take, engine: Engine, settings: Any, progress: Progress, folder: Path,
                watch: Callable[[FacePatch], None] | None = None) -> Spool:
    """A finished spool of the engine's patches in `folder`. watch: sees every patch that is made now.

    When this is stopped, by the user, an error or a kill, the patches that are finished stay in `folder` for two days, and the next call
    with the same film, face, speech and settings goes on after the last of them. Raises what the engine raises, and InputError for
    settings outside their limits."""
    check_settings(settings)
    spool = Spool(mouths_key(take, engine, settings), folder)
    if spool.is_finished:
        return spool
    try:
        for patch in spool.tee(engine.patches(take, settings, progress, first=spool.last_index + 1)):
            progress.check()
            if watch is not None:
                watch(patch)
    except BaseException:
        spool.suspend()
        raise
    return spool


def mouths_key(take: Take, engine: Engine, settings: Any) -> str:
    """A text that is the same only where the same patches come out."""
    track = take.avatar.track
    parts = (np.asarray(track.box), np.asarray(track.present), np.asarray(track.cuts, np.int64), take.timeline.source,
             take.timeline.times())
    digest = blake2b(digest_size=20)
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    said = (take.speech.sound.content_key, take.speech.phonemes, take.speech.text, take.speech.language)
    made_from = getattr(engine, "made_from", lambda settings: "")(settings)
    return repr((__version__, engine.name, made_from, asdict(settings), take.avatar.source.content_key, said, digest.hexdigest()))
