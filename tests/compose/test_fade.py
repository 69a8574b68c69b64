"""A mouth fades in and out: around gaps, at the picture's edge, on a turning head; never across a cut."""
import numpy as np
import pytest
from talking_avatar.compose.fade import shots, strengths, yaw

SIZE = 480, 440


def standing(face, n):
    return np.repeat(face.points[None], n, axis=0)


def test_a_face_that_is_there_all_the_time_has_full_strength(face, make):
    assert (strengths(make.track(standing(face, 30)), *SIZE) == 1).all()


def test_four_frames_lead_out_of_and_into_a_gap(face, make):
    present = np.ones(40, bool)
    present[15:22] = False
    strength = strengths(make.track(standing(face, 40), present), *SIZE)
    np.testing.assert_allclose(strength[9:16], [1, 1, 0.8, 0.6, 0.4, 0.2, 0], atol=1e-6)
    np.testing.assert_allclose(strength[21:28], [0, 0.2, 0.4, 0.6, 0.8, 1, 1], atol=1e-6)


def test_no_ramp_goes_across_a_cut(face, make):
    present = np.ones(40, bool)
    present[15:20] = False
    strength = strengths(make.track(standing(face, 40), present, cuts=(20,)), *SIZE)
    assert (strength[20:] == 1).all()
    assert strength[14] == pytest.approx(0.2)


def test_a_turning_head_fades_slowly_and_comes_back(face, make):
    landmarks = standing(face, 60).copy()
    width = landmarks[0, 454, 0] - landmarks[0, 234, 0]
    landmarks[:, 4, 0] = landmarks[:, [234, 454], 0].mean(1) + width * 0.5 * np.sin(np.linspace(0, np.pi, 60))
    strength = strengths(make.track(landmarks), *SIZE)
    assert strength[0] == strength[-1] == 1
    assert strength[30] == 0
    assert np.abs(np.diff(strength)).max() < 0.35
    assert np.abs(yaw(landmarks))[30] == pytest.approx(0.5, abs=0.01)


def test_a_mouth_that_leaves_the_picture_fades_before_it_is_gone(face, make):
    landmarks = standing(face, 80).copy()
    landmarks[..., 0] -= np.linspace(0, 400, 80, dtype=np.float32)[:, None]
    strength = strengths(make.track(landmarks), *SIZE)
    mouth = landmarks[:, [61, 291], 0]
    assert (strength[mouth.min(1) > 30] == 1).all()
    assert (strength[mouth.max(1) < 0] == 0).all()
    assert (np.diff(strength) <= 1e-6).all()


def test_a_film_without_a_face_and_an_empty_one_have_no_strength(face, make):
    assert not strengths(make.track(standing(face, 12), np.zeros(12, bool)), *SIZE).any()
    assert len(strengths(make.track(standing(face, 1)[:0]), *SIZE)) == 0


def test_a_long_track_is_read_in_pieces(face, make):
    class Pieces:
        shape = (3000, 468, 3)
        longest = 0

        def __getitem__(self, frames):
            start, stop, _ = frames.indices(3000)
            Pieces.longest = max(Pieces.longest, stop - start)
            return np.repeat(face.points[None], stop - start, axis=0)

    track = make.track(standing(face, 1))
    long = type(track)(np.ones(3000, bool), np.zeros((3000, 4)), np.ones(3000), Pieces(), (1500,), np.zeros(3000, bool))
    assert (strengths(long, *SIZE) == 1).all()
    assert Pieces.longest <= 1024
    assert shots(long) == [(0, 1500), (1500, 3000)]
