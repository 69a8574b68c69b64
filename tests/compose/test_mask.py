"""Masks follow the face to a fraction of a pixel and stay inside it."""
import cv2
import numpy as np
import pytest
from talking_avatar.compose.mask import JAW, MOUTH, OUTER_LIPS, bend_hull, face_height, filled, lower_face_mask, mouth_mask, skin

BOX = (0, 0, 480, 440)
MASKS = {"mouth": mouth_mask, "lower face": lower_face_mask,
         "bend": lambda points, box: bend_hull(points, halo(points), box)}


def halo(points):
    jaw = points[list(JAW), :2]
    return jaw + 0.15 * (jaw - points[4, :2])


def moved(points, x, y):
    return points + np.float32([x, y, 0])


def centroid(mask):
    rows, columns = np.mgrid[:mask.shape[0], :mask.shape[1]] + 0.5
    return np.array([(columns * mask).sum(), (rows * mask).sum()]) / mask.sum()


def hull(points, numbers):
    return filled(cv2.convexHull(points[list(numbers), :2].astype(np.float32))[:, 0], BOX) > 0


def outside(points):
    """Two pixels and more outside the face."""
    return cv2.erode(np.uint8(~hull(points, [*JAW, 50, 280])), np.ones((5, 5), np.uint8)) > 0


@pytest.mark.parametrize("kind", MASKS)
def test_a_mask_moves_with_the_face_without_jitter(face, kind):
    steps = np.arange(16)[:, None] * (0.11, 0.07)
    off = [centroid(MASKS[kind](moved(face.points, x, y), BOX).astype(float)) - (x, y) for x, y in steps]
    assert np.abs(off - np.mean(off, axis=0)).max() < 0.05


@pytest.mark.parametrize("kind", MASKS)
def test_a_part_of_a_mask_is_the_mask_there(face, kind):
    whole = MASKS[kind](face.points, BOX).astype(int)
    x, y = face.points[:, :2].mean(0).astype(int) // 2 * 2
    part = MASKS[kind](face.points, (x - 40, y, x + 60, y + 90)).astype(int)
    inner = np.s_[25:-25, 25:-25]
    assert np.abs(part[inner] - whole[y:y + 90, x - 40:x + 60][inner]).max() <= 2


def test_the_mouth_is_seen_and_chin_edge_neck_and_nose_are_not(face):
    mask = mouth_mask(face.points, BOX)
    assert (mask[hull(face.points, OUTER_LIPS)] > 250).all()
    assert mask[outside(face.points)].max() <= 10
    for point, most in ((152, 60), (195, 0), (234, 0), (454, 0)):
        x, y = face.points[point, :2].astype(int)
        assert mask[y, x] <= most


def test_a_networks_crop_shows_the_lower_face_and_nothing_beyond_the_jaw(face):
    mask = lower_face_mask(face.points, BOX)
    assert (mask[hull(face.points, OUTER_LIPS)] > 250).all()
    assert mask[outside(face.points)].max() <= 10
    x, y = face.points[199, :2].astype(int)  # the chin
    assert mask[y, x] > 200


def test_skin_has_no_lips_and_no_rim(face):
    where = skin(face.points, BOX)
    assert not where[hull(face.points, OUTER_LIPS)].any()
    assert not where[~hull(face.points, [*JAW, 50, 280, 195])].any()
    assert where.any()


def test_masks_grow_with_the_face(face):
    small, large = (lower_face_mask(face.points * scale, (0, 0, 960, 880)) for scale in (0.5, 2))
    shrunk = cv2.resize(large, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - small[:220, :240]).max() < 30
    assert face_height(face.points * 2) == pytest.approx(2 * face_height(face.points))


def test_a_face_outside_the_box_gives_an_empty_mask(face):
    for kind in MASKS.values():
        assert not kind(moved(face.points, 5000, 0), BOX).any()
    assert len(MOUTH) == len(set(MOUTH))
