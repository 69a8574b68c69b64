"""A film speaks by its own mouths; a film whose mouth never opens speaks all the same."""
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data
from talking_avatar.compose.composite import composite
from talking_avatar.engines.embedded import film
from talking_avatar.engines.embedded.film import film_patches
from talking_avatar.engines.embedded.film_mouths import FilmMouths
from talking_avatar.engines.embedded.film_plan import wished_openings
from talking_avatar.engines.embedded.photo import photo_patches
from talking_avatar.engines.embedded.settings import EmbeddedSettings
from talking_avatar.engines.engine import Take, make_engine
from talking_avatar.faces.avatar import Avatar, make_avatar
from talking_avatar.faces.mesh import settle_mesh
from talking_avatar.faces.region import region_of_landmarks
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.host.device import one_thread
from talking_avatar.host.errors import Cancelled
from talking_avatar.host.progress import Silent
from talking_avatar.media.clock import Clock
from talking_avatar.media.film import Frame
from talking_avatar.media.open import open_source, sound_of_array
from talking_avatar.media.picture import Picture
from talking_avatar.media.timeline import Timeline
from talking_avatar.speech.mouth import MouthCurves
from talking_avatar.speech.speech import Speech

FILM_FRAMES = 72
DEFAULT = EmbeddedSettings()


def curves_of(opening) -> MouthCurves:
    opening = np.asarray(opening, np.float32)
    flat = np.zeros_like(opening)
    return MouthCurves(opening, flat, flat, flat, np.float32(opening > -1) * (opening.max() > 0), lead=0.0, from_phonemes=False)


def swinging(n: int, hertz: float, rate: float = 25.0) -> np.ndarray:
    return np.clip(0.55 - 0.6 * np.cos(2 * np.pi * hertz * np.arange(n) / rate), 0, 1)


def take_of(avatar: Avatar, n: int, clock: Clock | None = None) -> Take:
    """The film there and back, n output frames."""
    cycle = np.concatenate([np.arange(avatar.source.n_frames), np.arange(avatar.source.n_frames - 2, 0, -1)])
    sound = sound_of_array(0.1 * np.random.default_rng(0).standard_normal((1, n * 640)).astype(np.float32), 16000)
    return Take(avatar, Speech(sound), Timeline(np.resize(cycle, n).astype(np.int32), clock or Clock(Fraction(25)), "bounce"))


def with_track(take: Take, **changed) -> Take:
    return replace(take, avatar=replace(take.avatar, track=replace(take.avatar.track, **changed)))


@pytest.fixture(scope="module")
def speaking(tmp_path_factory, samples):
    """A film of the astronaut, who speaks and sways."""
    folder = tmp_path_factory.mktemp("speaking")
    photo = make_avatar(open_source(samples.write_photo(folder / "photo.png", data.astronaut()[:300, 60:400])), TrackSettings(), Silent())
    told = Take(photo, Speech(sound_of_array(np.zeros((1, FILM_FRAMES * 640), np.float32), 16000)),
                Timeline(np.zeros(FILM_FRAMES, np.int32), Clock(Fraction(25)), "hold"))
    patches = photo_patches(told, curves_of(swinging(FILM_FRAMES, 0.9)), EmbeddedSettings(head_motion=0.0, blinks=0.0), Silent())
    pictures = [frame.picture.rgb() for frame in composite(photo.source, told.timeline, patches, Silent())]
    sway = [(round(8 + 7 * np.sin(i / 9)), round(6 + 5 * np.cos(i / 12))) for i in range(FILM_FRAMES)]
    pictures = [picture[y:y + 284, x:x + 320] for picture, (x, y) in zip(pictures, sway, strict=True)]
    path = samples.write_film(folder / "speaking.mp4", pictures, options={"crf": "10"})
    return make_avatar(open_source(path), TrackSettings(), Silent())


@pytest.fixture(scope="module")
def smiling(astronaut_film):
    """A film of the astronaut, who only smiles."""
    return make_avatar(open_source(astronaut_film), TrackSettings(), Silent())


def measured_openings(take: Take, patches) -> np.ndarray:
    """Lips as the mesh reads them in the result."""
    out = []
    with one_thread():
        for frame in composite(take.avatar.source, take.timeline, patches, Silent()):
            around = region_of_landmarks(take.avatar.track.landmarks[int(take.timeline.source[frame.index])])
            points = settle_mesh(frame.picture, around).landmarks
            out.append(np.linalg.norm(points[13, :2] - points[14, :2]) / np.linalg.norm(points[10, :2] - points[152, :2]))
    return np.array(out)


def test_the_lips_of_the_result_follow_what_was_wished(speaking):
    take = take_of(speaking, 60)
    curves = curves_of(swinging(60, 1.3))
    wished = wished_openings(take, curves, 1.0, Silent())
    seen = measured_openings(take, film_patches(take, curves, DEFAULT, Silent()))
    assert np.corrcoef(seen, wished)[0, 1] > 0.8


def test_in_silence_the_lips_rest(speaking):
    take = take_of(speaking, 30)
    seen = measured_openings(take, film_patches(take, curves_of(np.zeros(30)), DEFAULT, Silent()))
    own = np.linalg.norm(speaking.track.landmarks[0:FILM_FRAMES][:, 13, :2] - speaking.track.landmarks[0:FILM_FRAMES][:, 14, :2], axis=1)
    assert seen[3:].std() < 0.25 * (own / 130).std()


def test_only_the_lower_face_changes(speaking):
    take = take_of(speaking, 20)
    for patch in film_patches(take, curves_of(swinging(20, 1.7)), DEFAULT, Silent()):
        points = speaking.track.landmarks[int(take.timeline.source[patch.index])]
        y, x = np.nonzero(patch.mask)
        assert patch.pixels.dtype == patch.mask.dtype == np.uint8
        assert y.min() + patch.affine[1, 2] > points[6, 1]
        assert x.min() + patch.affine[0, 2] > points[:, 0].min() - 30
        left, top = patch.affine[:, 2].astype(int)
        frame = speaking.source.frame(int(take.timeline.source[patch.index])).picture.rgb()
        under = frame[top:top + patch.mask.shape[0], left:left + patch.mask.shape[1]].astype(int)
        change = np.abs(under - patch.pixels) * (patch.mask[..., None] / 255)
        assert max(change[[0, -1]].max(), change[:, [0, -1]].max()) < 3  # no edge is seen


def test_a_frame_without_a_face_gets_no_patch_and_shifts_no_other(speaking):
    present = np.ones(FILM_FRAMES, bool)
    present[20:30] = False
    landmarks = speaking.track.landmarks[0:FILM_FRAMES].copy()
    landmarks[20:30] = np.nan
    take = with_track(take_of(speaking, 50), present=present, landmarks=landmarks)
    indices = [patch.index for patch in film_patches(take, curves_of(swinging(50, 1.3)), DEFAULT, Silent())]
    assert indices == [*range(20), *range(30, 50)]


def test_mouths_never_cross_a_cut(speaking, monkeypatch):
    used = []
    whole = FilmMouths.face
    monkeypatch.setattr(FilmMouths, "face", lambda self, frame: used.append(frame) or whole(self, frame))
    take = with_track(take_of(speaking, 66), cuts=(36,))
    for patch in film_patches(take, curves_of(swinging(66, 1.6)), DEFAULT, Silent()):
        base = int(take.timeline.source[patch.index])
        assert all((frame < 36) == (base < 36) for frame in used), (patch.index, used)
        used.clear()


def test_an_earlier_run_is_taken_up_bit_for_bit(speaking):
    take, curves = take_of(speaking, 40), curves_of(swinging(40, 1.4))
    whole = list(film_patches(take, curves, DEFAULT, Silent()))
    rest = list(film_patches(take, curves, DEFAULT, Silent(), 25))
    assert [patch.index for patch in rest] == list(range(25, 40))
    for one, other in zip(whole[25:], rest, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
        assert np.array_equal(one.mask, other.mask)


def test_an_uneven_clock_is_kept(speaking):
    clock = Clock(Fraction(25), np.cumsum(np.r_[0, np.random.default_rng(1).uniform(0.02, 0.06, 39)]))
    take = take_of(speaking, 40, clock=clock)
    assert len(list(film_patches(take, curves_of(swinging(40, 1.4)), DEFAULT, Silent()))) == 40


def test_the_amount_opens_the_mouth_wider(speaking):
    take, curves = take_of(speaking, 30), curves_of(swinging(30, 1.4))
    small, natural = (wished_openings(take, curves, amount, Silent()) for amount in (0.5, 1.0))
    assert small.max() < 0.75 * natural.max()


class Softened:
    """A film whose frames are all out of focus but one."""

    def __init__(self, source, sharp: int):
        self._source, self._sharp = source, sharp

    def __getattr__(self, name):
        return getattr(self._source, name)

    def frames(self, *given):
        yield from (self._shown(frame) for frame in self._source.frames(*given))

    def walk(self, indices):
        yield from (self._shown(frame) for frame in self._source.walk(indices))

    def _shown(self, frame: Frame) -> Frame:
        soft = cv2.GaussianBlur(frame.picture.rgb(), (0, 0), 2.0)
        return frame if frame.index == self._sharp else Frame(frame.index, Picture.from_rgb(soft))


def test_the_inside_of_a_shut_mouth_is_drawn_for_most_of_the_film_and_not_for_its_sharpest_frame(smiling, monkeypatch):
    read, found = film.read_shut_mouth, []
    monkeypatch.setattr(film, "read_shut_mouth", lambda *given: found.append(read(*given)) or found[-1])
    soft = replace(smiling, source=Softened(smiling.source, sharp=7))
    for avatar in (smiling, soft):
        next(iter(film_patches(take_of(avatar, 20), curves_of(swinging(20, 1.0)), DEFAULT, Silent())))
    sharp, blurred = (one.rig.look.blur for one in found)
    assert blurred > sharp + 0.7


def test_a_mouth_that_never_opens_opens(smiling):
    take, curves = take_of(smiling, 40), curves_of(swinging(40, 1.0))
    seen = measured_openings(take, film_patches(take, curves, DEFAULT, Silent()))
    assert np.corrcoef(seen, curves.opening)[0, 1] > 0.8


def test_a_mouth_that_never_opens_is_left_alone_in_silence(smiling):
    assert list(film_patches(take_of(smiling, 30), curves_of(np.zeros(30)), DEFAULT, Silent())) == []


def test_a_cancel_stops_the_work_and_leaves_nothing(speaking, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    class Stopped(Silent):
        calls = 0

        def check(self) -> None:
            self.calls += 1
            if self.calls > 5:
                raise Cancelled

    with pytest.raises(Cancelled):
        list(film_patches(take_of(speaking, 30), curves_of(swinging(30, 1.0)), DEFAULT, Stopped()))
    assert not list(Path(tmp_path).iterdir())


def test_the_engine_is_found_by_its_name(speaking):
    engine = make_engine("embedded")
    assert engine.settings_type is EmbeddedSettings
    patches = list(engine.patches(take_of(speaking, 10), DEFAULT, Silent()))
    assert [patch.index for patch in patches] == list(range(10))
