"""ROI Composite: several persons of one film speak in one pass, and the user's mask decides what is seen."""
import os

import cv2
import numpy as np
import pytest
import torch
from skimage import data
from talking_avatar.host.errors import InputError
from talking_avatar.host.networks import let_go


@pytest.fixture
def two_faces(comfyui, samples, wav2lip_files):
    """"two.mp4": 560 x 300, 12 frames, the astronaut on the left, a darker one, mirrored, on the right; a checkpoint is there."""
    photo = data.astronaut()[0:300, 90:370]
    other = np.uint8(photo[:, ::-1] * np.array([0.75, 0.85, 0.9]))
    pictures = [np.hstack([np.roll(photo, i % 5, 1), np.roll(other, -(i % 4), 1)]) for i in range(12)]
    (comfyui.models / "wav2lip").mkdir()
    os.link(wav2lip_files("noise"), comfyui.models / "wav2lip" / "net.pth")
    yield samples.write_film(comfyui.input / "two.mp4", pictures, sound=samples.babble(0.48))
    let_go()


@pytest.fixture
def mouths_of(two_faces, node, samples, comfyui):
    """mouths_of(number) -> (avatar, mouths) of the person so many from the left; each has a speech of its own."""
    def make(number, seconds=0.48, seed=None, **settings):
        avatar = node("LoadAvatarVideo", video="two.mp4", face="left to right", face_number=number)[0]
        said = samples.babble(seconds, seed=number if seed is None else seed)
        path = samples.write_sound(comfyui.input / f"{number}.wav", said, 16000, "pcm_f32le")
        speech = node("AudioEncode", path=str(path))[0]
        chosen = {"checkpoint": "net.pth", "backend": "torch", "silence": "network", **settings}
        return avatar, node("LipSyncWav2Lip", avatar=avatar, speech=speech, **chosen)[0]

    return make


def pictures_of(video):
    return [frame.picture.rgb().astype(int) for frame in video.film.frames()]


def test_two_persons_of_one_film_speak_in_one_pass(two_faces, mouths_of, node):
    (avatar, left), (_, right) = mouths_of(0), mouths_of(1, seconds=0.32)
    assert "Face in 8 of 8 frames" in node.ui["text"][0]
    video, mask = node("ROIComposite", avatar=avatar, mouths=left, mouths_2=right)
    before = [frame.picture.rgb().astype(int) for frame in avatar.source.frames()]
    after = pictures_of(video)
    assert len(after) == 12
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        changed = np.abs(new - old).max(2) > 8
        assert changed[:, :280].any()
        assert changed[:, 280:].any() == (i < 8)  # the shorter speech ends earlier, its film does not
        around = cv2.dilate(mask[i].numpy(), np.ones((7, 7)))
        assert not ((np.abs(new - old).max(2) > 0) & (around == 0)).any()
    alone = pictures_of(node("ROIComposite", avatar=avatar, mouths=left)[0])
    assert np.array_equal(alone[3][:, :260], after[3][:, :260])
    heard = np.concatenate(list(video.sound.blocks()), 1)
    parts = [np.concatenate(list(one.take.speech.sound.blocks()), 1) for one in (left, right)]
    wanted = parts[0].copy()
    wanted[:, :parts[1].shape[1]] += parts[1]
    assert np.abs(heard - np.clip(wanted, -1, 1)).max() < 1e-6


def test_one_speech_for_both_is_heard_once_and_as_it_is(mouths_of, node):
    (avatar, left), (_, right) = mouths_of(0, seed=5), mouths_of(1, seed=5)
    video, _ = node("ROIComposite", avatar=avatar, mouths=left, mouths_2=right)
    assert video.sound is left.take.speech.sound


def test_speakers_of_frames_that_do_not_agree_are_refused(mouths_of, node):
    (avatar, left), (_, right) = mouths_of(0), mouths_of(1, seconds=1.2, length="remap")
    with pytest.raises(InputError, match="speaker 1 lie on other frames"):
        node("ROIComposite", avatar=avatar, mouths=left, mouths_2=right)


def test_the_users_mask_decides_what_is_seen(mouths_of, node):
    avatar, mouths = mouths_of(0)
    mask = torch.zeros(1, 30, 56)
    mask[:, 16:22, 10:18] = 1.0  # pixels 100 .. 180, 160 .. 220
    video, seen = node("ROIComposite", avatar=avatar, mouths=mouths, mask=mask, keep_in_front=False)
    before = next(avatar.source.frames()).picture.rgb().astype(int)
    changed = np.abs(pictures_of(video)[0] - before).max(2) > 0
    y, x = np.nonzero(changed)
    assert changed.sum() > 300
    assert (x.min() >= 93, x.max() < 187, y.min() >= 153, y.max() < 227) == (True,) * 4
    assert float(seen[0, :150].max()) == float(seen[0, 230:].max()) == 0
    assert video.film.content_key != node("ROIComposite", avatar=avatar, mouths=mouths)[0].film.content_key


def test_the_users_mask_also_holds_mouths_that_have_their_own(two_faces, node, samples, comfyui):
    avatar = node("LoadAvatarVideo", video="two.mp4", face="left to right", face_number=0)[0]
    speech = node("AudioEncode", path=str(samples.write_sound(comfyui.input / "a.wav", samples.babble(0.48), 16000, "pcm_s16le")))[0]
    mouths = node("LipSyncEmbedded", avatar=avatar, speech=speech)[0]
    video, _ = node("ROIComposite", avatar=avatar, mouths=mouths, mask=torch.zeros(1, 30, 56))
    for frame, made in zip(avatar.source.frames(), video.film.frames(), strict=True):
        assert all(map(np.array_equal, frame.picture.planes, made.picture.planes))
