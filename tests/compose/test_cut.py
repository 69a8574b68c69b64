"""Crops are cut at the right place to a fraction of a pixel, without aliasing, and do not move when the mouth does."""
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.compose.composite import lay
from talking_avatar.compose.cut import cut_out, inverse
from talking_avatar.compose.mask import LOWER_JAW, OUTER_LIPS
from talking_avatar.compose.patch import FacePatch
from talking_avatar.compose.place import box_affine, face_affine, joined, similarity
from talking_avatar.media.picture import Picture

affines = st.builds(lambda scale, angle, x, y: np.array([[scale * np.cos(angle), -scale * np.sin(angle), x],
                                                          [scale * np.sin(angle), scale * np.cos(angle), y]]),
                    st.floats(0.3, 4), st.floats(-3, 3), st.floats(90, 110), st.floats(90, 110))


@settings(max_examples=60, deadline=None)
@given(affine=affines)
def test_what_is_cut_out_is_what_the_affine_says(affine):
    rows, columns = np.mgrid[:200, :200]  # each pixel's middle is half a level above
    slope = np.uint8(np.stack([columns, rows, 0 * rows], -1))
    patch = cut_out(Picture.from_rgb(slope), affine, (16, 12)).astype(float)
    y, x = np.mgrid[:12, :16] + 0.5
    meant = np.stack([x, y], -1) @ affine[:, :2].T + affine[:, 2]
    inside = ((meant > 8) & (meant < 192)).all(-1)
    assert np.abs(patch[..., :2] + 0.5 - meant)[inside].max(initial=0) < 1.25


@settings(max_examples=60, deadline=None)
@given(affine=affines, x=st.floats(-50, 50), y=st.floats(-50, 50))
def test_an_affine_and_its_inverse_are_no_move(affine, x, y):
    np.testing.assert_allclose(joined(affine, inverse(affine)), np.eye(2, 3), atol=1e-8)
    there = affine[:, :2] @ (x, y) + affine[:, 2]
    np.testing.assert_allclose(inverse(affine)[:, :2] @ there + inverse(affine)[:, 2], (x, y), atol=1e-8)


def test_a_whole_pixel_crop_is_exact_and_goes_back_exactly():
    pixels = np.random.default_rng(0).integers(0, 256, (80, 90, 3), dtype=np.uint8)
    picture, affine = Picture.from_rgb(pixels), np.array([[1, 0, 20], [0, 1, 30.0]])
    crop = cut_out(picture, affine, (25, 35))
    np.testing.assert_array_equal(crop, pixels[30:65, 20:45])
    np.testing.assert_array_equal(lay(picture, FacePatch(0, crop, affine, np.full((35, 25), 255, np.uint8))).rgb(), pixels)


def test_a_shrunk_crop_does_not_alias():
    board = np.uint8(np.indices((200, 200)).sum(0) % 2 * 255)
    crop = cut_out(Picture.from_rgb(cv2.merge([board] * 3)), np.array([[4, 0, 21.3], [0, 4, 22.7]]), (32, 32))
    assert np.abs(crop.astype(int) - 127).max() < 12


def test_a_crop_over_the_edge_repeats_the_edge():
    pixels = np.zeros((50, 50, 3), np.uint8)
    pixels[:, :5] = 90
    crop = cut_out(Picture.from_rgb(pixels), np.array([[1, 0, -20], [0, 1, -20.0]]), (30, 30))
    assert (crop[:, :24] == 90).all()
    outside = cut_out(Picture.from_rgb(pixels), np.array([[1, 0, -200], [0, 1, 10.5]]), (8, 8))
    assert (outside == 90).all()


def test_a_stretched_box_comes_back_to_its_place():
    pixels = cv2.GaussianBlur(np.random.default_rng(2).integers(0, 256, (200, 200, 3), dtype=np.uint8), (0, 0), 6)
    affine = box_affine((31.4, 42.2, 131.9, 170.3), (96, 96))
    picture = Picture.from_rgb(pixels)
    back = lay(picture, FacePatch(0, cut_out(picture, affine, (96, 96)), affine, np.full((96, 96), 255, np.uint8)))
    assert np.abs(back.rgb().astype(int) - pixels)[50:160, 40:120].max() <= 3


@pytest.mark.parametrize("size", [40, 96, 256])
def test_the_crop_of_a_face_stands_upright_and_shows_the_lower_face(face, size):
    turn = np.array([[0.94, -0.342, 60], [0.342, 0.94, 10]])
    points = face.points[:, :2] @ turn[:, :2].T + turn[:, 2]
    there = inverse(face_affine(points, size))
    eyes = points[[33, 263]] @ there[:, :2].T + there[:, 2]
    assert abs(eyes[0, 1] - eyes[1, 1]) < 0.06 * size
    landmarks = points @ there[:, :2].T + there[:, 2]
    assert landmarks.min() > 0
    assert landmarks.max() < size


def test_the_crop_does_not_move_when_the_mouth_opens(face):
    opened = face.points.copy()
    opened[list(OUTER_LIPS + LOWER_JAW), 1] += 20
    np.testing.assert_array_equal(face_affine(face.points, 96), face_affine(opened, 96))


@settings(max_examples=40, deadline=None)
@given(affine=affines)
def test_a_similarity_is_found_again(affine):
    points = np.random.default_rng(3).normal(0, 40, (9, 2))
    np.testing.assert_allclose(similarity(points, points @ affine[:, :2].T + affine[:, 2]), affine, atol=1e-6)
