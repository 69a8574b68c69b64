"""A kept film is the film, bit for bit, decoded once."""
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.media import kept_film
from talking_avatar.media.film_view import at_rate
from talking_avatar.media.kept_film import KeptFilm, kept
from talking_avatar.media.open import open_source

KINDS = {
    "8 bits": {},
    "odd size": {"size": (131, 97), "pix_fmt": "yuv444p"},
    "10 bits": {"codec": "prores_ks", "pix_fmt": "yuv422p10le"},
    "alpha": {"codec": "ffv1", "pix_fmt": "yuva420p"},
    "rgb": {"codec": "png", "pix_fmt": "rgb24"},
    "grey": {"codec": "ffv1", "pix_fmt": "gray"},
    "lying": {"turn": 90},
    "narrow pixels": {"sar": Fraction(3, 4)},
    "uneven": {"stamps": [i / 25 + 0.003 * (i % 3) for i in range(30)]},
}


class Counted:
    """A film that counts the frames it is asked to decode."""

    def __init__(self, source) -> None:
        self.source, self.decoded = source, 0

    def __getattr__(self, name):
        return getattr(self.source, name)

    def frames(self, start=0, stop=None):
        for frame in self.source.frames(start, stop):
            self.decoded += 1
            yield frame


@pytest.fixture
def film(tmp_path, samples):
    return open_source(samples.write_film(tmp_path / "film.mkv", n=30))


def assert_same(ours, theirs):
    assert ours.index == theirs.index
    assert ours.picture.is_like(theirs.picture)
    assert all(np.array_equal(a, b) for a, b in zip(ours.picture.planes, theirs.picture.planes, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_the_frames_are_the_films_the_first_time_and_the_second(kind, tmp_path, samples):
    film = open_source(samples.write_film(tmp_path / ("film.mov" if kind in ("10 bits", "rgb") else "film.mkv"), **KINDS[kind]))
    keeper = kept(film)
    for _ in range(2):
        for ours, theirs in zip(keeper.frames(), film.frames(), strict=True):
            assert_same(ours, theirs)
    assert keeper.content_key == film.content_key
    assert keeper.clock is film.clock


def test_nothing_is_decoded_twice(film):
    counted = Counted(film)
    keeper = kept(counted)
    list(keeper.frames())
    list(keeper.walk([7, 3, 29, 29, 0, 12]))
    list(keeper.frames(10, 20))
    assert counted.decoded == film.n_frames


def test_a_run_that_was_stopped_is_gone_on_with(film):
    counted = Counted(film)
    keeper = kept(counted)
    begun = keeper.frames()
    for _ in range(8):
        next(begun)
    begun.close()
    assert [frame.index for frame in keeper.frames()] == list(range(30))
    assert counted.decoded == 30


@settings(max_examples=25, deadline=None)
@given(order=st.lists(st.integers(0, 29), min_size=1, max_size=40), known=st.integers(0, 30))
def test_any_order_gives_the_frames_of_that_order(still_film, order, known):
    keeper = kept(still_film)
    list(keeper.frames(0, known))
    for ours, index in zip(keeper.walk(order), order, strict=True):
        assert_same(ours, still_film.frame(index))


@pytest.fixture(scope="module")
def still_film(tmp_path_factory, samples):
    return open_source(samples.write_film(tmp_path_factory.mktemp("kept") / "film.mkv", n=30, options={"g": "6"}))


def test_several_threads_may_go_over_it_at_a_time(film):
    keeper = kept(film)
    truth = [frame.picture.planes[0].copy() for frame in film.frames()]
    with ThreadPoolExecutor(4) as threads:
        for seen in threads.map(lambda start: [(frame.index, frame.picture.planes[0]) for frame in keeper.frames(start)], [0, 5, 0, 20]):
            assert all(np.array_equal(truth[index], plane) for index, plane in seen)


def test_a_view_of_a_film_is_kept_as_it_is_seen(film):
    view = at_rate(film, Fraction(10))
    keeper = kept(view)
    for ours, theirs in zip([*keeper.frames(), *keeper.frames()], [*view.frames(), *view.frames()], strict=True):
        assert_same(ours, theirs)


def test_a_long_film_a_photo_and_a_kept_one_are_themselves(film, tmp_path, samples, monkeypatch):
    photo = open_source(samples.write_photo(tmp_path / "photo.png", samples.moving_picture(0)))
    assert kept(photo) is photo
    keeper = kept(film)
    assert kept(keeper) is keeper
    assert keeper.n_bytes == 30 * 128 * 96 * 3 // 2
    for room in (30 * 128 * 96 - 1, keeper.n_bytes - 1):
        monkeypatch.setattr(kept_film, "ROOM", room)
        assert kept(film) is film
    monkeypatch.setattr(kept_film, "ROOM", keeper.n_bytes)
    assert kept(film) is not film


def test_a_temporary_folder_that_is_not_there_yet_is_made(film, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_film, "temp_folder", lambda: tmp_path / "new" / "temp")
    assert isinstance(kept(film), KeptFilm)


def test_a_temporary_folder_that_cannot_be_used_means_that_nothing_is_kept(film, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(kept_film, "temp_folder", lambda: tmp_path / "file")
    assert kept(film) is film


def test_no_room_on_the_disk_means_that_nothing_is_kept(film, monkeypatch):
    monkeypatch.setattr(kept_film.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 3 * 30 * 128 * 96}))
    assert kept(film) is film


def test_a_disk_that_fills_up_costs_time_and_nothing_else(film):
    keeper = kept(film)
    keeper._file.close()
    keeper._file = _Full()
    for ours, theirs in zip([*keeper.frames(), *keeper.frames()], [*film.frames(), *film.frames()], strict=True):
        assert_same(ours, theirs)


def test_the_file_goes_with_the_last_reference(film):
    keeper = kept(film)
    list(keeper.frames())
    file, gone = keeper._file, weakref.ref(keeper)
    del keeper
    gc.collect()
    assert gone() is None
    assert file.closed


class _Full:
    """A file on a full disk: it takes some bytes of a frame, then none."""

    def seek(self, at: int) -> int:
        return at

    def write(self, data) -> int:
        if data.nbytes < 128 * 96:
            raise OSError(28, "No space left on device")
        return 1000
