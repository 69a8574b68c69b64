"""A film that speaks by its own mouths: every output frame borrows the frame whose mouth fits best, bent to fit exactly."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from ...compose.patch import FacePatch
from ...host.device import one_picture_thread
from ...host.progress import Progress, Stage
from ...speech.mouth import MouthCurves
from ..engine import Take
from .canonical_face import shapes
from .closed_film import ShutMouth, opened, read_shut_mouth
from .control_points import control_points
from .film_frame import paint
from .film_mouths import FilmMouths, open_mouths
from .film_plan import Stretch, Wish, rows_of, stretches, wish
from .film_sources import choose_sources
from .own_speech import taught_by_film
from .settings import EmbeddedSettings
from .shot import Shot, read_shot
from .source_runs import Blend, blend_at
from .source_search import State

_BLOCK_SECONDS, _AHEAD_SECONDS = 4.0, 2.0
_BLEND_HALF = 0.08  # seconds
_SLOW_SIGMA = 0.048  # seconds
_FOLLOWS = 0.6  # share of a source's shape that points take which are no control points: they only shape masks


def film_patches(take: Take, curves: MouthCurves, settings: EmbeddedSettings, progress: Progress,
                 wanted: int = 0) -> Iterator[FacePatch]:
    """Patches of a film in rising order, one for every output frame whose mouth changes.

    curves: rows are the output frames. wanted: the first output frame that is painted; those before it are only planned, so that the
    others come out the same. Memory: numbers of the film and a window of pictures, which lie on disk. Raises OutputError when that disk is
    full, Cancelled when the user stops."""
    timeline = take.timeline
    mouths = open_mouths(take.avatar, _BLOCK_SECONDS + _AHEAD_SECONDS + 1)
    shots: dict[int, Shot] = {}
    shut: dict[int, ShutMouth] = {}
    with closing(mouths.store), one_picture_thread(), progress.stage("moving the mouth", timeline.n_frames) as stage:
        curves = taught_by_film(take, curves, mouths.index, progress)
        done = 0
        for start, stop in stretches(timeline, mouths.usable, mouths.index):
            stage.advance(start - done)
            base = timeline.source[start:stop]
            number = int(mouths.index.shot[base[0]])
            if number not in shots:
                shots[number] = read_shot(take.avatar.track, mouths.index, number)
            stretch = Stretch(start, base, timeline.times(start, stop), float(timeline.clock.fps), mouths.strength[base], shots[number])
            rows = rows_of(curves, start, stop)
            if stretch.shot.speaks:
                yield from _speaking(stretch, wish(rows, stretch.shot, settings.mouth), mouths, wanted, progress, stage)
            else:
                if number not in shut:
                    shut[number] = read_shut_mouth(stretch, mouths, progress)
                yield from opened(stretch, shut[number], rows, settings.mouth, take.speech.phonemes, mouths, wanted, progress, stage)
            done = stop
        stage.advance(timeline.n_frames - done)


@dataclass(frozen=True)
class _Prepared:
    """An output frame that only has to be painted: what is mixed, and by how much each landmark moves (float32 [468, 3], shape units)."""

    blend: Blend
    displacement: np.ndarray
    back: np.ndarray


def _speaking(stretch: Stretch, asked: Wish, mouths: FilmMouths, wanted: int, progress: Progress, stage: Stage) -> Iterator[FacePatch]:
    """Search, prepare and paint block by block: a frame is prepared when the path is known as far as blends reach, and painted when
    the jaw's neighbours in time are prepared."""
    n = len(stretch.base)
    block, ahead = max(1, round(_BLOCK_SECONDS * stretch.rate)), round(_AHEAD_SECONDS * stretch.rate)
    half = max(1, round(_BLEND_HALF * stretch.rate))
    sigma = _SLOW_SIGMA * stretch.rate
    reach = int(3 * sigma) + 1
    path = np.zeros(n, np.int32)
    state: State | None = None
    prepared: dict[int, _Prepared] = {}
    ready = painted = 0
    for first in range(0, n, block):
        known = min(n, first + block)
        state = choose_sources(path, first, known, min(n, known + ahead), state, stretch, asked, mouths, progress)
        last = known == n
        prepared |= _prepare(range(ready, n if last else max(ready, known - half)), path, half, stretch, asked, mouths)
        ready = max(prepared, default=-1) + 1
        for i in range(painted, n if last else ready - reach):
            if stretch.start + i >= wanted:
                yield from _painted(i, prepared, sigma, reach, n, stretch, mouths)
            prepared.pop(i - reach, None)
            stage.advance()
            painted = i + 1


def _prepare(outputs: range, path: np.ndarray, half: int, stretch: Stretch, asked: Wish, mouths: FilmMouths) -> dict[int, _Prepared]:
    """Blends and displacements of some output frames of the stretch."""
    shot, index = stretch.shot, mouths.index
    lenders = mouths.lenders(shot.first, shot.stop)
    blends = {i: blend_at(path, i, half, lenders) for i in outputs}
    needed = sorted({k for blend in blends.values() for k in blend.frames} | {int(stretch.base[i]) for i in outputs})
    if not needed:
        return {}
    shape, back = shapes(np.stack([mouths.track.landmarks[k] for k in needed]), shot.face)
    at = {k: row for row, k in enumerate(needed)}
    share = _shares()
    prepared = {}
    for i, blend in blends.items():
        base = at[int(stretch.base[i])]
        target = sum(weight * shape[at[k]] for k, weight in zip(blend.frames, blend.weights, strict=True))
        opening = sum(weight * float(index.opening[k]) for k, weight in zip(blend.frames, blend.weights, strict=True))
        target = target + _mend(opening, float(asked.opening[i])) * shot.opening_shape
        prepared[i] = _Prepared(blend, (stretch.strength[i] * share * (target - shape[base])).astype(np.float32), back[base])
    return prepared


def _mend(opening: float, wished: float) -> float:
    """By how much bending brings a source's opening to what is wished. Lips that are shut are not torn open: nothing is behind them."""
    up = min(0.012, 0.35 * opening) if opening >= 0.006 else 0.0
    return float(np.clip(wished - opening, -min(0.018, opening), up))


def _shares() -> np.ndarray:
    """float64 [468, 1]: how much of a source's shape each landmark takes."""
    share = np.full((468, 1), _FOLLOWS)
    points = control_points()
    share[points.points, 0] = points.weight
    return share


def _painted(i: int, prepared: dict[int, _Prepared], sigma: float, reach: int, n: int, stretch: Stretch,
             mouths: FilmMouths) -> Iterator[FacePatch]:
    """The patch of output frame i of the stretch, if anything changes: lips as they are, chin and jaw smoothed over time."""
    this = prepared[i]
    around = np.clip(np.arange(i - reach, i + reach + 1), 0, n - 1)
    weight = np.exp(-0.5 * ((np.arange(-reach, reach + 1)) / sigma) ** 2)
    smooth = np.einsum("n,nij->ij", weight / weight.sum(), np.stack([prepared[int(k)].displacement for k in around]))
    quick = control_points().points[~control_points().slow]
    smooth[quick] = this.displacement[quick]
    frame = int(stretch.base[i])
    base = mouths.face(frame)
    moved = base.points[:, :2] + (smooth @ this.back.T)[:, :2]
    made = paint(base, [mouths.face(k) for k in this.blend.frames], this.blend.weights, moved, float(stretch.strength[i]),
                 partial(mouths.front.mask, frame))
    x, y, width, height = (0, 0, 0, 0) if made is None else cv2.boundingRect(made.alpha)
    if width:
        part = np.s_[y:y + height, x:x + width]
        affine = np.array([[1.0, 0, made.x + x], [0, 1, made.y + y]])
        yield FacePatch(stretch.start + i, np.ascontiguousarray(made.pixels[part]), affine, np.ascontiguousarray(made.alpha[part]))
