"""What is measured against the original lies outside the lower face, and sharpness inside the mouth."""
import numpy as np
import pytest
from talking_avatar.compose.outside import LOWER_FACE, UNTOUCHED, psnr_outside


@pytest.fixture
def points():
    """Landmarks of a round face of 200 pixels around (160, 140); the lower face is its lower half."""
    rng = np.random.default_rng(0)
    made = rng.uniform(80, 240, (468, 3))
    angles = np.linspace(0, np.pi, len(LOWER_FACE))
    made[list(LOWER_FACE), :2] = np.stack([160 + 80 * np.cos(angles), 140 + 100 * np.sin(angles)], 1)
    made[10, :2], made[152, :2] = (160, 40), (160, 240)
    return made


@pytest.fixture
def picture():
    return np.random.default_rng(1).integers(0, 255, (400, 320, 3), np.uint8)


def test_a_new_mouth_is_no_difference(points, picture):
    new = picture.copy()
    new[150:240, 110:210] = 255 - new[150:240, 110:210]
    assert psnr_outside(picture, new, points) == UNTOUCHED


@pytest.mark.parametrize("place", [np.s_[:20], np.s_[380:], np.s_[:, :10]])
def test_a_change_elsewhere_is_told_in_decibels(points, picture, place):
    picture = picture // 2
    new = picture.copy()
    new[place] += 10
    assert 30 < psnr_outside(picture, new, points) < 50
    new += 10
    new[place] -= 10
    assert psnr_outside(picture, new, points) == pytest.approx(20 * np.log10(255 / 10), abs=0.01)
