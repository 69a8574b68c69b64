"""What a lip-sync node has done, in words."""
from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..compose.spool import Spool
from ..engines.engine import Take


def mouths_in_words(take: Take, spool: Spool, notes: Iterable[str]) -> str:
    """How many frames show the face and got a mouth, and a line for each note of the engine."""
    n = take.timeline.n_frames
    with_face = int(np.count_nonzero(np.asarray(take.avatar.track.present)[take.timeline.source]))
    line = f"Face in {with_face} of {n} frames"
    if len(spool) < n:
        line += f", {n - len(spool)} passed through untouched"
    return "\n".join(one[:1].upper() + one[1:] + "." for one in (line, *notes))
