"""The offset of lips and voice is found where there is one, and said to be unclear where there is none."""
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.speech.drive import mouth_curves
from talking_avatar.speech.lip_offset import FURTHEST, STEPS, lip_offset


@pytest.fixture(scope="module")
def curves(spoken):
    return mouth_curves(spoken)


def _times(curves, fps):
    return np.arange(int(len(curves.opening) / 100 * fps)) / float(fps)


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(25), Fraction(30), Fraction(50), Fraction(60)])
@pytest.mark.parametrize("frames", [-7, -3, 0, 3, 10])
def test_lips_that_come_some_frames_after_the_sound_are_told_so(curves, fps, frames):
    late, times = frames / float(fps), _times(curves, fps)
    found = lip_offset(times, 0.02 + 0.05 * curves.at(times - late).opening, curves)
    assert found.seconds * fps == pytest.approx(frames, abs=0.35) and found.clear and found.agreement > 0.8


@settings(max_examples=25, deadline=None)
@given(late=st.floats(-0.5, 0.5), noise=st.floats(0, 0.02), seed=st.integers(0, 99), drift=st.floats(-0.05, 0.05))
def test_noise_and_slow_drift_do_not_move_the_offset(curves, late, noise, seed, drift):
    times = _times(curves, 25)
    shaken = noise * np.random.default_rng(seed).normal(size=len(times))
    opening = 0.05 * curves.at(times - late).opening + drift * np.sin(times / 3) + shaken
    found = lip_offset(times, opening, curves)
    assert abs(found.seconds - late) < 0.05 or not found.clear


def test_uneven_clocks_and_frames_without_a_face_do_no_harm(curves):
    times = np.sort(_times(curves, 30) + np.random.default_rng(1).uniform(0, 0.01, len(_times(curves, 30))))
    times = np.delete(times, slice(20, 24))
    opening = curves.at(times - 0.1).opening.astype(float)
    opening[30:45] = np.nan
    assert lip_offset(times, opening, curves).seconds == pytest.approx(0.1, abs=0.02)


def test_lips_that_do_not_follow_are_not_believed(curves):
    times = _times(curves, 25)
    for seed in range(10):
        steps = np.random.default_rng(seed).normal(size=len(times) + 8)
        assert not lip_offset(times, np.convolve(steps, np.ones(9), "valid"), curves).clear


@pytest.mark.parametrize("opening", [0.03, np.nan])
def test_still_lips_and_no_face_give_no_offset(curves, opening):
    times = _times(curves, 25)
    found = lip_offset(times, np.full(len(times), opening), curves)
    assert np.isnan(found.seconds) and not found.clear and not len(found.windows)
    assert np.isnan(lip_offset(np.zeros(0), np.zeros(0), curves).seconds)


def test_the_curve_spans_fifteen_frames_of_25_either_way(curves):
    times = _times(curves, 25)
    found = lip_offset(times, curves.at(times).opening, curves)
    assert len(found.curve) == len(STEPS) == 61 and FURTHEST == 15 / 25 and np.argmax(found.curve) == 30
