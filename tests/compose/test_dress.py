"""A network's raw crop comes out masked, in the film's colours, sharpness and grain, behind what is in front, and faded."""
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.compose.composite import composite
from talking_avatar.compose.cut import cut_out
from talking_avatar.compose.dress import Dressing, DressSettings, _learnt_from, dress
from talking_avatar.compose.grain import fineness
from talking_avatar.compose.mask import lower_face_mask, skin
from talking_avatar.compose.patch import FacePatch
from talking_avatar.compose.place import face_affine
from talking_avatar.engines.engine import Take
from talking_avatar.faces.avatar import Avatar
from talking_avatar.host.errors import Cancelled
from talking_avatar.host.progress import Silent

SIZE = 96
BOX = (0, 0, 480, 440)


class RawCrops:
    """The film's own faces through the eye of a needle, too dark and a little green."""

    def patches(self, take, settings, progress, first=0):
        for index, source in list(enumerate(take.timeline.source.tolist()))[first:]:
            affine = face_affine(take.avatar.track.landmarks[source], SIZE)
            crop = cut_out(take.avatar.source.frame(source).picture, affine, (SIZE, SIZE))
            yield FacePatch(index, np.uint8(crop * np.array([0.82, 0.9, 0.84])), affine)


def raw(source, track, timeline):
    return RawCrops().patches(Take(Avatar(source, track), None, timeline), None, Silent())


@pytest.fixture(scope="module")
def film(face):
    return face.film(30, grain=2.0)


@pytest.fixture(scope="module")
def made(film, make):
    source, track = film
    return list(composite(source, make.timeline(30), raw(source, track, make.timeline(30)), Silent(), Dressing(source, track)))


def test_a_ten_line_engine_of_raw_crops_gives_a_decent_film(film, made):
    source, track = film
    for frame in made[::5]:
        points = track.landmarks[frame.index]
        film_rgb, rgb = source.frame(frame.index).picture.rgb(), frame.picture.rgb()
        mask, where = lower_face_mask(points, BOX), skin(points, BOX)
        far = np.abs(rgb.astype(int) - film_rgb).mean(-1)
        assert not far[cv2.dilate(mask, np.ones((9, 9), np.uint8)) == 0].any()
        assert far[(mask > 0) & (mask < 128)].mean() < 3
        assert np.abs((rgb.astype(float) - film_rgb)[mask > 200].mean(0)).max() < 2
        inside = np.uint8((mask > 250) & (where > 0)) * 255
        assert 0.85 < fineness(rgb, inside) / fineness(film_rgb, inside) < 1.2


def test_dressing_brings_sharpness_and_grain_closer_to_the_film(film):
    source, track = film
    plain = Dressing(source, track, DressSettings(grain=False))
    frame, points = source.frame(4), track.landmarks[4]
    affine = face_affine(points, SIZE)
    patch = FacePatch(4, cut_out(frame.picture, affine, (SIZE, SIZE)), affine)
    film_rgb, where = frame.picture.rgb(), skin(points, BOX)
    fine = []
    for dressing in (plain, Dressing(source, track)):
        done = dressing.dressed(frame, patch, Silent())
        x, y = done.affine[:, 2].astype(int)
        here = np.s_[y:y + done.mask.shape[0], x:x + done.mask.shape[1]]
        inside = where[here] & np.uint8(done.mask > 250)
        fine.append(fineness(done.pixels, inside) / fineness(film_rgb[here], inside))
    assert fine[0] < 0.7
    assert 0.85 < fine[1] < 1.2


def test_any_part_and_any_order_gives_the_same_pixels(film, made, make):
    source, track = film
    timeline = make.timeline(30)
    part = list(composite(source, timeline, raw(source, track, timeline), Silent(), Dressing(source, track), first=20, stop=23))
    for one, other in zip(made[20:23], part, strict=True):
        assert one.index == other.index
        np.testing.assert_array_equal(one.picture.rgb(), other.picture.rgb())


def test_dress_yields_what_composite_lays(film, made, make):
    source, track = film
    timeline = make.timeline(30)
    patches = list(dress(source, track, timeline, raw(source, track, timeline), Silent()))
    assert [patch.index for patch in patches] == list(range(30))
    laid = list(composite(source, timeline, patches, Silent()))
    for one, other in zip(made, laid, strict=True):
        np.testing.assert_array_equal(one.picture.rgb(), other.picture.rgb())


def test_frames_without_a_face_stay_as_they_are_and_their_neighbours_fade(film, make):
    source, track = film
    present = np.ones(30, bool)
    present[12:16] = False
    gap = make.track(np.array(track.landmarks), present)
    timeline = make.timeline(30)
    done = {patch.index: patch for patch in dress(source, gap, timeline, raw(source, track, timeline), Silent())}
    assert set(range(30)) - set(done) == {12, 13, 14, 15}
    most = [int(done[index].mask.max()) for index in (6, 8, 9, 10, 11, 16, 17)]
    assert most == [255, 204, 153, 102, 51, 51, 102]


def test_a_hand_drawn_mask_replaces_the_shape(film, make):
    source, track = film
    drawn = np.zeros((440, 480), np.float32)
    drawn[240:270, 200:280] = 1
    timeline = make.timeline(30)
    one, = dress(source, track, replace(timeline, source=timeline.source[:1]), [next(raw(source, track, timeline))], Silent(),
                 DressSettings(mask=drawn))
    x, y = one.affine[:, 2].astype(int)
    seen = np.zeros((440, 480), np.uint8)
    seen[y:y + one.mask.shape[0], x:x + one.mask.shape[1]] = one.mask
    np.testing.assert_array_equal(seen > 0, drawn > 0)


def test_what_is_in_front_stays_in_front(face, make):
    source, track = face.film(48)
    pictures = [frame.picture.rgb().copy() for frame in source.frames()]
    for k in range(24, 32):
        x, y = track.landmarks[k, 17, :2].astype(int)
        pictures[k][y - 14:, x - 30:x + 10] = (40, 40, 44)
    timeline = make.timeline(48)
    covered = make.frames(pictures)
    for frame in composite(covered, timeline, raw(source, track, timeline), Silent(), Dressing(covered, track), first=23, stop=33):
        if 24 <= frame.index < 32:
            x, y = track.landmarks[frame.index, 17, :2].astype(int)
            rod = frame.picture.rgb()[y - 10:y + 40, x - 26:x + 6].astype(int)
            assert np.abs(rod - (40, 40, 44)).mean() < 2


def test_a_patch_with_a_mask_is_none_of_its_business(film):
    source, track = film
    patch = FacePatch(0, np.zeros((4, 4, 3), np.uint8), np.eye(2, 3), np.zeros((4, 4), np.uint8))
    assert Dressing(source, track).dressed(source.frame(0), patch, Silent()) is patch


def test_learning_can_be_cancelled(film):
    class Stop(Silent):
        def stage(self, name, total=None):
            raise Cancelled

    source, track = film
    patch = next(raw(source, track, type("T", (), {"source": np.zeros(1, np.int32)})))
    with pytest.raises(Cancelled):
        Dressing(source, track).dressed(source.frame(0), patch, Stop())


def test_a_face_half_outside_the_picture_does_not_break_it(face, make):
    points = face.points - np.float32([0, 190, 0])
    picture = face.pixels[190:300].copy()
    source, track = make.frames([picture] * 30), make.track(np.repeat(points[None], 30, axis=0))
    timeline = make.timeline(30)
    frames = list(composite(source, timeline, raw(source, track, timeline), Silent(), Dressing(source, track)))
    assert len(frames) == 30


@settings(max_examples=200, deadline=None)
@given(edges=st.lists(st.integers(0, 5000), min_size=4, max_size=4, unique=True))
def test_a_look_is_learnt_from_what_is_shown_of_the_shot_or_somewhat_more(edges):
    start, low, high, stop = sorted(edges)
    for shown in ((low, high), (start, high), (low, stop), (0, 5000)):
        first, end = _learnt_from(start, stop, shown)
        assert start <= first <= max(start, shown[0])
        assert min(stop, shown[1]) <= end <= stop
        asked = min(stop, shown[1]) - max(start, shown[0])
        assert end - first == min(max(asked, 300), stop - start)
    assert _learnt_from(start, stop, None) == (start, stop)


def test_a_short_speech_does_not_read_a_long_film_to_its_end(film, monkeypatch):
    monkeypatch.setattr("talking_avatar.compose.dress._LEARNT_FROM", 10)
    source, track = film
    read = []

    class Watched:
        def __getattr__(self, name):
            return getattr(source, name)

        def walk(self, indices):
            read.extend(indices)
            return source.walk(indices)

    patch = next(raw(source, track, SimpleNamespace(source=np.arange(3))))
    Dressing(Watched(), track, shown=(0, 3)).dressed(source.frame(0), patch, Silent())
    assert read == list(range(10))
