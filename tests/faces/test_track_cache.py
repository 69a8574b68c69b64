"""A track is made once, kept whole, and never mistaken for another."""
import threading

import numpy as np
import pytest
from talking_avatar.faces import track_cache
from talking_avatar.faces.follow import track_faces
from talking_avatar.faces.landmark_file import LandmarkFile, LandmarkWriter
from talking_avatar.faces.settings import FaceChoice, TrackSettings
from talking_avatar.faces.track_cache import key_of
from talking_avatar.host.progress import Silent


def track(source, settings=None):
    return track_faces(source, settings or TrackSettings(), Silent())


def test_the_second_run_decodes_nothing_and_gives_the_same(woman, moved, reel):
    film = reel(lambda i: moved(woman, i, 0), 8)
    first = track(film)
    decoded = film.decoded
    second = track(film)
    assert decoded >= 8 and film.decoded == decoded
    assert np.array_equal(first.landmarks[:], second.landmarks[:])
    for name in ("present", "box", "confidence", "bridged"):
        assert np.array_equal(getattr(first, name), getattr(second, name))


@pytest.mark.parametrize("harm", ["cut short", "one byte", "arrays gone", "arrays damaged", "another length"])
def test_a_damaged_track_is_made_anew(woman, moved, reel, tracks, harm):
    film = reel(lambda i: moved(woman, i, 0), 6)
    first = track(film).landmarks[:]
    (folder,) = tracks.iterdir()
    landmarks, arrays = folder / track_cache.LANDMARKS, folder / track_cache.ARRAYS
    if harm == "cut short":
        landmarks.write_bytes(landmarks.read_bytes()[:-100])
    elif harm == "one byte":
        landmarks.write_bytes(landmarks.read_bytes()[:-1] + b"\x7f")
    elif harm == "arrays gone":
        arrays.unlink()
    elif harm == "arrays damaged":
        arrays.write_bytes(b"PK\3\4" + bytes(50))
    else:
        with np.load(arrays) as kept:
            changed = dict(kept)
        changed["present"] = changed["present"][:-1]
        np.savez(arrays, **changed)
    decoded = film.decoded
    assert np.allclose(track(film).landmarks[:], first, atol=1e-4)
    assert film.decoded > decoded
    decoded = film.decoded
    track(film)
    assert film.decoded == decoded, "and then it is whole again"


def test_other_settings_and_other_content_have_other_names():
    mask = np.zeros((4, 4), bool)
    settings = [TrackSettings(), TrackSettings(smoothing=0.5), TrackSettings(bridge=0), TrackSettings(FaceChoice("centre")),
                TrackSettings(FaceChoice("by size", 1)), TrackSettings(FaceChoice("point", point=(1, 2))),
                TrackSettings(FaceChoice("mask", mask=mask)), TrackSettings(FaceChoice("mask", mask=~mask))]
    assert len({key_of("film", one) for one in settings} | {key_of("other film", settings[0])}) == len(settings) + 1
    ignored = TrackSettings(FaceChoice("largest", index=3, point=(5, 6)))
    assert key_of("film", ignored) == key_of("film", TrackSettings())


def test_the_oldest_tracks_go_when_there_is_too_much(woman, reel, tracks, monkeypatch):
    import os

    films = [reel(lambda i: woman, 5, name=f"{n}.mp4") for n in range(4)]
    for age, film in enumerate(films[:3]):
        track(film)
        newest = max(tracks.iterdir(), key=lambda folder: folder.stat().st_ctime)
        os.utime(newest, (1000 + age, 1000 + age))
    monkeypatch.setattr(track_cache, "MOST_BYTES", 2.5 * track_cache._size(newest))
    track(films[3])
    assert {folder.name for folder in tracks.iterdir()} == {key_of(film.content_key, TrackSettings()) for film in films[2:]}


def test_landmarks_on_disk_read_like_an_array(tmp_path):
    rows = np.random.default_rng(0).normal(size=(20, 468, 3)).astype(np.float32)
    path = tmp_path / "landmarks.f32"
    with LandmarkWriter(path) as writer:
        writer.put(2, rows[2])
        writer.put(3, rows[3:17])
        writer.pad(20)
    kept = LandmarkFile(path, 20)
    rows[[0, 1, 17, 18, 19]] = np.nan
    assert kept.shape == (20, 468, 3) and len(kept) == 20
    for index in (0, 5, -4, np.int64(7), slice(None), slice(3, 9), slice(-5, None), slice(8, 2), slice(1, 18, 4), slice(15, 3, -3)):
        assert np.array_equal(kept[index], rows[index], equal_nan=True)
    for index in (20, -21):
        with pytest.raises(IndexError):
            kept[index]
    mine = kept[5]
    mine[:] = 0
    assert np.array_equal(kept[5], rows[5]), "each answer is an array of its own"


def test_landmarks_may_be_read_by_several_threads(tmp_path):
    rows = np.arange(50, dtype=np.float32)[:, None, None] * np.ones((50, 468, 3), np.float32)
    path = tmp_path / "landmarks.f32"
    with LandmarkWriter(path) as writer:
        writer.put(0, rows)
    kept, wrong = LandmarkFile(path, 50), []

    def read(seed):
        for i in np.random.default_rng(seed).integers(0, 50, 200):
            if not (kept[int(i)] == i).all():
                wrong.append(i)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_rows_are_written_in_order_only(tmp_path):
    with LandmarkWriter(tmp_path / "x") as writer:
        writer.put(3, np.zeros((468, 3), np.float32))
        with pytest.raises(ValueError, match="row 2"):
            writer.put(2, np.zeros((468, 3), np.float32))
