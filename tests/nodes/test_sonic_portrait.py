"""Sonic Portrait on the canvas: a picture and a sound in, a film out, and a sentence where something is wrong."""
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data
from talking_avatar.host.errors import InputError, MissingModel
from talking_avatar.host.networks import let_go
from talking_avatar.media.open import open_source

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from sonic_probe import put_probes  # noqa: E402

SMALL = {"resolution": 64, "steps": 2}


@pytest.fixture(autouse=True)
def models(comfyui, diffusion_files):
    """The set lies in ComfyUI's models/sonic."""
    (comfyui.models / "sonic").symlink_to(diffusion_files("sonic"), target_is_directory=True)
    yield
    let_go()


@pytest.fixture
def probes(monkeypatch):
    put_probes(monkeypatch)


def image(pixels):
    return torch.from_numpy(pixels.astype(np.float32) / 255)[None]


def sound(seconds, rate=16000, loud=0.3):
    noise = np.random.default_rng(0).standard_normal((1, 1, round(seconds * rate)))
    return {"waveform": torch.from_numpy((loud * noise).astype(np.float32)), "sample_rate": rate}


PHOTO = image(data.astronaut())


def written(video, comfyui):
    path = comfyui.output / "film.mp4"
    video.save_to(str(path))
    return open_source(path)


def test_the_square_alone_or_in_its_picture_by_the_same_denoising(comfyui, node, monkeypatch):
    calls = []
    from talking_avatar.engines.sonic import film_latents

    denoised = film_latents.denoised
    monkeypatch.setattr(film_latents, "denoised", lambda *given: calls.append(1) or denoised(*given))
    video, boxes = node("SonicPortrait", portrait=PHOTO, audio=sound(0.5), **SMALL)
    assert video.get_dimensions() == (64, 64)
    assert (video.get_frame_count(), video.get_frame_rate()) == (13, 25)
    x, y, width, height = boxes[0]
    assert 150 < x < 230
    assert 60 < y < 150
    assert 60 < width < 160
    assert 60 < height < 160
    pasted, again = node("SonicPortrait", portrait=PHOTO, audio=sound(0.5), paste_back=True, **SMALL)
    assert (pasted.get_dimensions(), again) == ((512, 512), boxes)
    assert len(calls) == 1
    film = written(pasted, comfyui)
    assert (film.n_frames, film.width, film.height) == (13, 512, 512)
    assert film.sound is not None
    assert not list((comfyui.temp).glob("*.png"))


def test_a_speech_serves_as_well_and_its_first_seconds_alone(comfyui, probes, node, spoken_wav):
    speech = node("AudioEncode", path=str(spoken_wav))[0]
    video, _ = node("SonicPortrait", portrait=PHOTO, speech=speech, duration=0.4, **SMALL)
    assert video.get_frame_count() == 10
    assert video.sound.n_samples == 6400


@pytest.mark.parametrize(("ending", "codec", "film_format"), [
    ("wav", "pcm_s24le", "mkv-h264"), ("wav", "pcm_f32le", "mov-prores"), ("m4a", "aac", "mp4-h264"), ("mp3", "libmp3lame", "mp4-h264"),
    ("flac", "flac", "mp4-h264")])
@pytest.mark.parametrize("paste_back", [False, True])
def test_the_sound_of_the_film_is_the_sound_that_came_in_packet_by_packet(comfyui, probes, node, samples, ending, codec, film_format,
                                                                          paste_back):
    song = samples.write_sound(comfyui.input / f"song.{ending}", samples.babble(0.96, 48000), 48000, codec)
    speech = node("AudioEncode", path=str(song))[0]
    video, _ = node("SonicPortrait", portrait=PHOTO, speech=speech, paste_back=paste_back, **SMALL)
    _, path = node("VideoCombine", filename_prefix="sung", format=film_format, video=video)
    assert open_source(path).n_frames == 24
    heard, sung = (b"".join(bytes(packet) for packet in packets(one)) for one in (song, path))
    assert len(sung) > 0.9 * len(heard)
    assert sung == heard[:len(sung)]


def packets(path):
    import av

    with av.open(str(path)) as file:
        yield from (packet for packet in file.demux(file.streams.audio[0]) if packet.size)


def test_without_pictures_between_it_is_half_the_rate_and_as_long(comfyui, probes, node):
    video, _ = node("SonicPortrait", portrait=PHOTO, audio=sound(0.8), between=False, **SMALL)
    assert (video.get_frame_count(), float(video.get_frame_rate())) == (10, 12.5)


@pytest.mark.parametrize(("seconds", "loud"), [(0.2, 0.3), (0.03, 0.3), (1.0, 0.0)], ids=["0.2 s", "0.03 s", "silence"])
def test_short_sounds_and_silence_become_films(comfyui, node, seconds, loud):
    video, _ = node("SonicPortrait", portrait=PHOTO, audio=sound(seconds, loud=loud), **SMALL)
    assert video.get_frame_count() == max(1, round(seconds * 25))
    assert video.film.frame(0).picture.rgb().shape == (64, 64, 3)


@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
def test_a_face_at_the_border_becomes_a_film(comfyui, probes, node, edge):
    photo = data.astronaut()
    cut = {"left": photo[:, 185:], "right": photo[:, :265], "top": photo[75:], "bottom": photo[:195]}[edge]
    video, boxes = node("SonicPortrait", portrait=image(cut), audio=sound(0.2), paste_back=True, **SMALL)
    assert video.get_dimensions() == (cut.shape[1], cut.shape[0])
    assert video.film.frame(2).picture.rgb().shape == cut.shape


def test_a_face_of_64_pixels_becomes_a_film(comfyui, probes, node):
    import cv2

    small = cv2.resize(data.astronaut(), None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    video, boxes = node("SonicPortrait", portrait=image(small), audio=sound(0.2), **SMALL)
    assert 50 < boxes[0][3] < 75
    assert video.get_dimensions() == (64, 64)


def test_no_face_is_told_and_a_mask_helps(comfyui, probes, node):
    coffee = image(data.coffee())
    with pytest.raises(InputError, match=r"No face was found.*mark the face yourself with `face_mask`"):
        node("SonicPortrait", portrait=coffee, audio=sound(0.2), **SMALL)
    mask = torch.zeros(1, 200, 300)
    mask[0, 50:150, 100:200] = 1
    video, boxes = node("SonicPortrait", portrait=coffee, audio=sound(0.2), face_mask=mask, **SMALL)
    assert boxes == [(200, 100, 200, 200)]
    assert video.get_frame_count() == 5


def test_the_face_is_chosen_as_everywhere(comfyui, probes, node):
    two = np.concatenate([data.astronaut()[:300, 100:420], data.astronaut()[:300, 100:420]], 1)
    left, right = (node("SonicPortrait", portrait=image(two), audio=sound(0.1), face="left to right", face_number=n, **SMALL)[1][0][0]
                   for n in (0, 1))
    assert abs(right - left - 320) < 8


def test_an_avatar_serves_as_well_with_its_face(comfyui, probes, node, astronaut_photo):
    avatar = node("LoadAvatarVideo", path=str(astronaut_photo))[0]
    video, boxes = node("SonicPortrait", avatar=avatar, audio=sound(0.2), **SMALL)
    assert boxes == node("SonicPortrait", portrait=PHOTO, audio=sound(0.2), **SMALL)[1]
    assert video.get_frame_count() == 5


def test_without_a_picture_it_says_what_to_connect(comfyui, node):
    with pytest.raises(InputError, match="connect `portrait`"):
        node("SonicPortrait", audio=sound(0.2), **SMALL)


@pytest.mark.parametrize(("given", "sentence"), [
    ({}, "nothing to be heard"),
    ({"audio": {"waveform": torch.zeros(1, 1, 0), "sample_rate": 16000}}, "The sound is empty"),
    ({"audio": sound(0.01)}, "less than half a frame"),
    ({"audio": sound(0.2), "resolution": 500}, "resolution is 500"),
    ({"audio": sound(0.2), "steps": 0}, "steps is 0"),
    ({"audio": sound(0.2), "face_mask": torch.zeros(1, 8, 8)}, "black everywhere"),
    ({"audio": sound(0.2), "unet": "../unet.pth"}, "choose one from the list")])
def test_what_cannot_be_is_said_in_a_sentence(comfyui, probes, node, given, sentence):
    with pytest.raises(InputError, match=sentence):
        node("SonicPortrait", portrait=PHOTO, **{**SMALL, **given})


def test_a_missing_checkpoint_is_told_before_any_work(comfyui, node):
    with pytest.raises((MissingModel, InputError), match="elsewhere/unet.safetensors"):
        node("SonicPortrait", portrait=PHOTO, audio=sound(0.2), unet="elsewhere/unet.safetensors", **SMALL)


@pytest.mark.parametrize("bar", [3, 8, 14])
def test_a_cancel_is_comfyuis_own_and_the_next_run_goes_on(comfyui, node, monkeypatch, bar):
    monkeypatch.setattr("talking_avatar.host.node_progress._BAR_SECONDS", 0.0)  # so that a quick machine shows every bar
    comfyui.interrupt_at = bar
    with pytest.raises(comfyui.Interrupt):
        node("SonicPortrait", portrait=PHOTO, audio=sound(0.4), resolution=64, steps=6)
    assert not comfyui.interrupted
    video, _ = node("SonicPortrait", portrait=PHOTO, audio=sound(0.4), resolution=64, steps=6)
    assert video.get_frame_count() == 10


def test_every_denoising_step_moves_the_bar(comfyui, probes, node, monkeypatch):
    monkeypatch.setattr("talking_avatar.host.node_progress._BAR_SECONDS", 0.0)
    node("SonicPortrait", portrait=PHOTO, audio=sound(4.4), resolution=64, steps=7)
    windows = 3
    shown = [value for value, total, _ in comfyui.bars if total == 7 * windows]
    assert shown == sorted(shown)
    assert set(shown) == set(range(7 * windows + 1))


def test_the_portrait_is_seen_at_the_node_while_it_is_denoised(comfyui, probes, node, monkeypatch):
    monkeypatch.setattr("talking_avatar.host.node_progress._PICTURE_SECONDS", 0.0)
    node("SonicPortrait", portrait=PHOTO, audio=sound(0.4), resolution=128, steps=5)
    shown = [(value, np.asarray(picture[1]).astype(float)) for value, total, picture in comfyui.bars if total == 5 and picture]
    assert [value for value, _ in shown] == [1, 2, 3, 4, 5]
    video, _ = node("SonicPortrait", portrait=PHOTO, audio=sound(0.4), resolution=128, steps=5)
    first, (_, last) = video.film.frame(0).picture.rgb().astype(float), shown[-1]
    assert last.shape == (128, 128, 3)
    assert np.corrcoef(last.ravel(), first.ravel())[0, 1] > 0.97


def test_other_files_in_the_folder_are_another_film(comfyui, node, diffusion_files):
    import shutil

    from sonic_stand_in import make

    (comfyui.models / "sonic").unlink()
    shutil.copytree(diffusion_files("sonic"), comfyui.models / "sonic")
    first = node("SonicPortrait", portrait=PHOTO, audio=sound(0.1), **SMALL)[0].film.frame(0).picture.rgb().copy()
    make(comfyui.models / "sonic", seed=1)
    assert not np.array_equal(node("SonicPortrait", portrait=PHOTO, audio=sound(0.1), **SMALL)[0].film.frame(0).picture.rgb(), first)


def test_without_pictures_between_their_file_is_not_asked_for(comfyui, node, diffusion_files):
    import shutil

    (comfyui.models / "sonic").unlink()
    shutil.copytree(diffusion_files("sonic"), comfyui.models / "sonic", ignore=shutil.ignore_patterns("RIFE"))
    assert node("SonicPortrait", portrait=PHOTO, audio=sound(0.2), between=False, **SMALL)[0].get_frame_count() == 3
    with pytest.raises(MissingModel, match="flownet.pkl"):
        node("SonicPortrait", portrait=PHOTO, audio=sound(0.2), **SMALL)


def test_the_node_says_what_its_licence_is(comfyui):
    from talking_avatar import NODE_CLASS_MAPPINGS
    from talking_avatar.engines.engine import make_engine

    assert "CC BY-NC-SA 4.0" in NODE_CLASS_MAPPINGS["TA_SonicPortrait"].DESCRIPTION
    assert "CC BY-NC-SA 4.0" in make_engine("sonic").licence
