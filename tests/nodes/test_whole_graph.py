"""Load, encode, speak, compose, write: the graph of the quick start, run node by node on a film and on a photo."""
import json

import av
import cv2
import numpy as np
import pytest
from talking_avatar.media.open import open_source


@pytest.fixture
def talking(comfyui, film, spoken_wav, node):
    """talking(**inputs of LipSyncEmbedded) -> (avatar, mouths, video, mask)."""
    def run(load=None, speech=None, **settings):
        avatar = node("LoadAvatarVideo", video="film.mp4", **(load or {}))[0]
        said = node("AudioEncode", path=str(spoken_wav), **(speech or {}))[0]
        mouths = node("LipSyncEmbedded", avatar=avatar, speech=said, **settings)[0]
        return avatar, mouths, *node("ROIComposite", avatar=avatar, mouths=mouths)

    return run


def pictures(path) -> list[np.ndarray]:
    return [frame.picture.rgb() for frame in open_source(path).frames()]


def test_a_film_speaks_and_only_its_mouth_changes(comfyui, talking, node, film):
    avatar, mouths, video, mask = talking()
    assert len(mouths.spool) > 40
    _, path = node("VideoCombine", filename_prefix="a/b", format="mkv-ffv1", video=video)
    before, after = pictures(film), pictures(path)
    assert len(after) == len(before) == 50
    changed = [np.abs(one.astype(int) - other).max(2) > 0 for one, other in zip(before, after, strict=True)]
    assert np.mean([one.any() for one in changed]) > 0.8
    for here, where in zip(changed, mask.numpy(), strict=True):
        around = cv2.dilate(where, np.ones((7, 7)))  # colours of halved chroma are read with their neighbours
        assert not (here & (around == 0)).any()
    with av.open(path) as written:
        assert written.streams.audio[0].codec_context.name == "pcm_s16le"


def test_a_photo_speaks_for_as_long_as_the_sound(comfyui, astronaut_photo, spoken_wav, node):
    avatar, shown, sound, face = node("LoadAvatarVideo", path=str(astronaut_photo))
    assert sound is None
    assert shown.get_frame_count() == 1
    assert face.shape[0] == 1
    assert face.shape[1] == face.shape[2]
    said = node("AudioEncode", path=str(spoken_wav))[0]
    mouths = node("LipSyncEmbedded", avatar=avatar, speech=said, motion_seed=3)[0]
    video = node("ROIComposite", avatar=avatar, mouths=mouths)[0]
    assert (video.get_frame_count(), video.get_frame_rate()) == (50, 25)


def test_a_preview_makes_only_the_seconds_that_were_asked_for(talking):
    _, mouths, video, _ = talking(preview_seconds=0.8)
    assert video.get_frame_count() == 20
    assert abs(video.sound.seconds - 0.8) < 1e-3


def test_lengths_are_joined_by_name(talking):
    short = {"load": {"duration": 1.0}}
    assert talking(**short, length="cut off")[2].get_frame_count() == 25
    assert talking(**short, length="hold")[2].get_frame_count() == 50


def test_the_written_film_brings_its_workflow_back(comfyui, talking, node):
    video = talking(preview_seconds=0.4)[2]
    graph = {"nodes": [{"id": 1, "title": "嘴"}]}
    _, path = node("VideoCombine", filename_prefix="x", format="mp4-h264", video=video, prompt={"1": {}}, extra_pnginfo={"workflow": graph})
    with av.open(path) as written:
        assert json.loads(written.metadata["workflow"]) == graph
        assert json.loads(written.metadata["prompt"]) == {"1": {}}
    assert node.ui["images"] == [{"filename": "x_00001_.mp4", "subfolder": "", "type": "output"}]
    assert node.ui["animated"] == (True,)


def test_cancel_leaves_no_film_and_the_queue_goes_on(comfyui, talking, node, monkeypatch):
    video = talking(preview_seconds=1.0)[2]
    frames, seen = video.film.frames, []

    def cancelled_at_the_tenth(*span):
        for frame in frames(*span):
            seen.append(frame.index)
            comfyui.interrupted = frame.index == 10
            yield frame

    monkeypatch.setattr(video.film, "frames", cancelled_at_the_tenth)
    with pytest.raises(comfyui.Interrupt):
        node("VideoCombine", filename_prefix="gone/x", format="mp4-h264", video=video)
    assert seen[-1] == 10
    assert list((comfyui.output / "gone").iterdir()) == []
    assert not comfyui.interrupted


def test_an_unconnected_mask_is_not_made(comfyui, talking, node):
    avatar, mouths, _, mask = talking(preview_seconds=0.4)
    assert mask.shape[0] == 10
    prompt = {"5": {"inputs": {"avatar": ["1", 0]}}, "6": {"inputs": {"video": ["5", 0]}}}
    assert node("ROIComposite", avatar=avatar, mouths=mouths, prompt=prompt, unique_id="5")[1] is None


def test_nothing_of_a_run_stays_in_the_temp_and_input_folders(comfyui, talking, node):
    import gc

    before = sorted(comfyui.input.iterdir())
    made = talking(preview_seconds=0.4)
    made[2].get_stream_source()
    assert list(comfyui.temp.iterdir())
    del made
    gc.collect()
    assert list(comfyui.temp.iterdir()) == []
    assert sorted(comfyui.input.iterdir()) == before
