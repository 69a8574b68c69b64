"""Smoothing takes the noise away, adds no delay and leaves the lips their closures."""
import numpy as np
import pytest
from talking_avatar.faces.gaps import between, bridgeable
from talking_avatar.faces.region import Region
from talking_avatar.faces.smooth import smooth, smooth_run
from talking_avatar.faces.steady import smoothed

FPS = 25.0


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """float32 [468, 3]: points in a region, forehead 10 and chin 152 being 120 apart."""
    points = np.random.default_rng(0).uniform(40, 150, (468, 3)).astype(np.float32)
    points[10], points[152] = (96, 36, 0), (96, 156, 0)
    return points


def still_regions(count: int) -> np.ndarray:
    return np.tile([200.0, 150.0, 192.0, 0.0], (count, 1))


def test_the_noise_of_a_still_face_is_more_than_halved(face):
    noisy = face + np.random.default_rng(1).normal(0, 0.15, (80, 468, 3)).astype(np.float32)
    calm = smooth(noisy, still_regions(80), FPS, 1.0)
    before, after = (np.diff(points, 2, axis=0).std() for points in (noisy, calm))
    assert after < before / 3


def test_lips_that_close_for_two_frames_still_close(face):
    """An opening of 5 % of the face height, shut for two frames of 25 a second."""
    opening = np.full(40, 6.0)
    opening[20:22] = 0
    points = np.tile(face, (40, 1, 1))
    points[:, 13, 1], points[:, 14, 1] = 100 - opening / 2, 100 + opening / 2
    points[:, [13, 14], 0] = 96
    lips = smooth(points, still_regions(40), FPS, 1.0)
    after = np.linalg.norm(lips[:, 13, :2] - lips[:, 14, :2], axis=1)
    assert after[20:22].max() < 0.3
    assert after[:15].min() > 5.9 and after[27:].min() > 5.9


def test_nothing_is_delayed(face):
    """A wave of the lips is compared with itself moved by fractions of a frame: the best fit is no move at all."""
    t = np.arange(120)
    points = np.tile(face, (120, 1, 1))
    points[:, 14, 1] += (3 * np.sin(t * 0.35) + 2 * np.sin(t * 0.13)).astype(np.float32)
    noisy = points + np.random.default_rng(2).normal(0, 0.1, points.shape).astype(np.float32)
    after = smooth(noisy, still_regions(120), FPS, 1.0)[:, 14, 1]
    lags = np.arange(-2, 2.01, 0.05)
    fits = [np.corrcoef(after[5:-5], np.interp(t[5:-5] + lag, t, points[:, 14, 1]))[0, 1] for lag in lags]
    assert abs(lags[int(np.argmax(fits))]) < 0.075
    assert max(fits) > 0.995


def test_time_backwards_gives_the_same(face):
    noisy = face + np.random.default_rng(3).normal(0, 1, (50, 468, 3)).astype(np.float32)
    forth, back = smooth(noisy, still_regions(50), FPS, 1.0), smooth(noisy[::-1], still_regions(50), FPS, 1.0)[::-1]
    assert np.allclose(forth, back, atol=1e-3)


def test_a_head_that_moves_evenly_is_not_changed(face):
    regions = still_regions(60)
    regions[:, 0] += np.arange(60) * 3.0
    regions[:, 3] = np.arange(60) * 0.01
    points = np.tile(face, (60, 1, 1))
    after = smooth(points, regions, FPS, 1.0)
    expected = smooth(points, regions, FPS, 0.0)
    assert np.abs(after - expected).max() < 0.35


def test_pieces_give_the_same_as_the_whole(face):
    rng = np.random.default_rng(4)
    points = face + rng.normal(0, 1, (600, 468, 3)).astype(np.float32)
    regions = still_regions(600) + rng.normal(0, 0.3, (600, 4)) * (1, 1, 1, 0.01)
    asked = []

    def read(start, stop):
        asked.append(stop - start)
        return points[start:stop]

    pieces = np.concatenate(list(smooth_run(read, regions, FPS, 1.0)))
    assert len(pieces) == 600 and max(asked) < 320, "memory must not grow with the run"
    whole = smooth(points, regions, FPS, 1.0)
    assert np.abs(pieces - whole).max() < 0.05, "only the mean face height may differ a little"


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_the_shortest_runs_are_smoothed_without_error(face, count):
    points = np.tile(face, (count, 1, 1))
    assert np.allclose(smooth(points, still_regions(count), FPS, 1.0), smooth(points, still_regions(count), FPS, 0.0), atol=1e-3)


def test_a_region_keeps_speed_and_bends_when_it_is_smoothed():
    regions = [Region(100 + 2 * i + 0.1 * i * i, 50.0, 80 * 1.01**i, 0.02 * i) for i in range(15)]
    for at in (0, 7, 14):
        one = smoothed(regions, at)
        assert one.x == pytest.approx(regions[at].x, abs=1e-6)
        assert one.side == pytest.approx(regions[at].side, rel=1e-6)
        assert one.turn == pytest.approx(regions[at].turn, abs=1e-6)


def test_a_turn_through_half_a_circle_is_smoothed_the_short_way():
    regions = [Region(0, 0, 100, (3.1 + 0.02 * i + np.pi) % (2 * np.pi) - np.pi) for i in range(9)]
    assert np.cos(smoothed(regions, 4).turn - regions[4].turn) > 0.9999


def gaps(present, x, cuts=(), limit=5):
    present = np.array(present, bool)
    regions = np.full((len(present), 4), np.nan)
    regions[present] = [(value, 0, 100, 0) for value in np.array(x, float)[present]]
    starts = np.zeros(len(present), bool)
    starts[list(cuts)] = True
    return list(bridgeable(present, starts, regions, limit))


def test_only_short_gaps_at_one_place_without_a_cut_are_bridged():
    assert gaps([1, 1, 0, 0, 1, 1], [0] * 6) == [(2, 4)]
    assert gaps([1, 0, 0, 0, 0, 0, 1], [0] * 7) == [(1, 6)]
    assert gaps([1, 0, 0, 0, 0, 0, 0, 1], [0] * 8) == []
    assert gaps([1, 0, 1], [0, 0, 60]) == []
    assert gaps([1, 1, 0, 1, 1], [0] * 5, cuts=[2]) == [] == gaps([1, 1, 0, 1, 1], [0] * 5, cuts=[3])
    assert gaps([0, 0, 1, 1, 0, 0], [0] * 6) == []
    assert gaps([1, 0, 1, 0, 0, 1], [0] * 6) == [(1, 2), (3, 5)]


def test_what_lies_between_is_evenly_spaced():
    assert between(np.array([0.0]), np.array([4.0]), 3)[:, 0].tolist() == [1, 2, 3]
