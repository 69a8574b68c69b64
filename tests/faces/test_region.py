"""Cutting a face out and taking points back is exact to a fraction of a pixel."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from talking_avatar.faces.anchor import STILL, Anchor
from talking_avatar.faces.region import Region, cut_out, into_picture, lift, region_of_landmarks, sample
from talking_avatar.media.picture import Picture


def ramp(width: int = 400, height: int = 300) -> Picture:
    """Red grows by half a level a pixel to the right, green downwards: colours tell where they come from."""
    y, x = np.mgrid[:height, :width] + 0.5
    return Picture.from_rgb(np.dstack([x / 2, y / 2, np.full_like(x, 90)]).round().astype(np.uint8))


@given(x=st.floats(150, 250), y=st.floats(120, 180), side=st.floats(20, 180), turn=st.floats(-0.7, 0.7))
def test_a_crop_shows_what_lies_under_it(x, y, side, turn):
    region = Region(x, y, side, turn)
    crop = cut_out(ramp(), region, 64).astype(float)
    points = np.array([[32.0, 32, 0], [10.5, 20.5, 0], [50.5, 40.5, 0]], np.float32)
    for point, (px, py, _) in zip(points, into_picture(points, region, 64), strict=True):
        column, row = int(point[0] - 0.5), int(point[1] - 0.5)
        here = crop[row, column] if point[0] % 1 else crop[31:33, 31:33].mean((0, 1))
        assert here[0] * 2 == pytest.approx(px, abs=2.1)
        assert here[1] * 2 == pytest.approx(py, abs=2.1)


def test_a_large_face_is_shrunk_by_averaging_and_not_shifted():
    rng = np.random.default_rng(0)
    fine = (rng.integers(0, 2, (600, 600, 1)) * 255).astype(np.uint8).repeat(3, 2)
    fine[:, 300:] //= 2
    crop = cut_out(Picture.from_rgb(fine), Region(300, 300, 576), 96)[..., 0].astype(float)
    assert crop[:, 2:46].mean() == pytest.approx(127.5, abs=3)
    assert crop[:, 50:94].mean() == pytest.approx(63.5, abs=3)
    assert crop[:, 2:46].std() < 40, "bilinear sampling of single pixels would leave the noise as it is"


@pytest.mark.parametrize(("side", "step"), [(340, 340 / 192), (390, 2), (480, 2.5), (580, 3), (760, 4)])
def test_a_large_face_is_shrunk_by_a_whole_number_where_that_is_near_and_stays_where_it_is(side, step):
    y, x = np.mgrid[:900, :1200] + 0.5
    picture, region = Picture.from_rgb(np.dstack([x / 6, y / 6, np.full_like(x, 90)]).round().astype(np.uint8)), Region(600, 450, side, 0.2)
    patch = lift(picture, region, 192, 1.2)
    assert patch.step == pytest.approx((step, step), rel=0.01)
    crop = sample(patch, region, 192).astype(float)
    for point in ((20.5, 30.5), (96.5, 96.5), (170.5, 150.5)):
        where = into_picture(np.float32([[*point, 0]]), region, 192)[0]
        assert crop[int(point[1]), int(point[0]), :2] * 6 == pytest.approx(where[:2], abs=6.1)


def test_outside_the_picture_is_black_and_a_region_far_away_is_no_error():
    picture = Picture.from_rgb(np.full((50, 60, 3), 200, np.uint8))
    crop = cut_out(picture, Region(0, 25, 40), 40)
    assert (crop[:, :18] == 0).all() and (crop[10:30, 22:] == 200).all()
    assert not cut_out(picture, Region(500, 25, 40), 40).any()


def test_a_patch_lifted_with_room_serves_regions_nearby():
    picture, region = ramp(), Region(200, 150, 100, 0.1)
    near = Region(206, 147, 104, 0.15)
    from_patch = sample(lift(picture, region, 64, room=1.3), near, 64).astype(int)
    assert np.abs(from_patch - cut_out(picture, near, 64)).max() <= 1


def test_points_survive_the_way_there_and_back():
    region = Region(123.4, 77.7, 91.0, 0.6)
    points = np.random.default_rng(1).uniform(0, 192, (468, 3)).astype(np.float32)
    affine = region.affine(192)
    placed = into_picture(points, region, 192)
    back = (placed[:, :2] - affine[:, 2]) @ np.linalg.inv(affine[:, :2]).T
    assert np.allclose(back, points[:, :2], atol=1e-3)
    assert np.allclose(placed[:, 2], points[:, 2] * 91 / 192, rtol=1e-5)


def face_points(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal((200, 150, 0), 30, (468, 3)).astype(np.float32)


def test_an_anchored_region_follows_the_head_and_not_the_jaw():
    points = face_points()
    anchor = Anchor(points)
    first = anchor.region(points)
    talking = points.copy()
    jaw = np.setdiff1d(np.arange(468), STILL)
    talking[jaw[:100], 1] += 25
    assert region_of_landmarks(talking).side != pytest.approx(first.side, rel=0.02)
    still = anchor.region(talking)
    assert (still.x, still.y, still.side, still.turn) == pytest.approx((first.x, first.y, first.side, first.turn), rel=0.01, abs=0.01)


def test_an_anchored_region_moves_turns_and_grows_with_the_face():
    points = face_points(3)
    anchor = Anchor(points)
    first = anchor.region(points)
    cos, sin = 1.1 * np.cos(0.2), 1.1 * np.sin(0.2)
    moved = points.copy()
    moved[:, :2] = points[:, :2] @ np.array([[cos, sin], [-sin, cos]]) + (7, -4)
    region = anchor.region(moved.astype(np.float32))
    assert region.side == pytest.approx(1.1 * first.side, rel=1e-3)
    assert region.turn == pytest.approx(first.turn + 0.2, abs=1e-3)
