"""Two persons in one film, dubbed by LatentSync: whoever is chosen gets the mouth, the other one not a pixel of it."""
import numpy as np
import pytest
from skimage import data
from talking_avatar.compose.composite import composite
from talking_avatar.engines.engine import Take, make_engine
from talking_avatar.engines.latentsync.settings import LatentSyncSettings
from talking_avatar.faces.avatar import make_avatar
from talking_avatar.faces.settings import FaceChoice, TrackSettings
from talking_avatar.host.folders import models_folders
from talking_avatar.host.networks import let_go
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import open_source
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.media.timeline import lay_out
from talking_avatar.speech.speech import Speech

HALF = 280
SMALL = LatentSyncSettings(resolution=64, steps=1)


@pytest.fixture(scope="module")
def two_faces(tmp_path_factory, samples):
    """560 x 300, 18 frames: the astronaut on the left, on the right a darker one, mirrored; they sway against each other."""
    photo = data.astronaut()[0:300, 90:90 + HALF]
    other = np.uint8(photo[:, ::-1] * np.array([0.75, 0.85, 0.9]))
    pictures = [np.hstack([np.roll(photo, i % 5, 1), np.roll(other, -(i % 4), 1)]) for i in range(18)]
    return samples.write_film(tmp_path_factory.mktemp("film") / "two.mp4", pictures)


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory, diffusion_files):
    folder = tmp_path_factory.mktemp("models")
    (folder / "latentsync").symlink_to(diffusion_files("latentsync"))
    (folder / "mediapipe").symlink_to(models_folders("mediapipe")[-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALKING_AVATAR_MODELS", str(folder))
        patch.setenv("TALKING_AVATAR_CACHE", str(folder / "cache"))
        yield
    let_go()


def takes(film, samples):
    """The take of the person on the left and of the one on the right, each with a speech of their own."""
    for number in (0, 1):
        avatar = make_avatar(open_source(film), TrackSettings(FaceChoice("left to right", number)), Silent())
        speech = Speech(SoundArray(samples.babble(0.72, 16000, seed=number), 16000))
        yield Take(avatar, speech, lay_out(avatar.source, speech.sound))


def painted(take):
    return list(make_engine("latentsync").patches(take, SMALL, Silent()))


def test_each_mouth_is_on_its_own_face_and_the_other_person_is_the_source_bit_for_bit(two_faces, samples):
    for number, take in enumerate(takes(two_faces, samples)):
        patches = painted(take)
        assert len(patches) == 18
        frames = composite(take.avatar.source, take.timeline, patches, Silent())
        for i, (before, after) in enumerate(zip(take.avatar.source.frames(), frames, strict=True)):
            old, new = before.picture.rgb().astype(int), after.picture.rgb().astype(int)
            own, others = (slice(0, HALF), slice(HALF, 2 * HALF)) if number == 0 else (slice(HALF, 2 * HALF), slice(0, HALF))
            assert np.array_equal(old[:, others], new[:, others]), i
            y, x = np.nonzero((np.abs(new - old).max(2) > 8)[:, own])
            points = take.avatar.track.landmarks[i][:, :2]
            mouth, height = points[13] - (own.start, 0), np.ptp(points[:, 1])
            assert len(x) > 500
            assert np.hypot(x.mean() - mouth[0], y.mean() - mouth[1]) < 0.5 * height, i


def test_both_in_one_pass_are_what_each_is_alone(two_faces, samples):
    left, right = takes(two_faces, samples)
    mouths = [painted(one) for one in (left, right)]
    alone = [[frame.picture.rgb().copy() for frame in composite(left.avatar.source, left.timeline, one, Silent())] for one in mouths]
    both = sorted([*mouths[0], *mouths[1]], key=lambda patch: patch.index)
    for i, frame in enumerate(composite(left.avatar.source, left.timeline, both, Silent())):
        picture = frame.picture.rgb()
        assert np.array_equal(picture[:, :HALF], alone[0][i][:, :HALF])
        assert np.array_equal(picture[:, HALF:], alone[1][i][:, HALF:])
