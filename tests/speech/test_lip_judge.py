"""The judge knows lips that follow from lips that do not."""
import numpy as np
import pytest
from talking_avatar.speech.drive import mouth_curves
from talking_avatar.speech.judge import judge_lips

TIMES = np.arange(-0.5, 4.5, 0.04)


@pytest.fixture(scope="module")
def curves(spoken):
    return mouth_curves(spoken)


def test_lips_that_follow_are_praised(curves):
    verdict = judge_lips(TIMES, 0.02 + 0.06 * curves.at(TIMES).opening, curves)
    assert verdict.r > 0.999
    assert verdict.best_lag == pytest.approx(0, abs=0.011)
    assert verdict.closures == 1


@pytest.mark.parametrize("late", [-0.08, 0.05])
def test_lips_that_are_late_or_early_are_told_so(curves, late):
    verdict = judge_lips(TIMES, curves.at(TIMES - late).opening, curves)
    assert verdict.best_lag == pytest.approx(late, abs=0.011)
    assert verdict.best_r > 0.999 > verdict.r


def test_motion_in_pauses_is_counted(curves):
    opening = curves.at(TIMES).opening
    assert judge_lips(TIMES, opening, curves).leak == 0
    shaking = opening + 0.2 * (np.arange(len(TIMES)) % 2)
    assert judge_lips(TIMES, shaking, curves).leak > 0.5


def test_lips_that_do_not_meet_or_do_not_move_are_noticed(curves):
    assert judge_lips(TIMES, 1 - curves.at(TIMES).opening, curves).closures < 0.1
    assert judge_lips(TIMES, np.full(len(TIMES), 0.03), curves).r == 0


def test_frames_without_a_face_do_not_count(curves):
    opening = curves.at(TIMES).opening.astype(float)
    opening[30:50] = np.nan
    assert judge_lips(TIMES, opening, curves).r > 0.999
