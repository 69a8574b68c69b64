"""Films as people have them: faces that vanish, landscapes between, two persons, a hard cut every second."""
import os

import cv2
import numpy as np
import pytest
from skimage import data
from talking_avatar.engines.engine import Take
from talking_avatar.engines.render import render
from talking_avatar.engines.wav2lip.engine import Wav2LipEngine
from talking_avatar.engines.wav2lip.settings import Wav2LipSettings
from talking_avatar.faces.avatar import make_avatar
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.host.folders import models_folders
from talking_avatar.host.networks import let_go
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import open_source
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.media.timeline import lay_out
from talking_avatar.media.write import WriteSettings
from talking_avatar.speech.speech import Speech

SETTINGS = Wav2LipSettings(backend="torch", silence="network", batch=2)


@pytest.fixture
def dubbed(tmp_path, monkeypatch, wav2lip_files, samples):
    """dubbed(pictures) -> (avatar, frames of the dubbed film before, after, the report)."""
    faces = models_folders("mediapipe")[-1]
    folder = tmp_path / "models"
    (folder / "wav2lip").mkdir(parents=True)
    (folder / "mediapipe").symlink_to(faces)
    os.link(wav2lip_files("noise"), folder / "wav2lip" / "net.pth")
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(folder))
    monkeypatch.setenv("TALKING_AVATAR_CACHE", str(tmp_path / "cache"))

    def dub(pictures):
        path = samples.write_film(tmp_path / "film.mp4", pictures)
        avatar = make_avatar(open_source(path), TrackSettings(), Silent())
        sound = SoundArray(samples.babble(len(pictures) / 25), 16000)
        take = Take(avatar, Speech(sound), lay_out(avatar.source, sound))
        report = render(take, Wav2LipEngine(), SETTINGS, tmp_path / "out.mkv", WriteSettings(), Silent())
        before, after = ([frame.picture for frame in open_source(one).frames()] for one in (path, tmp_path / "out.mkv"))
        return avatar, before, after, report

    yield dub
    let_go()


def astronaut(x: int = 0, mirrored: bool = False) -> np.ndarray:
    photo = np.roll(data.astronaut()[0:300, 90:470], x, 1)
    return np.ascontiguousarray(photo[:, ::-1] if mirrored else photo)


def landscape(i: int) -> np.ndarray:
    return np.ascontiguousarray(np.roll(cv2.resize(data.coffee(), (380, 300)), 3 * i, 1))


def changed(one, other) -> np.ndarray:
    return np.abs(one.rgb().astype(int) - other.rgb()).max(2) > 12


def check(avatar, before, after):
    """What changed lies on the chosen face, and frames without one are the source's, bit for bit. Returns the frames that changed."""
    assert len(before) == len(after)
    seen = []
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        if not avatar.track.present[i]:
            assert all(map(np.array_equal, old.planes, new.planes)), i
            continue
        y, x = np.nonzero(changed(old, new))
        if not len(x):
            continue
        seen.append(i)
        points = avatar.track.landmarks[i][:, :2]
        low, high = points.min(0), points.max(0)
        assert (x.min() >= low[0] - 3, x.max() <= high[0] + 3, y.min() >= low[1] - 3, y.max() <= high[1] + 3) == (True,) * 4, i
        mouth = points[13]
        assert np.hypot(x.mean() - mouth[0], y.mean() - mouth[1]) < 0.2 * (high[1] - low[1]), i
    return seen


def test_a_face_that_vanishes_and_a_landscape_between(dubbed):
    pictures = [astronaut(i) for i in range(14)] + [landscape(i) for i in range(12)] + [astronaut(-i, True) for i in range(12)]
    avatar, before, after, report = dubbed(pictures)
    seen = check(avatar, before, after)
    assert set(seen) & set(range(14)) and set(seen) & set(range(26, 38))
    assert not set(seen) & set(range(14, 26))
    through = report.frames - report.spoken
    assert through == 38 - int(np.sum(avatar.track.present))
    assert f"face in {report.with_face} of 38 frames, {through} passed through untouched" in str(report)


def test_of_two_persons_only_the_chosen_one_changes(dubbed):
    small = [np.pad(cv2.resize(astronaut(-i, True), None, fx=0.7, fy=0.7), ((0, 90), (0, 0), (0, 0)), mode="edge") for i in range(10)]
    pictures = [np.ascontiguousarray(np.hstack([astronaut(i), other])) for i, other in enumerate(small)]
    avatar, before, after, _ = dubbed(pictures)
    assert len(check(avatar, before, after)) >= 6
    for old, new in zip(before, after, strict=True):
        assert not changed(old, new)[:, 390:].any()


def test_a_hard_cut_every_second(dubbed):
    shots = [lambda i: astronaut(i), lambda i: astronaut(-i, True), lambda i: cv2.resize(astronaut(i)[20:240, 40:320], (380, 300))]
    pictures = [np.ascontiguousarray(shots[k % 3](i)) for k in range(3) for i in range(25)][:60]
    avatar, before, after, report = dubbed(pictures)
    seen = check(avatar, before, after)
    assert len(seen) > 45
    assert report.frames == 60
