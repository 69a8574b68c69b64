"""Face Check tells what will be hard before anything is made, and never stops a run."""
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from talking_avatar.compose import face_check
from talking_avatar.compose.face_check import check_faces, hardest_window, hardness, stretches
from talking_avatar.engines.estimate import Estimate
from talking_avatar.faces.avatar import Avatar
from talking_avatar.faces.search import all_faces
from talking_avatar.faces.track import FaceTrack
from talking_avatar.host.errors import InputError
from talking_avatar.host.folders import models_folders
from talking_avatar.host.progress import Silent
from talking_avatar.media.clock import Clock
from talking_avatar.media.film import Frame
from talking_avatar.media.picture import Picture
from talking_avatar.nodes.check_words import cost_in_words, report_in_words


@pytest.fixture(scope="module")
def mesh(astronaut_photo):
    """float32 [468, 3]: the astronaut's landmarks."""
    from talking_avatar.faces.avatar import make_avatar
    from talking_avatar.faces.settings import TrackSettings
    from talking_avatar.media.open import open_source

    return np.asarray(make_avatar(open_source(astronaut_photo), TrackSettings(), Silent()).track.landmarks[0])


@pytest.fixture(autouse=True)
def _one_person_where_the_picture_is_made(monkeypatch):
    monkeypatch.setattr(face_check, "all_faces", lambda picture: all_faces(picture) if picture.rgb().std() > 1 else [None])


def avatar_of(landmarks: np.ndarray, cuts=(), size=(512, 512)) -> Avatar:
    """An avatar whose frames are grey and whose track is given, NaN being no face."""
    present = np.isfinite(landmarks[:, 0, 0])
    with np.errstate(invalid="ignore"):
        box = np.concatenate([landmarks[:, :, :2].min(1), landmarks[:, :, :2].max(1)], 1)
    grey = Picture.from_rgb(np.full((size[1], size[0], 3), 128, np.uint8))
    source = SimpleNamespace(n_frames=len(landmarks), width=size[0], height=size[1], clock=Clock(Fraction(25)), is_still=False,
                             path=SimpleNamespace(name="made.mp4"), frame=lambda index: Frame(index, grey))
    return Avatar(source, FaceTrack(present, box, present.astype(np.float32), landmarks, cuts, np.zeros(len(present), bool)))


def test_gaps_small_faces_and_cuts_are_found(mesh):
    track = np.repeat(mesh[None], 100, 0)
    track[20:30] = np.nan
    track[60:80] *= 0.3
    report = check_faces(avatar_of(track, cuts=(60, 80)), Silent(), seconds=0.4)
    assert report.absent == [(20, 30)]
    assert report.small == [(60, 80)]
    assert report.facts.cuts == (60, 80)
    assert report.persons == 1
    words = "\n".join(report_in_words(avatar_of(track, cuts=(60, 80)), report))
    assert "face in 90 of 100 frames; 3 shot(s), cuts at 0:02.40, 0:03.20" in words
    assert "without a face, left as they are: 10 frames, 0:00.80-0:01.20" in words


def test_a_face_that_leaves_the_picture_is_found(mesh):
    track = np.repeat(mesh[None], 60, 0)
    track[25:40, :, 0] -= track[0, :, 0].mean()
    report = check_faces(avatar_of(track), Silent())
    assert len(report.leaving) == 1
    start, stop = report.leaving[0]
    assert 23 <= start <= 27
    assert 38 <= stop <= 42


def test_the_hardest_spot_is_where_the_face_moves(mesh):
    track = np.repeat(mesh[None], 100, 0)
    track[50:60, :, 0] += 8 * np.arange(10)[:, None]
    hard = hardness(avatar_of(track))
    assert 44 <= hardest_window(hard, 10) <= 60
    assert hard[51:59].min() > hard[:50].max()


def test_a_film_without_a_single_face_is_reported_not_refused(mesh):
    track = np.full((30, 468, 3), np.nan, np.float32)
    report = check_faces(avatar_of(track), Silent())
    assert report.absent == [(0, 30)]
    assert report_in_words(avatar_of(track), report)[0].startswith("There is no face")


def test_runs_of_frames():
    flags = np.array([1, 0, 1, 1, 1, 0, 0, 1, 1], bool)
    assert stretches(flags) == [(2, 5)]
    assert stretches(flags, 1) == [(0, 1), (2, 5), (7, 9)]
    assert stretches(np.zeros(0, bool)) == []


def test_costs_and_what_is_lacking_are_told():
    text = cost_in_words(Estimate(1500, 4000, 400_000_000, 0, 5_000_000_000, 20_000_000, ("There is too little memory.",), "one second"))
    assert "1500 frames to make: about 67 min, 400 MB of memory, 5.0 GB on disk" in text
    assert "based on one second" in text
    assert text.endswith("WARNING: There is too little memory.")


def test_the_node_reports_draws_and_estimates(film, spoken_wav, node):
    avatar = node("LoadAvatarVideo", video="film.mp4")[0]
    speech = node("AudioEncode", path=str(spoken_wav))[0]
    report, picture, second, same = node("FaceCheck", avatar=avatar, speech=speech, engine="embedded")
    assert "face in 50 of 50 frames" in report
    assert "50 frames to make: about" in report
    assert same is avatar
    assert 0 <= second <= 2
    assert picture.shape[2] == 1280
    assert node.ui["text"] == [report]
    assert "Connect `speech`" in node("FaceCheck", avatar=avatar, engine="embedded")[0]


def test_an_engine_without_its_checkpoint_is_told_and_stops_nothing(film, spoken_wav, node, tmp_path, monkeypatch):
    (tmp_path / "mediapipe").symlink_to(models_folders("mediapipe")[-1])
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path))
    avatar = node("LoadAvatarVideo", video="film.mp4")[0]
    report = node("FaceCheck", avatar=avatar, speech=node("AudioEncode", path=str(spoken_wav))[0], engine="wav2lip")[0]
    assert "face in 50 of 50 frames" in report
    assert "talking-avatar models get wav2lip_gan" in report


@pytest.mark.parametrize(("engine", "networks"), [("latentsync", "LatentSyncNetworks"), ("sonic", "SonicNetworks")])
def test_the_diffusion_engines_are_reckoned_in_a_moment_and_nothing_is_tried(comfyui, astronaut_photo, spoken_wav, samples, node,
                                                                             diffusion_files, monkeypatch, engine, networks):
    (comfyui.models / engine).mkdir()
    (comfyui.models / engine / "a folder").symlink_to(diffusion_files(engine))
    for name in ("unet", "vae"):
        monkeypatch.setattr(f"talking_avatar.models.{engine}.networks.{networks}.{name}", lambda *given: pytest.fail("loaded"))
    avatar, speech = node("LoadAvatarVideo", path=str(astronaut_photo))[0], node("AudioEncode", path=str(spoken_wav))[0]
    report = node("FaceCheck", avatar=avatar, speech=speech, engine=engine)[0]
    for words in ("50 frames to make: about", " of memory, ", " on disk", "TFLOP, counted on the published networks", "nothing was tried"):
        assert words in report
    short = samples.write_sound(comfyui.input / "short.wav", samples.babble(0.01), 16000, "pcm_s16le")
    assert "give a longer one" in node("FaceCheck", avatar=avatar, speech=node("AudioEncode", path=str(short))[0], engine=engine)[0]


def test_a_photo_is_checked_too(comfyui, astronaut_photo, node):
    avatar = node("LoadAvatarVideo", path=str(astronaut_photo))[0]
    report, picture, second, _ = node("FaceCheck", avatar=avatar)
    assert "512 x 512, a photo" in report
    assert second == 0


def test_frames_are_taken_within_a_bound(film, node):
    avatar = node("LoadAvatarVideo", video="film.mp4")[0]
    images, cost = node("AvatarFrames", avatar=avatar, start_frame=10, frames=5, every_nth=3)
    assert images.shape == (5, 360, 480, 3)
    assert np.array_equal(np.round(images[2].numpy() * 255), avatar.source.frame(16).picture.rgb())
    assert cost == "5 frames of 480 x 360 take 10 MB."
    assert node("AvatarFrames", avatar=avatar, start_frame=45, frames=16)[0].shape[0] == 5
    with pytest.raises(InputError, match="50 frames of 480 x 360 take 99 MB, more than the limit of 64 MB: take at most 32 frames"):
        node("AvatarFrames", avatar=avatar, frames=100, limit_mb=64)
    with pytest.raises(InputError, match="none from number 50 on"):
        node("AvatarFrames", avatar=avatar, start_frame=50)
