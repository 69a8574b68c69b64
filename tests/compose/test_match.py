"""A patch takes on the colours, the sharpness and the grain of the frame around it."""
import cv2
import numpy as np
import pytest
from talking_avatar.compose.colour import gain_map, gained
from talking_avatar.compose.grain import fineness, matched_grain
from talking_avatar.compose.mask import OUTER_LIPS, face_height, filled, lower_face_mask, skin

BOX = (0, 0, 480, 440)


@pytest.fixture(scope="module")
def parts(face):
    """The face with the grain of a film; where it is skin; how much of a patch is seen; its height."""
    noise = np.random.default_rng(0).normal(0, 2, (*face.pixels.shape[:2], 1))
    base = np.uint8(np.clip(face.pixels + noise + 0.5, 0, 255))
    return base, skin(face.points, BOX), lower_face_mask(face.points, BOX), face_height(face.points)


def test_the_seam_of_a_patch_that_only_differs_in_light_is_invisible(parts):
    base, where, mask, unit = parts
    side = np.linspace(0.85, 1.05, base.shape[1])[None, :, None] * np.array([1.04, 1.0, 0.93])
    patch = np.uint8(np.clip(base * side, 0, 255) + 0.5)
    seen = mask > 0
    before = np.abs(patch.astype(int) - base)[seen].mean()
    after = np.abs(gained(patch, base, where, unit).astype(int) - base)[seen].mean()
    assert before > 8
    assert after < 1.5


def test_a_patch_of_the_right_colour_is_not_touched(parts):
    base, where, _, unit = parts
    np.testing.assert_array_equal(gained(base, base, where, unit), base)


def test_an_open_mouth_does_not_darken_the_lips_of_a_shut_one(face, parts):
    base, where, _, unit = parts
    opened = base.copy()
    opened[filled(face.points[list(OUTER_LIPS), :2], BOX) > 0] = 20
    np.testing.assert_array_equal(gained(base, opened, where, unit), base)


def test_gain_stays_within_its_bounds_and_is_one_without_skin(parts):
    base, where, _, unit = parts
    assert gain_map(np.zeros_like(base), base, where, unit).max() <= np.float32(1.33)
    assert gain_map(base, np.zeros_like(base), where, unit).min() >= 0.75
    assert (gain_map(np.zeros_like(base), base, np.zeros_like(where), unit) == 1).all()


@pytest.mark.parametrize("stretch", [1.5, 2.0, 3.0])
def test_a_soft_patch_comes_closer_to_the_films_sharpness_and_reaches_its_grain(parts, stretch):
    base, where, mask, _ = parts
    small = cv2.resize(base, None, fx=1 / stretch, fy=1 / stretch, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(small, base.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    made = matched_grain(soft, base, where, stretch, "film", 3)
    film = fineness(base, where)
    assert fineness(soft, where) < 0.8 * film
    assert 0.9 * film < fineness(made, where) < 1.15 * film
    assert edges(soft, mask) < edges(made, mask) < 1.15 * edges(base, mask)


def edges(picture, mask):
    """Strength of edges, without the grain."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1)
    return cv2.Laplacian(grey, cv2.CV_32F)[mask > 128].std()


def test_a_patch_as_fine_as_the_film_is_not_touched(parts):
    base, where, _, _ = parts
    assert matched_grain(base, base, where, 1.0, "film", 3) is base
    assert matched_grain(base, cv2.GaussianBlur(base, (0, 0), 2), where, 1.0, "film", 3) is base


def test_a_drawn_face_gets_no_grain(parts):
    _, where, _, _ = parts
    flat = np.full((440, 480, 3), 180, np.uint8)
    np.testing.assert_array_equal(matched_grain(flat, flat, where, 3.0, "film", 0), flat)


def test_noise_is_named_by_film_and_frame(parts):
    base, where, _, _ = parts
    soft = cv2.GaussianBlur(base, (0, 0), 4)
    made = [matched_grain(soft, base, where, 2.0, film, frame) for film, frame in (("a", 1), ("a", 2), ("b", 1), ("a", 1))]
    np.testing.assert_array_equal(made[0], made[3])
    assert (made[0] != made[1]).any()
    assert (made[0] != made[2]).any()


def test_nothing_breaks_where_there_is_no_skin_at_all(parts):
    base, where, _, unit = parts
    none = np.zeros_like(where)
    np.testing.assert_array_equal(matched_grain(base, base, none, 2.0, "film", 0), base)
    np.testing.assert_array_equal(gained(base[:2, :3], base[:2, :3], none[:2, :3], unit), base[:2, :3])
