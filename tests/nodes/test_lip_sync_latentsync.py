"""Lip Sync (LatentSync) on the canvas: avatar and speech in, mouths out, and a sentence where something is wrong."""
import numpy as np
import pytest
import torch
from talking_avatar.host.errors import InputError, MissingModel
from talking_avatar.host.networks import let_go
from talking_avatar.media.open import open_source

SMALL = {"resolution": 64, "steps": 2}


@pytest.fixture(autouse=True)
def models(comfyui, diffusion_files):
    """The set lies in ComfyUI's models/latentsync."""
    (comfyui.models / "latentsync").symlink_to(diffusion_files("latentsync"), target_is_directory=True)
    yield
    let_go()


def sound(seconds, rate=16000, loud=0.3):
    noise = np.random.default_rng(0).standard_normal((1, 1, round(seconds * rate)))
    return {"waveform": torch.from_numpy((loud * noise).astype(np.float32)), "sample_rate": rate}


@pytest.fixture
def dubbed(film, node):
    def run(seconds, **chosen):
        avatar = node("LoadAvatarVideo", video=film.name)[0]
        speech = node("AudioEncode", audio=sound(seconds))[0]
        return avatar, node("LipSyncLatentSync", avatar=avatar, speech=speech, **{**SMALL, **chosen})[0]

    return run


def test_a_film_is_dubbed_to_the_frame_and_every_step_moves_the_bar(comfyui, dubbed, node, monkeypatch):
    monkeypatch.setattr("talking_avatar.host.node_progress._BAR_SECONDS", 0.0)
    avatar, mouths = dubbed(1.2, steps=3)
    assert len(mouths.spool) == mouths.take.timeline.n_frames == 30
    text = node.ui["text"][0]
    assert "30 of 30 frames" in text
    assert "on the device" in text
    shown = [value for value, total, _ in comfyui.bars if total == 3 * 2]
    assert shown == sorted(shown)
    assert set(shown) == set(range(3 * 2 + 1))
    video, _ = node("ROIComposite", avatar=avatar, mouths=mouths)
    path = comfyui.output / "film.mkv"
    video.save_to(str(path))
    assert open_source(path).n_frames == 30


def test_the_first_chunk_is_seen_at_the_node_while_it_is_denoised(comfyui, dubbed, monkeypatch):
    monkeypatch.setattr("talking_avatar.host.node_progress._PICTURE_SECONDS", 0.0)
    dubbed(1.2, steps=4)
    shown = [(value, picture) for value, total, picture in comfyui.bars if total == 4 * 2 and picture]
    assert [value for value, _ in shown[:4]] == [1, 2, 3, 4], "a picture a step of the first chunk"
    assert shown[0][1][1].size == (64, 64)


def test_the_sound_of_the_film_is_the_sound_that_came_in(comfyui, film, node, samples):
    from talking_avatar.media.open import open_sound

    said = samples.write_sound(comfyui.input / "said.wav", samples.babble(0.8, 48000), 48000, "pcm_s24le")
    avatar = node("LoadAvatarVideo", video=film.name)[0]
    speech = node("AudioEncode", path=str(said))[0]
    mouths = node("LipSyncLatentSync", avatar=avatar, speech=speech, resolution=64, steps=1)[0]
    video, _ = node("ROIComposite", avatar=avatar, mouths=mouths)
    _, path = node("VideoCombine", filename_prefix="dubbed", format="mkv-h264", video=video)
    heard, dubbed = (np.concatenate(list(open_sound(one).blocks()), 1) for one in (said, path))
    assert np.array_equal(heard, dubbed)


def test_a_cancel_is_comfyuis_own_and_the_next_run_goes_on(comfyui, dubbed):
    dubbed(0.4, preview_seconds=0.2)
    comfyui.interrupt_at = len(comfyui.bars) + 9
    with pytest.raises(comfyui.Interrupt):
        dubbed(1.2, steps=6)
    assert not comfyui.interrupted
    _, mouths = dubbed(1.2, steps=6)
    assert len(mouths.spool) == 30


def test_what_does_not_fit_or_is_not_there_is_one_sentence(film, node):
    avatar, speech = node("LoadAvatarVideo", video=film.name)[0], node("AudioEncode", audio=sound(0.4))[0]
    wrong = ({"resolution": 100}, "multiple of 64"), ({"steps": 0}, "steps is 0"), ({"guidance": 9.0}, "guidance is 9"), \
        ({"chunks": "none"}, "chunks is 'none'"), ({"checkpoint": "LatentSync-1.6/latentsync_unet.pt"}, "ByteDance/LatentSync-1.6"), \
        ({"checkpoint": "../elsewhere/unet.pt"}, "elsewhere")
    for given, error in wrong:
        with pytest.raises((InputError, MissingModel), match=error):
            node("LipSyncLatentSync", avatar=avatar, speech=speech, **{**SMALL, **given})


def test_the_list_has_the_file_that_is_there_first(comfyui):
    from talking_avatar.nodes.lip_sync_latentsync import LipSyncLatentSync

    assert LipSyncLatentSync.INPUT_TYPES()["optional"]["checkpoint"][0][0] == "latentsync_unet.pt"
