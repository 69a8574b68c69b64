"""Sonic as an engine: whose face, which frame under which sound, what is untouched, what is said when something is missing."""
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from talking_avatar.compose.composite import composite
from talking_avatar.engines.engine import Take, make_engine
from talking_avatar.engines.sonic.latents_file import LatentsFile
from talking_avatar.engines.sonic.portrait import crop_square
from talking_avatar.engines.sonic.settings import SonicSettings
from talking_avatar.faces.avatar import avatar_of_box, make_avatar
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.host.errors import Cancelled, InputError, MissingModel
from talking_avatar.host.networks import let_go
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import open_source, sound_of_array
from talking_avatar.media.timeline import lay_out
from talking_avatar.models.sonic.checkpoint_set import find_set, unet_names
from talking_avatar.models.sonic.networks import SonicNetworks
from talking_avatar.speech.speech import Speech

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from sonic_probe import put_probes  # noqa: E402

SMALL = SonicSettings(resolution=64, steps=2)


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory, diffusion_files):
    """models folder with a set of stand-in files in models/sonic."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "sonic").symlink_to(diffusion_files("sonic"))
    return folder


@pytest.fixture(autouse=True)
def folders(stand_in, tmp_path, monkeypatch):
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(stand_in))
    monkeypatch.setenv("TALKING_AVATAR_CACHE", str(tmp_path / "cache"))
    yield
    let_go()


@pytest.fixture(scope="module")
def astronaut(astronaut_photo):
    return make_avatar(open_source(astronaut_photo), TrackSettings(), Silent())


def take_of(avatar, samples, fps=None):
    speech = Speech(sound_of_array(samples, 16000))
    return Take(avatar, speech, lay_out(avatar.source, speech.sound, fps=fps))


def made(take, settings=SMALL, first=0, progress=None):
    return list(make_engine("sonic").patches(take, settings, progress or Silent(), first))


def beep(seconds, start, stop):
    """float32 [1, n]: noise from start to stop seconds, silence around it."""
    t = np.arange(round(seconds * 16000)) / 16000
    noise = np.random.default_rng(0).standard_normal(len(t))
    return np.float32(0.3 * noise * ((t >= start) & (t < stop)))[None]


def redness(patch):
    return float(patch.pixels[..., 0].astype(float).mean() - patch.pixels[..., 2].mean())


def test_the_film_is_the_portrait_and_its_face_answers_the_sound_at_its_time(astronaut, monkeypatch):
    put_probes(monkeypatch)
    take = take_of(astronaut, beep(4.0, 1.6, 2.8))
    patches = made(take, replace(SMALL, resolution=256, steps=3))
    assert [patch.index for patch in patches] == list(range(100))
    red = np.array([redness(patch) for patch in patches])
    heard = red > (red.min() + red.max()) / 2
    starts, ends = np.flatnonzero(np.diff(heard.astype(int)))
    assert abs(starts + 1 - 40) <= 3
    assert abs(ends + 1 - 70) <= 3
    x0, y0, x1, y1 = crop_square(tuple(map(float, astronaut.track.box[0])), 0.5, 512, 512)
    picture = astronaut.source.frame(0).picture.rgb((x0, y0, x1, y1))
    small, seen = (cv2.resize(pixels, (16, 16), interpolation=cv2.INTER_AREA).astype(float) for pixels in (picture, patches[0].pixels))
    assert np.corrcoef(small.ravel(), seen.ravel())[0, 1] > 0.98


def test_outside_the_square_every_bit_is_the_pictures(astronaut, monkeypatch):
    put_probes(monkeypatch)
    take = take_of(astronaut, beep(0.5, 0, 0.5))
    x0, y0, x1, y1 = crop_square(tuple(map(float, astronaut.track.box[0])), 0.5, 512, 512)
    before = astronaut.source.frame(0).picture.rgb()
    for frame in composite(astronaut.source, take.timeline, made(take), Silent()):
        after = frame.picture.rgb().copy()
        assert not np.array_equal(after[y0:y1, x0:x1], before[y0:y1, x0:x1])
        after[y0:y1, x0:x1] = before[y0:y1, x0:x1]
        assert np.array_equal(after, before)


def test_the_whole_picture_fills_the_frame_without_a_seam(astronaut, monkeypatch):
    put_probes(monkeypatch)
    patches = made(take_of(astronaut, beep(0.3, 0, 0.3)), replace(SMALL, crop="picture", resolution=512))
    assert patches[0].pixels.shape == (512, 512, 3)
    assert np.array_equal(patches[0].affine, [[1, 0, 0], [0, 1, 0]])
    assert patches[0].mask.min() == 255


@pytest.mark.parametrize(("seconds", "fps", "between", "frames"), [
    (0.02, None, True, 1), (0.2, None, True, 5), (1.0, None, True, 25), (1.01, None, False, 25), (2.5, Fraction(30), True, 75),
    (2.1, Fraction(25, 2), False, 26), (1.0, Fraction(24000, 1001), True, 24)])
def test_the_film_is_as_long_as_the_sound_to_the_frame(astronaut, monkeypatch, seconds, fps, between, frames):
    put_probes(monkeypatch)
    patches = made(take_of(astronaut, beep(seconds, 0, seconds), fps), replace(SMALL, between=between))
    assert [patch.index for patch in patches] == list(range(frames))


@pytest.mark.parametrize("between", [True, False])
def test_a_run_taken_up_at_any_frame_gives_the_same_bits(astronaut, between):
    settings = replace(SMALL, between=between)
    take = take_of(astronaut, beep(1.2, 0.5, 1.0))
    whole = made(take, settings)
    assert len(whole) == 30
    for first in (1, 14, 15, 16, 17, 29, 30):
        rest = made(take, settings, first)
        assert [patch.index for patch in rest] == list(range(first, 30))
        assert all(np.array_equal(one.pixels, other.pixels) for one, other in zip(rest, whole[first:], strict=True))


def test_the_same_seed_is_the_same_film_and_another_seed_another(astronaut, tmp_path, monkeypatch):
    take = take_of(astronaut, beep(0.4, 0, 0.4))
    one = made(take, replace(SMALL, seed=1))
    monkeypatch.setenv("TALKING_AVATAR_CACHE", str(tmp_path / "another"))
    again, other = made(take, replace(SMALL, seed=1)), made(take, replace(SMALL, seed=0))
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[0].pixels, other[0].pixels)


class StopsAt(Silent):
    """Cancels at the n-th check."""

    def __init__(self, checks):
        self.left = checks

    def check(self):
        self.left -= 1
        if self.left < 0:
            raise Cancelled


@pytest.mark.parametrize("checks", [0, 1, 3, 8, 20])
def test_a_cancel_is_heard_between_and_within_the_steps(astronaut, checks):
    with pytest.raises(Cancelled):
        made(take_of(astronaut, beep(0.4, 0, 0.4)), progress=StopsAt(checks))


def test_what_was_denoised_is_not_denoised_again(astronaut, tmp_path, monkeypatch):
    take = take_of(astronaut, beep(0.4, 0, 0.4))
    settings = replace(SMALL, steps=3)
    monkeypatch.setattr("talking_avatar.engines.sonic.latents_file._EVERY_SECONDS", 0.0)
    kept, keep = [], LatentsFile.keep

    def counted(file, step, latents):
        keep(file, step, latents)
        kept.append(step)
        if kept == [1, 2]:
            raise Cancelled

    monkeypatch.setattr(LatentsFile, "keep", counted)
    with pytest.raises(Cancelled):
        made(take, settings)
    resumed = made(take, settings)
    assert kept == [1, 2, 3]
    assert np.array_equal(made(take, replace(settings, between=False))[0].pixels, resumed[0].pixels)
    assert kept == [1, 2, 3], "pictures between are no reason to denoise again"
    monkeypatch.setenv("TALKING_AVATAR_CACHE", str(tmp_path / "another"))
    whole = made(take, settings)
    assert all(np.array_equal(one.pixels, other.pixels) for one, other in zip(resumed, whole, strict=True))


def test_a_film_is_refused_in_words(astronaut_film):
    avatar = avatar_of_box(open_source(astronaut_film), (200, 60, 300, 170))
    with pytest.raises(InputError, match=r"'astronaut.mp4' is a film of 50 frames: give a photo"):
        made(take_of(avatar, beep(0.4, 0, 0.4)))


def test_a_resolution_that_does_not_fit_is_refused_in_words(astronaut):
    with pytest.raises(InputError, match="resolution is 500; it must be a multiple of 64"):
        made(take_of(astronaut, beep(0.4, 0, 0.4)), replace(SMALL, resolution=500))


def test_a_missing_package_is_named(astronaut, monkeypatch):
    monkeypatch.setattr("talking_avatar.models.packages.find_spec", lambda name: None if name == "diffusers" else object())
    with pytest.raises(MissingModel, match="pip install diffusers"):
        made(take_of(astronaut, beep(0.4, 0, 0.4)))


def test_a_missing_file_is_named_with_all_that_helps(astronaut, monkeypatch, tmp_path):
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path))
    with pytest.raises(MissingModel, match=r"'unet.pth', Sonic's denoiser.*6.30 GB, licence: CC BY-NC-SA 4.0.* is missing"):
        made(take_of(astronaut, beep(0.4, 0, 0.4)))


@pytest.fixture
def broken_set(stand_in, tmp_path, monkeypatch):
    """broken_set("unet.pth", tensors) -> models/sonic with that file holding other tensors."""
    import shutil

    def broken(name, tensors):
        shutil.copytree(stand_in, tmp_path / "models")
        (torch.save if name.endswith(("pth", "pkl")) else save_file)(tensors, tmp_path / "models" / "sonic" / name)
        monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path / "models"))

    return broken


def networks():
    return SonicNetworks(find_set("unet.pth"), torch.float32)


def test_the_network_without_ears_is_recognised(stand_in, broken_set):
    tensors = torch.load(stand_in / "sonic" / "unet.pth", weights_only=True)
    broken_set("unet.pth", {name: tensor for name, tensor in tensors.items() if "_ip." not in name})
    with pytest.raises(MissingModel, match="Stable Video Diffusion itself, without Sonic's attention"):
        networks().unet()


def test_tensors_that_do_not_fit_are_named(stand_in, broken_set):
    tensors = torch.load(stand_in / "sonic" / "audio2token.pth", weights_only=True)
    broken_set("audio2token.pth", tensors | {"proj1.weight": torch.zeros(3, 3), "extra": torch.zeros(1)})
    with pytest.raises(MissingModel, match=r"(?s)audio2token.pth' is not Sonic's audio2token: .*extra.*proj1.weight is \[3, 3\]"):
        networks().audio2token()


@pytest.mark.parametrize(("shapes", "name"), [
    ({"block0.conv0.0.0.weight": (96, 15, 3, 3), "block0.conv0.1.0.weight": (192, 96, 3, 3), "block0.lastconv.0.weight": (192, 24, 4, 4),
      "encode.0.weight": (16, 3, 3, 3)}, "RIFE 4.7 to 4.9"),
    ({"block0.conv0.0.0.weight": (96, 15, 3, 3), "block0.conv0.1.0.weight": (192, 96, 3, 3), "block0.lastconv.0.weight": (192, 52, 4, 4),
      "block4.conv0.0.0.weight": (16, 28, 3, 3), "encode.cnn3.weight": (16, 4, 4, 4)}, "RIFE 4.25 or 4.26"),
    ({"block0.conv0.0.0.weight": (96, 7, 3, 3), "block0.conv0.1.0.weight": (192, 96, 3, 3), "block0.lastconv.weight": (192, 5, 4, 4)},
     "RIFE 4.2 to 4.4"),
    ({"fc.weight": (3, 3)}, "no RIFE network")])
def test_a_newer_rife_is_named_and_not_run(broken_set, shapes, name):
    broken_set("RIFE/flownet.pkl", {f"module.{key}": torch.zeros(shape) for key, shape in shapes.items()})
    with pytest.raises(MissingModel, match=f"holds {name}, and only RIFE HDv3"):
        networks().rife()


def test_the_peers_folder_and_the_published_one_are_both_found(stand_in, tmp_path, monkeypatch):
    import shutil

    published = tmp_path / "models" / "sonic"
    shutil.copytree(stand_in / "sonic", published)
    (published / "Sonic").mkdir()
    for name in ("unet.pth", "audio2token.pth", "audio2bucket.pth", "sonic.json"):
        (published / name).rename(published / "Sonic" / name)
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path / "models"))
    assert "Sonic/unet.pth" in unet_names()
    found = find_set("Sonic/unet.pth")
    assert found.rife == published / "RIFE" / "flownet.pkl"
    assert SonicNetworks(found, torch.float32).unet().config.cross_attention_dim == 24


def test_half_precision_that_overflows_is_decoded_again_in_full(astronaut, monkeypatch):
    from talking_avatar.engines.sonic.frames import film_pictures

    vae = networks().vae(torch.bfloat16)
    decode, dtypes = vae.decode, []

    def overflowing(latents, num_frames):
        dtypes.append(latents.dtype)
        made = decode(latents, num_frames=num_frames)
        if latents.dtype == torch.bfloat16:
            made.sample[0, 0, 0, 0] = float("nan")
        return made

    monkeypatch.setattr(vae, "decode", overflowing)
    latents = torch.randn(9, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    pictures = list(film_pictures(vae, None, latents, torch.device("cpu"), Silent()))
    assert len(pictures) == 9
    assert dtypes == [torch.bfloat16, torch.float32] * 2
    assert next(vae.parameters()).dtype == torch.bfloat16


def test_the_cost_is_known_before_and_grows_in_windows(astronaut):
    engine = make_engine("sonic")
    one, two = (engine.cost(take_of(astronaut, beep(seconds, 0, 1)), SMALL) for seconds in (2.0, 4.0))
    assert 1.9 < two.flops / one.flops < 2.1
    assert one.video_memory == two.video_memory
    assert "GB" in str(one)


def test_safetensors_serve_as_well(stand_in, tmp_path, monkeypatch):
    import shutil

    shutil.copytree(stand_in, tmp_path / "models")
    folder = tmp_path / "models" / "sonic"
    for name in ("unet", "audio2token"):
        save_file(torch.load(folder / f"{name}.pth", weights_only=True), folder / f"{name}.safetensors")
        (folder / f"{name}.pth").unlink()
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path / "models"))
    assert unet_names()[0] == "unet.safetensors"
    loaded = SonicNetworks(find_set("unet.safetensors"), torch.float32).unet()
    name = "conv_in.weight"
    assert torch.equal(loaded.state_dict()[name], load_file(folder / "unet.safetensors")[name])
