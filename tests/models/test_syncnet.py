"""The SyncNets against their published code: tensors, embeddings, distances; and files recognised from their tensors."""
from functools import lru_cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import MissingModel
from talking_avatar.models.syncnet.colour_expert import ColourExpert, lower_halves, sync_loss
from talking_avatar.models.syncnet.lse_distance import lse_distances, lse_score, padded
from talking_avatar.models.syncnet.lse_syncnet import COLUMNS, FRAMES, LseSyncNet
from talking_avatar.models.syncnet.recognise import load_syncnet, published_shapes, recognise
from talking_avatar.speech.mfcc import mfcc

FOLDER = "syncnet_wav2lip"


@pytest.mark.parametrize(("file", "kind"), [("tensors_color_expert.json", ColourExpert), ("tensors_lse.json", LseSyncNet)])
def test_parity_syncnet_wav2lip_of_every_tensor_name_and_shape(parity, file, kind):
    assert published_shapes(kind) == parity.published_tensors(FOLDER, file)


@pytest.mark.parity(FOLDER, "color_expert*golden*.npz")
def test_parity_syncnet_wav2lip_colour_expert(golden, parity):
    network, given = _filled(ColourExpert, golden.seed, parity.fill_module), golden.arrays
    faces, mel = lower_halves(torch.from_numpy(given["in_faces_bgr_u8"])), torch.from_numpy(given["in_mel"])
    parity.assert_close(network.face_encoder(faces).flatten(1), given["mid_face_raw"])
    parity.assert_close(network.audio_encoder(mel).flatten(1), given["mid_audio_raw"])
    audio, face = network(mel, faces)
    parity.assert_close(audio, given["out_audio_embedding"])
    parity.assert_close(face, given["out_face_embedding"])
    cosine = (audio * face).sum(1)
    parity.assert_close(cosine, given["out_cosine"])
    parity.assert_close(sync_loss(cosine), given["out_sync_loss"])


@pytest.mark.parity(FOLDER, "lse_golden*.npz")
def test_parity_syncnet_wav2lip_lse(golden, parity):
    network, given = _filled(LseSyncNet, golden.seed, parity.fill_module), golden.arrays
    made = np.concatenate(list(mfcc([given["in_audio_i16"]])))
    parity.assert_close(made.T, given["mid_mfcc"])
    frames, samples = given["in_frames_bgr_u8"], given["in_audio_i16"]
    n = min(len(frames), len(samples) // 640) - FRAMES
    faces = torch.from_numpy(frames).permute(3, 0, 1, 2).float()
    lips = torch.cat([network.lips(faces[None, :, i:i + FRAMES]) for i in range(n)])
    sound = network.sound(torch.from_numpy(np.stack([made[4 * i:4 * i + COLUMNS].T for i in range(n)]))[:, None])
    parity.assert_close(lips, given["mid_lip_features"])
    parity.assert_close(sound, given["mid_audio_features"])
    distances = lse_distances(lips.numpy(), padded(sound.numpy()))
    _compare(distances, given, parity, score=2e-2, confidence=5e-2)


@pytest.mark.parity(FOLDER, "lse_distance*golden*.npz")
def test_parity_syncnet_wav2lip_distance(golden, parity):
    given = golden.arrays
    distances = lse_distances(given["in_lip_features"], padded(given["in_audio_features"]))
    _compare(distances, given, parity, score=1e-4, confidence=1e-4)
    assert lse_score(distances).offset == int(given["out_offset"])


def _compare(distances, given, parity, score, confidence):
    found = lse_score(distances)
    parity.assert_close(distances, given["out_distances"])
    parity.assert_close(found.means, given["out_mean_distance"])
    assert abs(found.d - float(given["out_lse_d"])) <= score and abs(found.c - float(given["out_lse_c"])) <= score
    assert np.abs(found.confidence - given["out_framewise_confidence"]).max() <= confidence


@lru_cache(maxsize=1)
def _filled(kind, seed, fill_module):
    return fill_module(kind().eval().requires_grad_(False), seed)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3000), st.lists(st.integers(1, 900), min_size=1, max_size=12), st.integers(0, 99))
def test_coefficients_do_not_depend_on_where_the_sound_is_cut(n, cuts, seed):
    samples = np.random.default_rng(seed).integers(-32768, 32767, n)
    whole = np.concatenate(list(mfcc([samples])))
    pieces = np.split(samples, [cut for cut in np.cumsum(cuts) if cut < n])
    assert np.allclose(np.concatenate(list(mfcc(pieces))), whole, atol=1e-4)
    assert len(whole) == 1 + max(0, -(-(n - 400) // 160))


def test_silence_gives_numbers():
    assert np.isfinite(np.concatenate(list(mfcc([np.zeros(5000)])))).all() and list(mfcc([])) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(-10, 10), st.integers(0, 99))
def test_the_offset_is_the_shift_that_was_made(shift, seed):
    """Sound that matches the lips `shift` frames later in the film's time is found as that many frames."""
    features = np.random.default_rng(seed).normal(size=(80, 32))
    lips, sound = features[20:60], features[20 + shift:60 + shift]
    assert lse_score(lse_distances(lips, padded(sound))).offset == shift


@pytest.mark.parametrize("form", ["pt", "half", "no counters"])
def test_a_file_is_recognised_and_loaded(tmp_path, parity, form):
    for kind in (LseSyncNet, ColourExpert):
        tensors = parity.fill_module(kind()).state_dict()
        if form == "half":
            tensors = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
        if form == "no counters":
            tensors = {name: tensor for name, tensor in tensors.items() if not name.endswith("tracked")}
        torch.save({"state_dict": tensors, "optimizer": {}}, tmp_path / "a.model")
        network = load_syncnet(tmp_path / "a.model")
        assert type(network) is kind and not network.training and not any(one.is_meta for one in network.state_dict().values())
        assert all(one.dtype == torch.float32 for one in network.parameters())


def test_other_files_are_named():
    lse = dict(published_shapes(LseSyncNet))
    for shapes, says in (({"face_encoder_blocks.0.0.conv_block.0.weight": (16, 6, 7, 7)}, "Wav2Lip generator"), ({"x": (1,)}, "no SyncNet"),
                         ({**lse, "netfclip.3.weight": (512, 512)}, "1 tensors do not fit, such as netfclip.3.weight"),
                         ({**lse, "more.weight": (1,)}, "such as more.weight")):
        with pytest.raises(MissingModel, match=says):
            recognise(shapes)
