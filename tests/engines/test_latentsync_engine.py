"""LatentSync as an engine: which frames are painted, from where, the same whatever happens on the way, and nothing else is touched."""
from dataclasses import replace

import numpy as np
import pytest
import torch
from talking_avatar.compose.composite import composite
from talking_avatar.compose.dress import Dressing
from talking_avatar.engines.engine import Take, make_engine
from talking_avatar.engines.latentsync import engine as latentsync
from talking_avatar.engines.latentsync.alignment import face_affines, three_points
from talking_avatar.engines.latentsync.chunks import stretches
from talking_avatar.engines.latentsync.crop import restored
from talking_avatar.engines.latentsync.settings import LatentSyncSettings
from talking_avatar.engines.mouths import make_mouths
from talking_avatar.faces.avatar import Avatar, make_avatar
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.host.errors import Cancelled, InputError, MissingModel
from talking_avatar.host.networks import let_go
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import open_source
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.media.timeline import lay_out
from talking_avatar.speech.speech import Speech

SMALL = LatentSyncSettings(resolution=64, steps=2)


@pytest.fixture(autouse=True)
def folders(diffusion_files, tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "latentsync").symlink_to(diffusion_files("latentsync"))
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("TALKING_AVATAR_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module", autouse=True)
def nothing_kept():
    yield
    let_go()


@pytest.fixture(scope="module")
def astronaut(astronaut_film):
    return make_avatar(open_source(astronaut_film), TrackSettings(), Silent())


@pytest.fixture(scope="module")
def voice(samples):
    return lambda seconds: Speech(SoundArray(samples.babble(seconds, 16000), 16000))


def take_of(avatar, speech, mode="bounce"):
    return Take(avatar, speech, lay_out(avatar.source, speech.sound, mode=mode))


def seen_in(avatar, present, cuts=()):
    return Avatar(avatar.source, replace(avatar.track, present=present, cuts=cuts))


def painted(take, settings=SMALL, first=0, progress=None):
    return list(make_engine("latentsync").patches(take, settings, progress or Silent(), first))


def assert_same(one, other):
    assert [patch.index for patch in one] == [patch.index for patch in other]
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a.pixels, b.pixels) and np.array_equal(a.affine, b.affine)
        assert (a.mask is None and b.mask is None) or np.array_equal(a.mask, b.mask)


@pytest.mark.parametrize("how", ["full", "published", "overlapping"])
def test_any_point_to_go_on_from_gives_the_same_frames_bit_for_bit(astronaut, voice, how):
    take, settings = take_of(astronaut, voice(1.8)), replace(SMALL, chunks=how)
    whole = painted(take, settings)
    assert [patch.index for patch in whole] == list(range(45))
    for first in (1, 13, 16, 30, 44):
        assert_same(painted(take, settings, first), whole[first:])


def test_a_cancel_is_heard_inside_a_denoising_step(astronaut, voice):
    class Counts(Silent):
        checks = 0

        def check(self):
            self.checks += 1
            if self.checks > 60:
                raise Cancelled

    progress = Counts()
    with pytest.raises(Cancelled):
        painted(take_of(astronaut, voice(0.64)), replace(SMALL, steps=50), progress=progress)
    assert progress.checks == 61


def test_frames_without_a_face_pass_through_and_shift_nobody(astronaut, voice):
    present = np.array(astronaut.track.present)
    present[[5, 20, 21]] = False
    take = take_of(seen_in(astronaut, present), voice(1.2))
    patches = painted(take)
    assert [patch.index for patch in patches] == [index for index in range(30) if index not in (5, 20, 21)]
    affines = face_affines(three_points(astronaut.track), 64)
    size = take.avatar.source.width, take.avatar.source.height
    for patch in patches:
        made = restored(torch.zeros(3, 64, 64), affines[patch.index], size)
        assert tuple(patch.affine[:, 2]) == made.box[:2]


def test_outside_the_soft_mask_every_sample_is_the_source(astronaut, voice):
    take = take_of(astronaut, voice(0.4))
    for paste in ("crop", "mouth", "dressed"):
        patches = painted(take, replace(SMALL, paste=paste))
        dressing = Dressing(take.avatar.source, take.avatar.track)
        for index, frame in enumerate(composite(take.avatar.source, take.timeline, patches, Silent(), dressing)):
            source = take.avatar.source.frame(int(take.timeline.source[index]))
            patch = dressing.dressed(source, patches[index], Silent())
            seen = np.zeros((source.picture.height, source.picture.width), bool)
            x, y = (int(one) for one in patch.affine[:, 2])
            seen[y:y + patch.mask.shape[0], x:x + patch.mask.shape[1]] = patch.mask > 0
            far = ~dilated(seen, 2)  # chroma stands for two pixels
            before, after = source.picture.rgb(), frame.picture.rgb()
            assert np.array_equal(before[far], after[far])
            assert (before[seen] != after[seen]).any()


def dilated(mask, by):
    import cv2

    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)) > 0


def test_only_what_was_painted_is_laid_back_by_mouth(astronaut, voice):
    take = take_of(astronaut, voice(0.2))
    crop, mouth = (painted(take, replace(SMALL, paste=paste)) for paste in ("crop", "mouth"))
    for a, b in zip(crop, mouth, strict=True):
        assert (b.mask > 0).sum() < 0.6 * (a.mask > 0).sum()
        assert not b.mask[:b.mask.shape[0] // 4].any()  # brows and eyes


@pytest.mark.parametrize("seconds", [0.04, 0.2, 0.64, 0.68])
@pytest.mark.parametrize("how", ["full", "published", "overlapping"])
def test_speech_of_any_length_gets_all_its_frames(astronaut, voice, seconds, how):
    take = take_of(astronaut, voice(seconds))
    assert [patch.index for patch in painted(take, replace(SMALL, steps=1, chunks=how))] == list(range(take.timeline.n_frames))


def test_a_cancelled_run_goes_on_and_ends_as_if_it_had_not_been(astronaut, voice, tmp_path):
    take = take_of(astronaut, voice(1.92))

    class Stops(Silent):
        made = 0

        def check(self):
            if Stops.made >= 20:
                raise Cancelled

    def count(patch):
        Stops.made += 1

    engine = make_engine("latentsync")
    with pytest.raises(Cancelled):
        make_mouths(take, engine, SMALL, Stops(), tmp_path / "a", watch=count)
    made_now = []
    spool = make_mouths(take, engine, SMALL, Silent(), tmp_path / "a", watch=made_now.append)
    assert 0 < len(made_now) < 48
    assert_same(list(spool), list(make_mouths(take, engine, SMALL, Silent(), tmp_path / "b")))


@pytest.mark.parametrize(("mode", "around_its_end"), [
    ("loop", [48, 49, 0, 1]), ("hold", [48, 49, 49, 49]), ("bounce", [48, 49, 48, 47]), ("remap", [40, 41, 42, 42])])
def test_speech_longer_than_the_film_paints_every_frame_where_its_face_is(astronaut, voice, mode, around_its_end):
    take = take_of(astronaut, voice(2.4), mode)
    assert take.timeline.source[48:52].tolist() == around_its_end
    patches = painted(take, replace(SMALL, steps=1))
    assert [patch.index for patch in patches] == list(range(60))
    affines, size = face_affines(three_points(astronaut.track), 64), (astronaut.source.width, astronaut.source.height)
    for patch, frame in zip(patches, take.timeline.source, strict=True):
        assert tuple(patch.affine[:, 2]) == restored(torch.zeros(3, 64, 64), affines[frame], size).box[:2]


def test_numbers_too_large_for_their_type_are_told_not_painted(astronaut, voice, monkeypatch):
    whole = latentsync.LatentSyncUNet.whole
    monkeypatch.setattr(latentsync.LatentSyncUNet, "whole", lambda self, *given: (whole(self, *given)[0] * torch.inf, None))
    with pytest.raises(InputError, match="too large for bfloat16: choose float32 as precision"):
        painted(take_of(astronaut, voice(0.2)), replace(SMALL, precision="bfloat16"))
    with pytest.raises(InputError, match="its checkpoint is damaged"):
        painted(take_of(astronaut, voice(0.2)), replace(SMALL, precision="float32"))


def test_too_little_memory_is_one_sentence(astronaut, voice, monkeypatch):
    def full(self, *given):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(latentsync.LatentSyncUNet, "whole", full)
    with pytest.raises(InputError, match="choose a smaller resolution"):
        painted(take_of(astronaut, voice(0.2)))


def test_silence_gives_a_film(astronaut):
    take = take_of(astronaut, Speech(SoundArray(np.zeros(16000, np.float32), 16000)))
    patches = painted(take)
    assert len(patches) == 25 and all(np.isfinite(patch.affine).all() and patch.mask.any() for patch in patches)


def test_a_chunk_never_reaches_across_a_cut(astronaut, voice):
    take = take_of(seen_in(astronaut, np.array(astronaut.track.present), cuts=(20,)), voice(2.0))
    assert stretches(take) == [(0, 20), (20, 50)]
    plain, cut = painted(take_of(astronaut, voice(2.0))), painted(take)
    assert len(plain) == len(cut) == 50
    assert not np.array_equal(plain[20].pixels, cut[20].pixels)


def test_a_face_at_the_border_is_painted_where_it_is_seen(astronaut, voice):
    shift = np.zeros(3, np.float32)
    shift[0] = float(astronaut.track.box[0, 0] + astronaut.track.box[0, 2]) / 2
    moved = np.asarray(astronaut.track.landmarks[:]) - shift
    take = take_of(Avatar(astronaut.source, replace(astronaut.track, landmarks=moved)), voice(0.2))
    frames = list(composite(take.avatar.source, take.timeline, painted(take), Silent()))
    assert len(frames) == 5


def test_another_seed_is_another_film_and_the_same_seed_the_same(astronaut, voice):
    take = take_of(astronaut, voice(0.2))
    one, again, other = painted(take), painted(take), painted(take, replace(SMALL, seed=7))
    assert_same(one, again)
    assert not np.array_equal(one[0].pixels, other[0].pixels)


def test_step_caching_and_no_guidance_give_other_pictures_of_the_same_frames(astronaut, voice):
    take = take_of(astronaut, voice(0.3))
    plain = painted(take, replace(SMALL, steps=4))
    for settings in (replace(SMALL, steps=4, whole_every=2), replace(SMALL, steps=4, guidance=1.0)):
        other = painted(take, settings)
        assert [patch.index for patch in other] == [patch.index for patch in plain]
        assert not np.array_equal(other[0].pixels, plain[0].pixels)


def test_the_network_is_built_once_and_its_preview_is_shown_for_the_first_chunk_only(astronaut, voice, monkeypatch):
    seen, engine, take = [], make_engine("latentsync"), take_of(astronaut, voice(0.8))
    engine.preview = lambda picture: seen.append(picture())
    list(engine.patches(take, SMALL, Silent()))
    assert len(seen) == SMALL.steps and seen[0].shape == (64, 64, 3) and seen[0].dtype == np.uint8
    monkeypatch.setattr("talking_avatar.models.latentsync.networks.read_state_dict", lambda path: pytest.fail("read again"))
    list(engine.patches(take, SMALL, Silent()))


def test_a_resolution_that_does_not_fit_and_missing_parts_are_one_sentence(astronaut, voice, monkeypatch, tmp_path):
    take = take_of(astronaut, voice(0.2))
    with pytest.raises(InputError, match="multiple of 64"):
        painted(take, replace(SMALL, resolution=100))
    with pytest.raises(MissingModel, match="diffusers"):
        monkeypatch.setattr("talking_avatar.models.packages.find_spec", lambda name: None)
        painted(take)
    monkeypatch.undo()
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path / "empty"))
    with pytest.raises(MissingModel, match="latentsync_unet.pt.*is missing"):
        painted(take)


def test_the_estimate_names_time_and_memory_and_loads_nothing(astronaut, voice, monkeypatch):
    monkeypatch.setattr(latentsync.LatentSyncNetworks, "unet", lambda self: pytest.fail("loaded"))
    take = take_of(astronaut, voice(1.0))
    made = latentsync.LatentSync().cost(take, SMALL)
    assert made.flops > 0 and made.seconds > 0 and "GB on the device" in str(made)
    twice = latentsync.LatentSync().cost(take_of(astronaut, voice(2.0)), SMALL)
    assert twice.flops == 2 * made.flops and twice.disk == 2 * made.disk and twice.video_memory == made.video_memory


def test_the_estimated_patches_are_about_as_large_as_the_patches(astronaut, voice):
    take = take_of(astronaut, voice(0.2))
    for paste in ("crop", "dressed"):
        settings = replace(SMALL, paste=paste)
        patches = painted(take, settings)
        size = sum(patch.pixels.nbytes + (0 if patch.mask is None else patch.mask.nbytes) for patch in patches)
        assert 0.8 < latentsync.LatentSync().cost(take, settings).disk / size < 1.25
