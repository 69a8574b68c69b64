"""Patches lie where they belong, to a fraction of a pixel, and nothing else changes."""
import threading
import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.compose.composite import composite, lay
from talking_avatar.compose.patch import FacePatch
from talking_avatar.host.errors import Cancelled, InputError
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import open_source
from talking_avatar.media.picture import Picture


def at(x, y):
    return np.array([[1, 0, x], [0, 1, y]], np.float64)


def noise_patch(index, affine, size=(40, 30), mask=255):
    pixels = np.random.default_rng(index).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return FacePatch(index, pixels, affine, np.full(pixels.shape[:2], mask, np.uint8))


def turned(scale, angle, x, y):
    return np.array([[scale * np.cos(angle), -scale * np.sin(angle), x], [scale * np.sin(angle), scale * np.cos(angle), y]])


def planes(frame):
    return frame.picture.planes


def test_a_frame_without_a_patch_passes_through_bit_identical(astronaut_film, make):
    source = open_source(astronaut_film)
    made = list(composite(source, make.timeline(20), [noise_patch(7, at(30, 40))], Silent()))
    assert [frame.index for frame in made] == list(range(20))
    for before, after in zip(source.frames(0, 20), made, strict=True):
        same = all(np.array_equal(one, other) for one, other in zip(planes(before), planes(after), strict=True))
        assert same == (before.index != 7)


def test_samples_under_mask_0_keep_their_bits_whatever_the_affine(astronaut_film, make):
    source = open_source(astronaut_film)
    affine = turned(0.92, 0.22, 100.3, 80.6)
    patch = noise_patch(0, affine, (60, 60))
    patch.mask[:, :20] = 0
    before = source.frame(0).picture
    after = lay(before, patch)
    seen = np.zeros((before.height, before.width), np.uint8)
    corners = (np.array([[20, 0], [60, 0], [60, 60], [20, 60]]) @ affine[:, :2].T + affine[:, 2]).astype(np.int32)
    cv2.fillPoly(seen, [corners], 255)
    seen = cv2.dilate(seen, np.ones((7, 7), np.uint8)) > 0
    assert (before.planes[0] != after.planes[0]).any()
    assert not (before.planes[0] != after.planes[0])[~seen].any()
    for one, other in zip(before.planes[1:3], after.planes[1:3], strict=True):
        changed = np.kron(one != other, np.ones((2, 2), bool))[:before.height, :before.width]
        assert not changed[~seen].any()


def test_a_whole_pixel_patch_is_laid_exactly():
    picture = Picture.from_rgb(np.zeros((90, 120, 3), np.uint8))
    patch = noise_patch(3, at(17, 23))
    laid = lay(picture, patch).rgb()
    np.testing.assert_array_equal(laid[23:53, 17:57], patch.pixels)
    laid[23:53, 17:57] = 0
    assert not laid.any()


@pytest.mark.parametrize("scale", [0.4, 1.0, 1.7, 2.6])
def test_sub_pixel_placement_moves_smoothly_without_jitter(scale):
    size = round(48 / scale)
    y, x = np.mgrid[:size, :size] + 0.5
    spot = np.uint8(np.exp(-((x - size / 2) ** 2 + (y - size / 2) ** 2) / (2 * (5 / scale) ** 2)) * 255 + 0.5)
    patch_pixels, mask = cv2.merge([spot] * 3), np.full((size, size), 255, np.uint8)
    black = Picture.from_rgb(np.zeros((100, 100, 3), np.uint8))
    rows, columns = np.mgrid[:100, :100] + 0.5
    off = []
    for step in range(24):
        affine = turned(scale, 0.01 * step, 20 + 0.13 * step, 22 + 0.07 * step)
        seen = lay(black, FacePatch(step, patch_pixels, affine, mask)).rgb()[..., 0].astype(float)
        meant = affine[:, :2] @ (size / 2, size / 2) + affine[:, 2]
        off.append([(columns * seen).sum() / seen.sum() - meant[0], (rows * seen).sum() / seen.sum() - meant[1]])
    assert np.abs(off).max() < 0.05


@settings(max_examples=40, deadline=None)
@given(x=st.floats(-80, 140), y=st.floats(-80, 120), scale=st.floats(0.2, 3), angle=st.floats(-3.1, 3.1))
def test_a_patch_may_lie_anywhere(x, y, scale, angle):
    affine = turned(scale, angle, x, y)
    picture = Picture.from_rgb(np.full((90, 120, 3), 50, np.uint8))
    patch = FacePatch(0, np.full((30, 40, 3), 200, np.uint8), affine, np.full((30, 40), 255, np.uint8))
    laid = lay(picture, patch).rgb()
    assert laid.min() >= 50
    assert laid.max() <= 200
    rows, columns = np.mgrid[:90, :120] + 0.5
    inside = np.linalg.inv(affine[:, :2]) @ np.stack([columns.ravel() - x, rows.ravel() - y])
    reach = max(1.5, 1.5 / scale) + 1
    deep = ((inside > reach) & (inside < np.array([[40], [30]]) - reach)).all(0).reshape(90, 120)
    assert (laid[deep] == 200).all()


def test_a_patch_whose_mask_is_empty_leaves_the_picture_itself():
    picture = Picture.from_rgb(np.zeros((90, 120, 3), np.uint8))
    assert lay(picture, noise_patch(0, at(10, 10), mask=0)) is picture
    assert lay(picture, noise_patch(0, at(500.5, 10.2))) is picture


def test_several_persons_in_one_frame_are_laid_in_their_order(make):
    source = make.frames(np.zeros((2, 60, 60, 3), np.uint8))
    first = FacePatch(1, np.full((20, 20, 3), 100, np.uint8), at(10, 10), np.full((20, 20), 255, np.uint8))
    second = FacePatch(1, np.full((20, 20, 3), 200, np.uint8), at(20, 10), np.full((20, 20), 255, np.uint8))
    _, made = composite(source, make.timeline(2), [first, second], Silent())
    assert made.picture.rgb()[15, [12, 25, 35, 45], 0].tolist() == [100, 200, 200, 0]


@pytest.mark.parametrize(("indices", "words"), [((3, 2), "out of order"), ((3, 20), "20 frames")])
def test_patches_that_cannot_belong_here_are_refused_in_a_sentence(make, indices, words):
    source = make.frames(np.zeros((20, 60, 60, 3), np.uint8))
    with pytest.raises(InputError, match=words):
        list(composite(source, make.timeline(20), [noise_patch(k, at(5, 5)) for k in indices], Silent()))


def test_a_part_of_the_film_is_the_same_as_in_the_whole(make):
    source = make.frames(np.random.default_rng(1).integers(0, 256, (12, 60, 60, 3), dtype=np.uint8))
    patches = [noise_patch(k, at(3 + k / 3, 5)) for k in range(1, 12, 2)]
    whole = list(composite(source, make.timeline(12), patches, Silent()))
    part = list(composite(source, make.timeline(12), patches, Silent(), first=4, stop=9))
    assert [frame.index for frame in part] == [4, 5, 6, 7, 8]
    for one, other in zip(whole[4:9], part, strict=True):
        np.testing.assert_array_equal(one.picture.rgb(), other.picture.rgb())


def test_patches_are_asked_for_one_at_a_time(make):
    source = make.frames(np.zeros((10, 40, 40, 3), np.uint8))
    asked = []

    def patches():
        for index in range(10):
            asked.append(index)
            yield noise_patch(index, at(0, 0))

    for frame in composite(source, make.timeline(10), patches(), Silent()):
        assert len(asked) <= frame.index + 2


def test_a_cancel_stops_at_once_and_ends_the_decoding_thread(make):
    class Stop(Silent):
        frames = 0

        def check(self):
            self.frames += 1
            if self.frames == 5:
                raise Cancelled

    closed = []

    def patches():
        try:
            for index in range(1000):
                yield noise_patch(index, at(0, 0))
        finally:
            closed.append(True)

    source = make.frames(np.zeros((1000, 40, 40, 3), np.uint8))
    began = time.monotonic()
    with pytest.raises(Cancelled):
        list(composite(source, make.timeline(1000), patches(), Stop()))
    assert time.monotonic() - began < 1
    assert closed
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]


def test_a_raw_crop_without_a_dressing_is_a_programming_error(make):
    source = make.frames(np.zeros((1, 40, 40, 3), np.uint8))
    raw = FacePatch(0, np.zeros((10, 10, 3), np.uint8), at(0, 0))
    with pytest.raises(ValueError, match="Dressing"):
        list(composite(source, make.timeline(1), [raw], Silent()))
