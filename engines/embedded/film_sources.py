"""Deciding, block by block, which frame of a shot lends its mouth to each output frame of a stretch."""
from __future__ import annotations

import numpy as np

from ...host.progress import Progress
from .film_mouths import FilmMouths
from .film_plan import Stretch, Wish
from .shot import Shot
from .source_runs import absorb_short_runs, jumps
from .source_search import JUMP, Candidates, State, Wanted, best_path

_SHORTEST_RUN = 0.16  # seconds
_MOST_JUMPS = 1.0  # a second
_DEARER = (1.0, 1.5, 2.2)  # prices of a jump that are tried until there are few enough


def choose_sources(path: np.ndarray, first: int, known: int, stop: int, state: State | None, stretch: Stretch, asked: Wish,
                   mouths: FilmMouths, progress: Progress) -> State:
    """Decide path[first:known] (film frames, int32), looking ahead to `stop`, and have the pictures of all frames around.

    state: where the path stood at `first`, candidate being a film frame; returned: where it stands at `known`."""
    shot, index, base = stretch.shot, mouths.index, stretch.base[first:stop]
    low, high = _window(base, shot, mouths.window)
    mouths.hold(low, high, progress)
    if state is not None:
        state = State(state.candidate - low, state.direction) if low <= state.candidate < high else None
    wanted = _wanted(slice(first, stop), low, stretch, asked, index.opening[base])
    found, direction = _calm_path(_candidates(low, high, shot, mouths), wanted, state)

    shortest = max(2, round(_SHORTEST_RUN * stretch.rate))
    fixed = min(first, shortest)
    whole = np.concatenate([path[first - fixed:first], found + low])
    opening = np.where(mouths.lenders(shot.first, shot.stop), index.opening, np.nan)
    whole = absorb_short_runs(whole, opening, asked.opening[first - fixed:stop], fixed, shortest)
    path[first:known] = whole[fixed:fixed + known - first]
    return State(int(path[known - 1]), int(direction[known - first - 1]))


def _wanted(rows: slice, low: int, stretch: Stretch, asked: Wish, base_opening: np.ndarray) -> Wanted:
    """The wish for some output frames of the stretch; low: the film frame that is candidate 0."""
    shot = stretch.shot
    calm = shot.low + 0.25 * (shot.high - shot.low)
    before = stretch.times[rows.start - 1] if rows.start else stretch.times[0] - 1 / stretch.rate
    step = np.diff(stretch.times[rows], prepend=before).astype(np.float32)
    return Wanted(asked.opening[rows], asked.width[rows], asked.shut[rows], stretch.base[rows] - low,
                  asked.rest[rows] & (base_opening < calm), step)


def _calm_path(candidates: Candidates, wanted: Wanted, state: State | None) -> tuple[np.ndarray, np.ndarray]:
    """The best path with about one jump a second, by raising their price where there are more."""
    allowed = 1 + _MOST_JUMPS * float(wanted.step.sum())
    for dearer in _DEARER:
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
    usable = mouths.usable[rows] & ~mouths.front.hidden(low, high)
    look = index.look[rows] - np.nanmean(index.look[rows], 0)
    look = look / (np.sqrt(np.nanvar(index.look[rows], 0).sum()) / 1.3 + 1e-3)
    return Candidates(index.opening[rows], index.width[rows], index.yaw[rows], index.pitch[rows], index.sharpness[rows], look, usable,
                      shot.spread)
