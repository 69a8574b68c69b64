"""What optical flow tells of a head: how it moved, to a fraction of a pixel, or nothing."""
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.faces.flow import StillPoints, carry
from talking_avatar.faces.region import Region, lift
from talking_avatar.media.picture import Picture

FACE = Region(153, 112, 150, 0.05)
POINTS = np.array([[x, y] for x in range(115, 196, 16) for y in range(60, 150, 15)], np.float64)
shifts = st.floats(-2, 2)


def patch_of(pixels):
    return lift(Picture.from_rgb(pixels), FACE, 192, 1.2)


@given(shifts, shifts, st.floats(-0.02, 0.02), st.floats(0.99, 1.01))
@settings(max_examples=40)
def test_points_go_with_a_head_that_shifts_turns_and_comes_nearer(woman, moved, motion, x, y, turn, scale):
    matrix = motion(300, 300, x, y, turn, scale)
    went = POINTS @ matrix[:, :2].T + matrix[:, 2]
    if np.hypot(*(went - POINTS).T).max() > 2.8:
        return
    carried = carry(StillPoints(POINTS, patch_of(woman)), patch_of(moved(woman, x, y, turn, scale)), FACE)
    assert np.abs(carried.points - went).max() < 0.25
    assert carried.age == 1


def test_a_hand_before_a_third_of_the_points_does_not_carry_them_away(woman, moved):
    hidden = moved(woman, 2, 1)
    hidden[100:170, 60:165] = np.random.default_rng(1).integers(90, 200, (70, 105, 1), np.uint8)
    carried = carry(StillPoints(POINTS, patch_of(woman)), patch_of(hidden), FACE)
    assert carried.points == pytest.approx(POINTS + (2, 1), abs=0.3)


def test_nothing_is_told_where_the_face_is_gone(woman):
    still, meadow = StillPoints(POINTS, patch_of(woman)), np.random.default_rng(0).integers(0, 255, (75, 75, 3), np.uint8)
    assert carry(still, patch_of(cv2.resize(meadow, (300, 300), interpolation=cv2.INTER_CUBIC)), FACE) is None
    card = woman.copy()
    card[20:215, 70:235] = (90, 110, 130)
    assert carry(still, patch_of(card), FACE) is None


def test_a_face_that_moves_far_is_not_carried(woman, moved):
    assert carry(StillPoints(POINTS, patch_of(woman)), patch_of(moved(woman, 5, 0)), FACE) is None


def test_points_are_carried_from_picture_to_picture_and_know_through_how_many(woman, moved):
    still = StillPoints(POINTS, patch_of(woman))
    for i in range(1, 9):
        still = carry(still, patch_of(moved(woman, 0.7 * i, -0.4 * i)), FACE)
        assert still.age == i
    assert still.points == pytest.approx(POINTS + (5.6, -3.2), abs=0.15), "what it gathers of errors"


def test_without_a_patch_nothing_is_told(woman):
    assert carry(None, patch_of(woman), FACE) is None
    assert carry(StillPoints(POINTS, None), patch_of(woman), FACE) is None
    assert carry(StillPoints(POINTS, patch_of(woman)), None, FACE) is None
