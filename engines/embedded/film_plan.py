"""What the mouth of a film shall do on each output frame, and which stretches of the output belong together."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...host.progress import Progress
from ...media.timeline import Timeline
from ...speech.mouth import MouthCurves
from ..engine import Take
from .mouth_index import MouthIndex, index_mouths, mouth_strengths
from .mouth_motion import mouth_motion
from .own_speech import taught_by_film
from .shot import Shot, read_shot
from .source_runs import JUMP_OVER

_FULLER = 0.6
"""How much fuller the middle of the range is spoken than the curves say, which are drawn to small openings as every forecast is to what is
usual. Measured on four films whose speech is their own, in voiced moments, face heights: openings were too small by .006 to .016, now from
.001 too wide to .011 too small; they miss the person's own (root mean square) by a sixth less in three, by as much in the fourth."""


@dataclass(frozen=True)
class Wish:
    """What the speech asks of a mouth, for m output frames: opening in face heights, width as |61-291|/|33-263|, shut 0 .. 1 (how much it
    matters that the lips meet), rest (bool, silence); float32 [m] each."""

    opening: np.ndarray
    width: np.ndarray
    shut: np.ndarray
    rest: np.ndarray


@dataclass(frozen=True)
class Stretch:
    """Output frames start, start + 1, … without a cut. base: the film's frame under each. times: seconds. rate: output frames a second.
    strength: float32, 0 .. 1, how much of a new mouth is shown. shot: whose mouth it is."""

    start: int
    base: np.ndarray
    times: np.ndarray
    rate: float
    strength: np.ndarray
    shot: Shot


def stretches(timeline: Timeline, usable: np.ndarray, index: MouthIndex) -> Iterator[tuple[int, int]]:
    """Runs start, stop of output frames that show the face without a cut: of one shot of the film, which plays on or backward, at
    any speed. usable: bool [N], frames of the film with a face that can be worked on."""
    base = timeline.source
    seen = usable[base]
    step = np.abs(np.diff(base))
    breaks = (np.diff(index.shot[base]) != 0) | (np.diff(seen.astype(np.int8)) != 0)
    if len(step):
        breaks |= step > JUMP_OVER + 2 * np.median(step)
    edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(base)]
    for start, stop in zip(edges, edges[1:], strict=False):
        if stop > start and seen[start]:
            yield start, stop


def rows_of(curves: MouthCurves, start: int, stop: int) -> MouthCurves:
    """Rows start .. stop-1."""
    rows = {name: getattr(curves, name)[start:stop] for name in ("opening", "width", "closure", "dental", "gate")}
    return replace(curves, **rows)


def wish(curves: MouthCurves, shot: Shot, amount: float) -> Wish:
    """The curves on the range of the shot's own mouth; amount: 1 is natural.

    Measured: the 4th percentile of the film's opening for shut and the 92nd for wide fit best."""
    said = np.clip(curves.opening, 0, 1.1) * (1 - curves.closure)
    share = amount * said * (1 + _FULLER * np.clip(1 - said, 0, 1))
    opening = shot.low + (shot.high - shot.low) * share
    width = shot.width + shot.spread[1] * curves.width
    shut = np.maximum(curves.closure, amount * said < 0.15)
    return Wish(opening.astype(np.float32), width.astype(np.float32), shut.astype(np.float32), curves.gate < 0.3)


def wished_openings(take: Take, curves: MouthCurves, amount: float, progress: Progress) -> np.ndarray:
    """float32 [n]: the opening |13-14|/|10-152| that each output frame aims at; NaN where there is no face. curves: rows are the output
    frames. amount: 1 is natural."""
    track, timeline = take.avatar.track, take.timeline
    index = index_mouths(track)
    curves = taught_by_film(take, curves, index, progress)
    out = np.full(timeline.n_frames, np.nan, np.float32)
    shots: dict[int, Shot] = {}
    for start, stop in stretches(timeline, mouth_strengths(take.avatar, index) > 0, index):
        number, rows = int(index.shot[timeline.source[start]]), rows_of(curves, start, stop)
        if number not in shots:
            shots[number] = read_shot(track, index, number)
        shot = shots[number]
        if shot.speaks:
            out[start:stop] = wish(rows, shot, amount).opening
        else:
            out[start:stop] = mouth_motion(rows, timeline.times(start, stop), 0.0, amount, take.speech.phonemes).opening
    return out
