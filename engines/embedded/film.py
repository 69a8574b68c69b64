"""A film that speaks by its own mouths: every output frame borrows the frame whose mouth fits best, bent to fit exactly."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...compose.fade import strengths
from ...compose.patch import FacePatch
from ...host.progress import Progress, Stage
from ...speech.mouth import MouthCurves
from ..engine import Take
from .canonical_face import shapes
from .closed_film import opened
from .control_points import control_points
from .film_frame import paint
from .film_mouths import FilmMouths, open_mouths
from .film_plan import Stretch, Wish, rows_of, stretches, wish
from .own_speech import taught_by_film
from .settings import EmbeddedSettings
from .shot import Shot, read_shot
from .source_runs import Blend, absorb_short_runs, blend_at, jumps
from .source_search import JUMP, Candidates, State, Wanted, best_path

_BLOCK_SECONDS, _AHEAD_SECONDS = 4.0, 2.0
_SHORTEST_RUN = 0.16  # seconds
_MOST_JUMPS = 1.0  # a second
_BLEND_HALF = 0.08  # seconds
_SLOW_SIGMA = 0.048  # seconds
_FOLLOWS = 0.6  # share of a source's shape that points take which are no control points: they only shape masks


def film_patches(take: Take, curves: MouthCurves, settings: EmbeddedSettings, progress: Progress,
                 wanted: int = 0) -> Iterator[FacePatch]:
    """Patches of a film in rising order, one for every output frame whose mouth changes.

    curves: rows are the output frames. wanted: the first output frame that is painted; those before it are only planned, so that the
    others come out the same. Memory: numbers of the film and a window of pictures, which lie on disk. Raises Cancelled when
    the user stops."""
    avatar, timeline = take.avatar, take.timeline
    strength = strengths(avatar.track, avatar.source.width, avatar.source.height)
    mouths = open_mouths(avatar, 2 * (_BLOCK_SECONDS + _AHEAD_SECONDS))
    with closing(mouths.store), progress.stage("moving the mouth", timeline.n_frames) as stage:
        curves = taught_by_film(take, curves, mouths.index, progress)
        done = 0
        for start, stop in stretches(timeline, avatar.track, mouths.index):
            stage.advance(start - done)
            base = timeline.source[start:stop]
            shot = read_shot(avatar.track, mouths.index, int(base[0]))
            stretch, rows = Stretch(start, base, timeline.times(start, stop), strength[base], shot), rows_of(curves, start, stop)
            if shot.speaks:
                yield from _speaking(stretch, wish(rows, shot, settings.mouth), mouths, wanted, progress, stage)
            else:
                yield from opened(stretch, rows, settings.mouth, take.speech.phonemes, mouths, wanted, progress, stage)
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
    block, ahead = round(_BLOCK_SECONDS * mouths.rate), round(_AHEAD_SECONDS * mouths.rate)
    half = max(1, round(_BLEND_HALF * mouths.rate))
    sigma = _SLOW_SIGMA * mouths.rate
    reach = int(3 * sigma) + 1
    path = np.zeros(n, np.int32)
    state: State | None = None
    prepared: dict[int, _Prepared] = {}
    ready = painted = 0
    for first in range(0, n, block):
        known = min(n, first + block)
        state = _search(path, first, known, min(n, known + ahead), state, stretch, asked, mouths, progress)
        last = known == n
        prepared |= _prepare(range(ready, n if last else max(ready, known - half)), path, half, stretch, asked, mouths)
        ready = max(prepared, default=-1) + 1
        for i in range(painted, n if last else ready - reach):
            if stretch.start + i >= wanted:
                yield _painted(i, prepared, sigma, reach, n, stretch, mouths)
            prepared.pop(i - reach, None)
            stage.advance()
            painted = i + 1


def _search(path: np.ndarray, first: int, known: int, stop: int, state: State | None, stretch: Stretch, asked: Wish,
            mouths: FilmMouths, progress: Progress) -> State:
    """Decide path[first:known], looking ahead to `stop`; return where it stands then, in film frames."""
    shot, index, base = stretch.shot, mouths.index, stretch.base[first:stop]
    low, high = _window(base, shot, mouths.window)
    mouths.hold(low, high, progress)
    rows = slice(first, stop)
    calm = shot.low + 0.25 * (shot.high - shot.low)
    step = np.diff(stretch.times[max(first - 1, 0):stop], prepend=[] if first else [stretch.times[0] - 1 / mouths.rate])
    wanted = Wanted(asked.opening[rows], asked.width[rows], asked.shut[rows], base - low, asked.rest[rows] & (index.opening[base] < calm),
                    step.astype(np.float32))
    if state is not None:
        state = State(state.candidate - low, state.direction) if low <= state.candidate < high else None
    found, direction = _calm_path(_candidates(low, high, shot, mouths), wanted, state)
    shortest = max(2, round(_SHORTEST_RUN * mouths.rate))
    fixed = min(first, shortest)
    whole = np.concatenate([path[first - fixed:first], found + low])
    allowed = np.where(_in_shot(shot, len(index.opening)), index.opening, np.nan)
    whole = absorb_short_runs(whole, allowed, asked.opening[first - fixed:stop], fixed, shortest)
    path[first:known] = whole[fixed:fixed + known - first]
    return State(int(path[known - 1]), int(direction[known - first - 1]))


def _calm_path(candidates: Candidates, wanted: Wanted, state: State | None) -> tuple[np.ndarray, np.ndarray]:
    """The best path with about one jump a second, by raising their price where there are more."""
    allowed = 1 + _MOST_JUMPS * float(wanted.step.sum())
    for dearer in (1.0, 1.5, 2.2):
        found, direction = best_path(candidates, wanted, state, jump=JUMP * dearer)
        if len(jumps(found)) <= allowed:
            break
    return found, direction


def _window(base: np.ndarray, shot: Shot, width: int) -> tuple[int, int]:
    """The frames that are searched: around the base frames, inside the shot."""
    spare = max(0, width - int(base.max() - base.min() + 1))
    low = max(shot.first, int(base.min()) - spare // 2)
    high = min(shot.stop, low + max(width, int(base.max()) + 1 - low))
    return max(shot.first, min(low, high - width)), high


def _candidates(low: int, high: int, shot: Shot, mouths: FilmMouths) -> Candidates:
    index, rows = mouths.index, slice(low, high)
    usable = np.isfinite(index.opening[rows]) & ~mouths.front.hidden(low, high)
    look = index.look[rows] - np.nanmean(index.look[rows], 0)
    look = look / (np.sqrt(np.nanvar(index.look[rows], 0).sum()) / 1.3 + 1e-3)
    return Candidates(index.opening[rows], index.width[rows], index.yaw[rows], index.pitch[rows], index.sharpness[rows], look, usable,
                      shot.spread)


def _in_shot(shot: Shot, n: int) -> np.ndarray:
    return (np.arange(n) >= shot.first) & (np.arange(n) < shot.stop)


def _prepare(outputs: range, path: np.ndarray, half: int, stretch: Stretch, asked: Wish, mouths: FilmMouths) -> dict[int, _Prepared]:
    """Blends and displacements of some output frames of the stretch."""
    shot, index = stretch.shot, mouths.index
    usable = np.isfinite(index.opening) & _in_shot(shot, len(index.opening))
    blends = {i: blend_at(path, i, half, usable) for i in outputs}
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


def _painted(i: int, prepared: dict[int, _Prepared], sigma: float, reach: int, n: int, stretch: Stretch, mouths: FilmMouths) -> FacePatch:
    """Output frame i of the stretch: lips as they are, chin and jaw smoothed over time."""
    this = prepared[i]
    around = np.clip(np.arange(i - reach, i + reach + 1), 0, n - 1)
    weight = np.exp(-0.5 * ((np.arange(-reach, reach + 1)) / sigma) ** 2)
    smooth = np.einsum("n,nij->ij", weight / weight.sum(), np.stack([prepared[int(k)].displacement for k in around]))
    quick = control_points().points[~control_points().slow]
    smooth[quick] = this.displacement[quick]
    base = mouths.face(int(stretch.base[i]))
    moved = base.points[:, :2] + (smooth @ this.back.T)[:, :2]
    made = paint(base, [mouths.face(k) for k in this.blend.frames], this.blend.weights, moved, float(stretch.strength[i]),
                 partial(mouths.front.mask, int(stretch.base[i])))
    affine = np.array([[1.0, 0, made.x], [0, 1, made.y]])
    return FacePatch(stretch.start + i, made.pixels, affine, made.alpha)
