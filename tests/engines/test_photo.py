"""Photos speak: what moves, what keeps its bits, and that the same seed gives the same film."""
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from skimage import data
from talking_avatar.engines.embedded.photo import intended_opening, photo_patches
from talking_avatar.engines.embedded.settings import EmbeddedSettings
from talking_avatar.engines.engine import Take
from talking_avatar.faces.avatar import Avatar
from talking_avatar.faces.follow import track_faces
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.faces.track import FaceTrack
from talking_avatar.host.errors import Cancelled
from talking_avatar.host.progress import Silent
from talking_avatar.media.clock import Clock
from talking_avatar.media.open import open_source, sound_of_array
from talking_avatar.media.timeline import Timeline
from talking_avatar.speech.mouth import MouthCurves
from talking_avatar.speech.speech import Speech

STILL = EmbeddedSettings(head_motion=0.0, blinks=0.0)


@pytest.fixture(scope="module")
def astronaut(astronaut_photo):
    source = open_source(astronaut_photo)
    return Avatar(source, track_faces(source, TrackSettings(), Silent()))


@pytest.fixture(scope="module")
def avatar_of(tmp_path_factory, samples):
    """avatar_of(pixels) -> Avatar of a picture, tracked."""
    folder = tmp_path_factory.mktemp("photos")

    def avatar_of(pixels: np.ndarray) -> Avatar:
        source = open_source(samples.write_photo(folder / f"{len(list(folder.iterdir()))}.png", pixels))
        return Avatar(source, track_faces(source, TrackSettings(), Silent()))

    return avatar_of


def take_of(avatar: Avatar, n: int = 50, clock: Clock | None = None, loud: float = 0.1) -> Take:
    clock = clock or Clock(Fraction(25))
    seconds = n / float(clock.fps)
    noise = np.random.default_rng(0).standard_normal((1, int(16000 * seconds))).astype(np.float32)
    return Take(avatar, Speech(sound_of_array(loud * noise, 16000)), Timeline(np.zeros(n, np.int32), clock, "hold"))


def curves_of(take: Take, opening=None, **others) -> MouthCurves:
    """Curves for a take's frames: an opening that swings twice a second, unless given."""
    times = take.timeline.times()
    opening = np.clip(np.sin(2 * np.pi * 2 * times), 0, 1) if opening is None else np.broadcast_to(opening, times.shape)
    rest = {name: np.zeros(len(times), np.float32) for name in ("width", "closure", "dental")}
    given = {name: np.broadcast_to(np.float32(one), times.shape) for name, one in others.items()}
    rest = rest | {"gate": np.ones(len(times), np.float32)} | given
    return MouthCurves(opening.astype(np.float32), lead=0.0, from_phonemes=False, **rest)


def patches_of(take: Take, curves: MouthCurves, settings=STILL, first=0) -> list:
    return list(photo_patches(take, curves, settings, Silent(), first))


def laid(photo: np.ndarray, patch) -> np.ndarray:
    """The photo with a patch on it."""
    out = photo.copy()
    x, y = (int(v) for v in patch.affine[:, 2])
    h, w = patch.mask.shape
    seen = patch.mask[..., None] > 0
    out[y:y + h, x:x + w] = np.where(seen, patch.pixels, out[y:y + h, x:x + w])
    return out


def test_the_first_and_the_last_frame_are_the_photo(astronaut):
    take = take_of(astronaut)
    indices = [patch.index for patch in patches_of(take, curves_of(take, 0.8), EmbeddedSettings())]
    assert indices == sorted(indices)
    assert 0 not in indices and 49 not in indices and len(indices) > 40


def test_patches_lie_at_whole_pixels_and_their_masks_end_before_the_crop_does(astronaut):
    take = take_of(astronaut)
    landmarks = astronaut.track.landmarks[0]
    reach = np.linalg.norm(landmarks[10, :2] - landmarks[152, :2])
    low, high = landmarks[[10, 152], :2].mean(0) - reach - 1, landmarks[[10, 152], :2].mean(0) + reach + 1
    for patch in patches_of(take, curves_of(take), EmbeddedSettings(head_motion=2.0)):
        assert (patch.affine[:, :2] == np.eye(2)).all() and (patch.affine[:, 2] % 1 == 0).all()
        corner, size = patch.affine[:, 2], patch.mask.shape[::-1]
        assert (corner > np.maximum(low, 0)).all() and (corner + size < np.minimum(high, 512)).all()


def test_with_head_and_eyes_still_only_the_lower_face_changes(astronaut):
    photo = astronaut.source.frame(0).picture.rgb()
    take = take_of(astronaut, 20)
    nose, chin, left, right = (astronaut.track.landmarks[0][i, :2] for i in (4, 152, 234, 454))
    for patch in patches_of(take, curves_of(take)):
        changed = (laid(photo, patch) != photo).any(-1)
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        assert rows[0] > nose[1] - 8 and rows[-1] < chin[1] + 40
        assert columns[0] > left[0] - 20 and columns[-1] < right[0] + 20


def test_nothing_asked_nothing_moved(astronaut):
    take = take_of(astronaut)
    assert patches_of(take, curves_of(take, 0.0, gate=0.0)) == []


def test_silence_does_not_freeze_a_photo_stiff(astronaut):
    take = take_of(astronaut, 75, loud=0.0)
    photo = astronaut.source.frame(0).picture.rgb()
    frames = [laid(photo, patch) for patch in patches_of(take, curves_of(take, 0.0, gate=0.0), EmbeddedSettings())]
    moving = [np.abs(a.astype(int) - b).mean() > 0 for a, b in zip(frames[10:-10], frames[11:-9], strict=True)]
    assert np.mean(moving) > 0.95


def test_the_same_seed_gives_the_same_film_wherever_it_is_begun(astronaut):
    take = take_of(astronaut, 40)
    curves, settings = curves_of(take), EmbeddedSettings(seed=5)
    whole = {patch.index: patch for patch in patches_of(take, curves, settings)}
    later = patches_of(take, curves, settings, first=25)
    assert [patch.index for patch in later] == [i for i in whole if i >= 25]
    for patch in later:
        assert (patch.pixels == whole[patch.index].pixels).all() and (patch.mask == whole[patch.index].mask).all()
    other = patches_of(take, curves, replace(settings, seed=6))
    assert any(a.pixels.shape != whole[a.index].pixels.shape or (a.pixels != whole[a.index].pixels).any() for a in other[10:])


def test_lips_follow_the_curve_and_really_meet(astronaut):
    """Seen by the tracker in what was rendered: a smile with teeth closes for m and opens for a."""
    from talking_avatar.faces.mesh import read_mesh
    from talking_avatar.faces.region import region_of_landmarks
    from talking_avatar.media.picture import Picture

    photo = astronaut.source.frame(0).picture.rgb()
    take = take_of(astronaut, 50)
    curves = curves_of(take)
    aim = intended_opening(take, curves, STILL)
    region = region_of_landmarks(astronaut.track.landmarks[0])
    seen, meant = [], []
    for patch in patches_of(take, curves):
        points = read_mesh(Picture.from_rgb(laid(photo, patch)), region).landmarks[:, :2]
        seen.append(np.linalg.norm(points[13] - points[14]) / np.linalg.norm(points[10] - points[152]))
        meant.append(aim[patch.index])
    assert np.corrcoef(seen, meant)[0, 1] > 0.85
    assert np.mean(np.array(seen)[np.array(meant) < 0.005]) < 0.55 * np.mean(np.array(seen)[np.array(meant) > 0.06])


def test_a_small_a_grey_and_a_cut_off_face_speak(avatar_of):
    picture = data.astronaut()
    small = cv2.resize(picture, (170, 170), interpolation=cv2.INTER_AREA)
    grey = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, -1)
    for pixels in (small, grey, picture[:170, 150:300]):
        avatar = avatar_of(np.ascontiguousarray(pixels))
        assert avatar.track.present[0]
        take = take_of(avatar, 12)
        patches = patches_of(take, curves_of(take, 0.9), EmbeddedSettings())
        assert len(patches) >= 8
        if pixels is grey:
            assert max(np.ptp(patch.pixels.astype(int), axis=-1).max() for patch in patches) <= 6


def test_a_picture_without_a_face_gives_no_patch(avatar_of):
    for pixels in (np.full((16, 16, 3), 120, np.uint8), np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)):
        take = take_of(avatar_of(pixels))
        assert patches_of(take, curves_of(take), EmbeddedSettings()) == []


@pytest.mark.parametrize("turn", [np.nan, 0.0])
def test_landmarks_that_make_no_face_give_no_patch(astronaut, turn):
    """Not finite, or a mouth seen exactly from the side."""
    landmarks = np.array(astronaut.track.landmarks[0])
    landmarks[:, 0] = landmarks[4, 0] + turn * (landmarks[:, 0] - landmarks[4, 0])
    track = FaceTrack(np.ones(1, bool), astronaut.track.box, np.ones(1, np.float32), landmarks[None])
    take = take_of(Avatar(astronaut.source, track))
    assert patches_of(take, curves_of(take), EmbeddedSettings()) == []


def test_of_several_faces_only_the_chosen_one_moves(avatar_of):
    picture = data.astronaut()[:300, 60:360]
    avatar = avatar_of(np.hstack([picture, picture[:, ::-1]]))
    chosen_left = np.nanmean(avatar.track.box[0, [0, 2]]) < 300
    take = take_of(avatar, 30)
    for patch in patches_of(take, curves_of(take), EmbeddedSettings()):
        first, last = patch.affine[0, 2], patch.affine[0, 2] + patch.mask.shape[1]
        assert last <= 310 if chosen_left else first >= 290


def test_an_uneven_clock_and_a_short_speech_are_borne(astronaut):
    steps = np.random.default_rng(3).uniform(0.02, 0.07, 39)
    uneven = Clock(Fraction(22), np.concatenate([[0.0], np.cumsum(steps)]))
    take = take_of(astronaut, 40, uneven)
    assert len(patches_of(take, curves_of(take), EmbeddedSettings())) > 30
    for n in (0, 1, 2, 3, 5):
        take = take_of(astronaut, n)
        assert len(patches_of(take, curves_of(take, 0.5), EmbeddedSettings())) <= max(0, n - 2)


def test_a_stop_ends_the_work_at_the_next_frame(astronaut):
    class Stopping(Silent):
        steps = 0

        def stage(self, name, total=None):
            outer = self

            class Stage:
                def __enter__(self):
                    return self

                def __exit__(self, *error):
                    return None

                def advance(self, steps=1):
                    outer.steps += steps
                    if outer.steps > 8:
                        raise Cancelled

            return Stage()

    take = take_of(astronaut, 60)
    made = []
    with pytest.raises(Cancelled):
        for patch in photo_patches(take, curves_of(take, 0.5), EmbeddedSettings(), Stopping()):
            made.append(patch.index)
    assert len(made) <= 8


def test_opencv_keeps_its_threads(astronaut):
    before = cv2.getNumThreads()
    take = take_of(astronaut, 6)
    patches_of(take, curves_of(take))
    assert cv2.getNumThreads() == before


def test_dark_glasses_do_not_blink(avatar_of, astronaut):
    from talking_avatar.engines.embedded.eyelids import rig_eye
    from talking_avatar.faces.eyes import read_eyes

    photo = astronaut.source.frame(0).picture.rgb()
    eyes = read_eyes(photo, astronaut.track.landmarks[0])
    shaded = photo.copy()
    for eye in eyes:
        centre = (eye.outer + eye.inner) / 2
        cv2.ellipse(shaded, [int(v) for v in centre], (int(0.8 * eye.width), int(0.6 * eye.width)), 0, 0, 360, (12, 12, 14), -1)
    noise = np.zeros(photo.shape[:2], np.float32)
    assert all(rig_eye(photo, eye, noise, 190.0) is not None for eye in eyes)
    assert all(rig_eye(shaded, eye, noise, 190.0) is None for eye in eyes)


def test_a_pose_of_zeros_is_the_photo(astronaut):
    from talking_avatar.engines.embedded.photo_face import cut_face
    from talking_avatar.engines.embedded.photo_render import PhotoPose, render_pose, rig_photo

    face = cut_face(astronaut.source.frame(0).picture.rgb(), astronaut.track.landmarks[0])
    rest = SimpleNamespace(numbers=np.zeros(9, np.float32), motions=np.zeros(6, np.float32), glance=np.zeros(2, np.float32))
    pixels, mask = render_pose(rig_photo(face, ()), PhotoPose(rest.numbers, 0.0, rest.motions, 0.0, rest.glance))
    assert (pixels == face.pixels).all() and not mask.any()
