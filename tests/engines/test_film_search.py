"""Which frame lends its mouth: runs stay whole, jumps are few, nothing unusable is taken, and shots and blends keep their bounds."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.engines.embedded.source_runs import absorb_short_runs, blend_at, jumps
from talking_avatar.engines.embedded.source_search import FORWARD, Candidates, State, Wanted, best_path

SPREAD = (0.03, 0.05, 0.05, 0.02)


def candidates_of(opening, usable=None) -> Candidates:
    opening = np.asarray(opening, np.float32)
    n = len(opening)
    flat = np.zeros(n, np.float32)
    return Candidates(opening, flat + 0.5, flat, flat + 0.17, flat + 5, np.zeros((n, 8), np.float32),
                      np.ones(n, bool) if usable is None else np.asarray(usable), SPREAD)


def wanted_of(opening, base=None, step=0.04) -> Wanted:
    opening = np.asarray(opening, np.float32)
    m = len(opening)
    return Wanted(opening, np.full(m, 0.5, np.float32), np.zeros(m, np.float32), np.zeros(m, int) if base is None else np.asarray(base),
                  np.zeros(m, bool), np.full(m, step, np.float32))


def chewing(n: int, period: int = 20) -> np.ndarray:
    return 0.04 - 0.03 * np.cos(2 * np.pi * np.arange(n) / period)


def test_a_film_that_says_what_is_wished_is_played_as_it_is():
    film = chewing(100)
    path, direction = best_path(candidates_of(film), wanted_of(film[30:80]))
    assert (np.diff(path) == 1).all()
    assert np.allclose(film[path], film[30:80], atol=0.002)
    assert (direction == FORWARD).all()


def test_wishes_at_another_speed_are_met_with_few_jumps():
    film, wished = chewing(300), chewing(100, period=27)
    path, _ = best_path(candidates_of(film), wanted_of(wished))
    assert np.corrcoef(film[path], wished)[0, 1] > 0.9
    assert len(jumps(path)) <= 4


def test_half_the_step_does_not_double_the_jumps():
    rng = np.random.default_rng(3)
    knots = rng.uniform(0, 0.09, 30)
    film = candidates_of(np.interp(np.arange(400), np.linspace(0, 400, 60), rng.uniform(0, 0.09, 60)))
    slow = best_path(film, wanted_of(np.interp(np.linspace(0, 29, 150), np.arange(30), knots)))[0]
    fast = best_path(film, wanted_of(np.interp(np.linspace(0, 29, 300), np.arange(30), knots), step=0.02))[0]
    assert len(jumps(fast)) <= len(jumps(slow)) + 3


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 120), st.integers(10, 60))
def test_no_unusable_frame_is_taken_while_others_are_there(seed, n, m):
    rng = np.random.default_rng(seed)
    usable = rng.random(n) > 0.3
    usable[n // 3:n // 3 + 8] = True
    path, _ = best_path(candidates_of(rng.uniform(0, 0.09, n), usable), wanted_of(rng.uniform(0, 0.09, m), np.full(m, n // 3)))
    assert path.shape == (m,)
    assert path.min() >= 0
    assert path.max() < n
    assert usable[path].mean() > 0.9


def test_a_path_goes_on_where_the_block_before_ended():
    film = candidates_of(chewing(100))
    path, _ = best_path(film, wanted_of(chewing(100)[41:60]), State(40, FORWARD))
    assert path[0] == 41


def test_dearer_jumps_are_fewer():
    rng = np.random.default_rng(0)
    film, wished = candidates_of(rng.uniform(0, 0.09, 200)), wanted_of(rng.uniform(0, 0.09, 80))
    counts = [len(jumps(best_path(film, wished, jump=price)[0])) for price in (1.0, 7.0, 50.0)]
    assert counts[0] >= counts[1] >= counts[2]
    assert counts[0] > counts[2]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 199), st.integers(1, 9)), min_size=1, max_size=12), st.integers(0, 6))
def test_short_runs_are_absorbed_and_what_is_settled_is_left(runs, fixed):
    path = np.concatenate([np.clip(start + np.arange(length), 0, 199) for start, length in runs]).astype(np.int32)
    fixed = min(fixed, len(path))
    opening = np.random.default_rng(len(path)).uniform(0, 0.1, 200).astype(np.float32)
    done = absorb_short_runs(path, opening, np.full(len(path), 0.03, np.float32), fixed, 4)
    assert np.array_equal(done[:fixed], path[:fixed])
    assert done.min() >= 0
    assert done.max() < 200
    assert len(jumps(done)) <= len(jumps(path))


def test_a_run_of_two_frames_between_jumps_goes():
    path = np.array([*range(10, 20), 80, 81, *range(120, 130)], np.int32)
    done = absorb_short_runs(path, np.full(200, 0.02, np.float32), np.full(22, 0.02, np.float32), 0, 4)
    assert len(jumps(done)) == 1


def test_a_blend_at_the_edge_of_what_is_held_does_not_go_on_beyond_it():
    """A long film's mouths failed with a frame that was not there: the old run ended on the last frame that was."""
    path, held = np.array([46, 47, 48, 49, 10, 11, 12, 13], np.int32), np.arange(100) < 50
    assert max(frame for i in range(len(path)) for frame in blend_at(path, i, 3, held).frames) == 49
    assert max(frame for i in range(len(path)) for frame in blend_at(path, i, 3, np.ones(100, bool)).frames) > 49


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 12), st.sampled_from([1, -1, 0])), min_size=1, max_size=8), st.integers(1, 4))
def test_blends_are_weights_of_usable_frames(runs, half):
    path = np.concatenate([np.clip(start + step * np.arange(length), 0, 99) for start, length, step in runs]).astype(np.int32)
    usable = np.ones(100, bool)
    for i in range(len(path)):
        blend = blend_at(path, i, half, usable)
        assert sum(blend.weights) == pytest.approx(1)
        assert len(blend.frames) == len(blend.weights) <= 2
        assert all(0 <= frame < 100 for frame in blend.frames)
        assert int(path[i]) in blend.frames


def test_around_a_jump_the_old_run_goes_on_while_the_new_one_begins_early():
    path = np.array([*range(10, 20), *range(50, 60)], np.int32)
    shown = [blend_at(path, i, 2, np.ones(100, bool)) for i in range(len(path))]
    assert [blend.frames for blend in shown[7:13]] == [(17,), (18, 48), (19, 49), (20, 50), (21, 51), (52,)]
    shares = [blend.weights[-1] for blend in shown[8:12]]
    assert shares == sorted(shares)
    assert shares[0] + shares[-1] == pytest.approx(1)


def test_a_run_does_not_go_on_into_frames_without_a_mouth():
    usable = np.ones(100, bool)
    usable[20:] = False
    usable[50:] = True
    path = np.array([*range(10, 20), *range(50, 60)], np.int32)
    assert blend_at(path, 11, 2, usable).frames == (19, 51)
