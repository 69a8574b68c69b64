"""Lips and trembling are read off a track in pieces, whatever its length, gaps and cuts."""
import numpy as np
import pytest
from talking_avatar.faces import lip_measures
from talking_avatar.faces.lip_measures import jitter, lip_opening
from talking_avatar.faces.track import FaceTrack


def _track(n, shake=0.0, cuts=(), seed=0):
    rng = np.random.default_rng(seed)
    face = np.random.default_rng(7).uniform(0, 100, (468, 3))
    face[234, :2], face[454, :2], face[10, :2], face[152, :2] = (0, 50), (100, 50), (50, 0), (50, 120)
    points = np.repeat(face[None], n, 0) + rng.normal(0, 1, (n, 468, 3)) * shake
    points[:, 13, :2], points[:, 14, :2] = (50, 80), np.stack([np.full(n, 50), 80 + 6 * (1 + np.sin(np.arange(n)))], 1)
    return FaceTrack(np.ones(n, bool), np.zeros((n, 4), np.float32), np.ones(n, np.float32), points.astype(np.float32), tuple(cuts))


def test_opening_is_the_gap_over_the_face_and_nothing_without_a_face():
    track = _track(50)
    track.landmarks[10:20] = np.nan
    opening = lip_opening(track)
    assert np.isnan(opening[10:20]).all() and np.nanmax(opening) == pytest.approx(0.1, abs=0.001)


@pytest.mark.parametrize("n", [3, 1023, 1024, 1025, 3000])
def test_trembling_is_that_of_the_whole_however_it_is_cut_into_pieces(n, monkeypatch):
    track = _track(n, shake=0.05)
    found = jitter(track)
    assert found == pytest.approx(1000 * 0.05 * np.sqrt(6) / 100, rel=0.3 if n < 10 else 0.06)
    monkeypatch.setattr(lip_measures, "_PIECE", 7)
    assert jitter(track) == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize("piece", [7, 1024])
@pytest.mark.parametrize("cut", [1, 2, 6, 7, 8, 50, 98, 99])
def test_a_cut_is_no_trembling(cut, piece, monkeypatch):
    monkeypatch.setattr(lip_measures, "_PIECE", piece)
    track = _track(100, cuts=(cut,))
    track.landmarks[cut:] += 40
    assert jitter(track) < 0.01


def test_a_film_too_short_or_without_a_face_tells_nothing():
    assert np.isnan(jitter(_track(2)))
    absent = _track(9)
    absent.present[:], absent.landmarks[:] = False, np.nan
    assert np.isnan(jitter(absent)) and np.isnan(lip_opening(absent)).all()
