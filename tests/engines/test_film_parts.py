"""The parts a film's mouth is made of: shapes without head motion, fields, crops on disk."""
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.engines.embedded.canonical_face import canonical_face, shapes, similarity
from talking_avatar.engines.embedded.control_points import control_points
from talking_avatar.engines.embedded.crop_store import CropStore
from talking_avatar.engines.embedded.film_plan import wish
from talking_avatar.engines.embedded.thin_plate import field, thin_plate
from talking_avatar.media.film import Frame
from talking_avatar.speech.mouth import MouthCurves


def turned(points: np.ndarray, yaw: float, pitch: float, roll: float, scale: float, shift) -> np.ndarray:
    def about(axis: int, angle: float) -> np.ndarray:
        a, b = [k for k in range(3) if k != axis]
        matrix = np.eye(3)
        matrix[[a, a, b, b], [a, b, a, b]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
        return matrix

    return points @ (about(1, yaw) @ about(0, pitch) @ about(2, roll)).T * scale + shift


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """float64 [468, 3], pixels: points on the front of an egg, the named ones where they lie in a face."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-0.4, 0.4, 468), rng.uniform(-0.5, 0.5, 468)
    x[[33, 263, 10, 152]], y[[33, 263, 10, 152]] = (-0.3, 0.3, 0, 0), (-0.15, -0.15, -0.5, 0.5)
    return np.stack([x, y, -0.5 * np.sqrt(np.clip(1 - x**2 * 4 - y**2, 0, 1))], 1) * 200 + 300


angles = st.floats(-0.4, 0.4)


@settings(max_examples=30, deadline=None)
@given(angles, angles, st.floats(-3, 3), st.floats(0.3, 4), st.floats(-500, 500))
def test_head_motion_does_not_change_a_shape(face, yaw, pitch, roll, scale, shift):
    moved = turned(face, yaw, pitch, roll, scale, shift)
    mean = canonical_face(np.stack([face, moved]))
    shape, back = shapes(np.stack([face, moved]), mean)
    assert np.abs(shape[0] - shape[1]).max() < 1e-3
    assert (shape[0][152] - shape[0][10])[1] == pytest.approx(1, abs=1e-3)
    assert np.abs((shape[1] - shape[1][10]) @ back[1].T - (moved - moved[10])).max() < 1e-2 * scale


def test_frames_without_a_face_have_no_shape(face):
    shape, back = shapes(np.stack([face, np.full_like(face, np.nan)]), canonical_face(face[None]))
    assert np.isfinite(shape[0]).all()
    assert np.isnan(shape[1]).all()
    assert np.isnan(back[1]).all()


def test_a_similarity_is_found_again():
    points = np.random.default_rng(1).normal(size=(9, 2))
    matrix, shift = similarity(points, points @ [[0, 2], [-2, 0]] + [5, -3])
    assert np.allclose(points @ matrix.T + shift, points @ [[0, 2], [-2, 0]] + [5, -3])


def test_the_mean_mouth_opens_downwards_and_leaves_the_upper_lip():
    table = control_points()
    row = {int(point): k for k, point in enumerate(table.points)}
    assert len(table.points) == 135
    assert table.opening[row[14], 1] == pytest.approx(0.91, abs=0.01)
    assert abs(table.opening[row[13], 1]) < 0.05
    assert table.weight[row[33]] == 0
    assert table.weight[row[14]] == 1
    assert table.slow[row[152]]
    assert not table.slow[row[14]]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_a_thin_plate_is_exact_for_plane_motion_and_near_for_any(seed):
    rng = np.random.default_rng(seed)
    at, places = rng.uniform(-0.5, 0.5, (40, 2)), rng.uniform(-0.5, 0.5, (25, 2))
    plane = np.column_stack([2 * at[:, 0] + 1, at[:, 1] - at[:, 0]])
    expected = np.column_stack([2 * places[:, 0] + 1, places[:, 1] - places[:, 0]])
    assert np.allclose(field(thin_plate(at, plane), at, places), expected, atol=1e-3)
    bump = np.exp(-(at**2).sum(1) / 0.1)[:, None]
    assert np.abs(field(thin_plate(at, bump), at, at) - bump).max() < 0.05


class Numbered:
    """A film whose pixels say which frame and place they are."""

    def __init__(self, n: int) -> None:
        self.decoded = []
        self.n_frames, self.width, self.height = n, 40, 30

    def pixels(self, index: int) -> np.ndarray:
        y, x = np.mgrid[:self.height, :self.width]
        return np.stack([np.full_like(x, index % 256), x, y], -1).astype(np.uint8)

    def frames(self, start: int = 0, stop: int | None = None):
        for index in range(start, stop):
            self.decoded.append(index)
            whole = self.pixels(index)
            yield Frame(index, SimpleNamespace(rgb=lambda box, whole=whole: whole[box[1]:box[3], box[0]:box[2]]))


def boxes_of(n: int) -> np.ndarray:
    return np.array([[k % 7, k % 5, k % 7 + 20 - k % 3, k % 5 + 20] for k in range(n)], np.int32)


def test_crops_of_a_window_are_read_in_any_order(monkeypatch):
    monkeypatch.setattr("talking_avatar.engines.embedded.crop_store.DISK_BUDGET", 1)
    film, boxes, seen = Numbered(100), boxes_of(100), []
    with CropStore(film, boxes, 30) as store:
        for start in (0, 10, 40, 70, 20):
            store.hold(start, start + 30, lambda frame: seen.append(frame.index))
            for k in (start, start + 29, start + 13):
                x0, y0, x1, y1 = boxes[k]
                crop = store.crop(k)
                assert np.array_equal(crop.pixels, film.pixels(k)[y0:y1, x0:x1])
                assert (crop.x, crop.y) == (x0, y0)
        with pytest.raises(KeyError):
            store.crop(95)
    assert seen == film.decoded


def test_the_store_tells_which_frames_it_holds(monkeypatch):
    monkeypatch.setattr("talking_avatar.engines.embedded.crop_store.DISK_BUDGET", 1)
    with CropStore(Numbered(100), boxes_of(100), 30) as store:
        assert not store.held.any()
        for start in (0, 10, 40):
            store.hold(start, start + 30, lambda frame: None)
            assert store.held[start:start + 30].all() and store.held.sum() == 30


def test_a_film_that_fits_is_decoded_once():
    film = Numbered(60)
    with CropStore(film, boxes_of(60), 20) as store:
        for start in (0, 20, 40, 10, 0):
            store.hold(start, start + 20, lambda frame: None)
    assert film.decoded == list(range(60))


def test_nothing_is_left_in_the_temporary_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = CropStore(Numbered(9), boxes_of(9), 9)
    store.hold(0, 9, lambda frame: None)
    assert not list(Path(tmp_path).iterdir())
    store.close()


shares = st.floats(0, 1)


@given(shares, shares, st.floats(0.3, 1.6))
def test_what_is_said_wider_is_spoken_wider_from_shut_to_wide(one, other, amount):
    low, high = (spoken(said, amount) for said in sorted((one, other)))
    assert 0.01 - 1e-6 <= low <= high + 1e-6 <= 0.01 + 0.08 * amount + 3e-6


def test_the_ends_of_a_persons_range_are_kept_and_its_middle_is_spoken_fuller():
    assert spoken(0.0) == pytest.approx(0.01) and spoken(1.0) == pytest.approx(0.09) and spoken(1.1) == pytest.approx(0.098)
    assert spoken(0.3) > 0.01 + 0.08 * 0.4
    assert spoken(0.8, closure=1.0) == pytest.approx(0.01), "lips that meet stay shut"


def spoken(said: float, amount: float = 1.0, closure: float = 0.0) -> float:
    """The opening wished of a person whose mouth is shut at 0.01 and wide at 0.09 face heights."""
    one = np.ones(1, np.float32)
    curves = MouthCurves(said * one, 0 * one, closure * one, 0 * one, one, 0.0, from_phonemes=False)
    return float(wish(curves, SimpleNamespace(low=0.01, high=0.09, width=0.9, spread=(0.02, 0.1)), amount).opening[0])
