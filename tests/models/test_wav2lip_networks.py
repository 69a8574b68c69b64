"""The Wav2Lip generators against their published code: every tensor's name and shape at full size, and the numbers that come out."""
from functools import lru_cache

import numpy as np
import pytest
import torch
from talking_avatar.host.errors import MissingModel
from talking_avatar.models.wav2lip import wav2lip_96, wav2lip_256, wav2lip_288, wav2lip_384, wav2lip_384_leaky
from talking_avatar.models.wav2lip.fold import folded, residuals_folded
from talking_avatar.models.wav2lip.generator import Wav2Lip, masked_input
from talking_avatar.models.wav2lip.recognise import LAYOUTS, published_shapes, recognise

PUBLISHED = {"wav2lip96": wav2lip_96.LAYOUT, "wav2lip256": wav2lip_256.LAYOUT, "wav2lip384": wav2lip_384.LAYOUT}
SATURATED = 1e-2  # of the 384 network after the sigmoid, whose logits reach thousands with stand-in weights


@pytest.mark.parametrize(("folder", "file", "layout"), [
    ("wav2lip96", "tensors.json", wav2lip_96), ("wav2lip256", "tensors.json", wav2lip_256), ("wav2lip384", "tensors.json", wav2lip_384),
    ("wav2lip256", "tensors_variant_288.json", wav2lip_288), ("wav2lip384", "tensors_variant_leaky_tanh_384.json", wav2lip_384_leaky)])
def test_parity_of_every_published_tensor_name_and_shape(parity, folder, file, layout):
    assert published_shapes(layout.LAYOUT) == parity.published_tensors(folder, file)


@pytest.mark.parity("wav2lip96", "wav2lip96*golden*.npz")
def test_parity_wav2lip96(golden, parity):
    _check(golden, parity, "wav2lip96")


@pytest.mark.parity("wav2lip256")
def test_parity_wav2lip256(golden, parity):
    _check(golden, parity, "wav2lip256")


@pytest.mark.parity("wav2lip384")
def test_parity_wav2lip384(golden, parity):
    _check(golden, parity, "wav2lip384")


@lru_cache(maxsize=1)
def _filled(folder, seed, fill_module):
    return fill_module(Wav2Lip(PUBLISHED[folder]).eval().requires_grad_(False), seed)


def _check(golden, parity, folder):
    """Everything on the way and at the end, of a network filled with the golden's stand-in weights."""
    network = _filled(folder, golden.seed, parity.fill_module)
    blocks, hooks = {"encoder": [], "decoder": []}, []
    for name, group in (("encoder", network.face_encoder_blocks), ("decoder", network.face_decoder_blocks)):
        for block in group:
            hooks.append(block.register_forward_hook(lambda _, __, out, kept=blocks[name]: kept.append(out)))
    given = golden.arrays
    faces = torch.from_numpy(given["in_face_bgr_u8"]).permute(0, 3, 1, 2)
    mel = torch.from_numpy(given["in_mel"])
    logits = network.logits(mel, masked_input(faces, network.layout))
    for hook in hooks:
        hook.remove()
    made = torch.sigmoid(logits)
    parity.assert_close(network.embedding(mel), given["mid_audio_embedding"])
    parity.assert_close(blocks["encoder"][-1], given["mid_bottleneck"])
    for name, kept in blocks.items():
        stats = torch.stack([torch.stack([x.mean(), x.std(), x.min(), x.max()]) for x in kept])
        parity.assert_close(stats, given[f"mid_{name}_stats"])
    step = 3 if "out_frames" in given else made.shape[-1] // given["mid_logits_strided"].shape[-2]
    parity.assert_close(logits[:, :, 1::step, 2::step], given["mid_logits_strided"])
    tolerance = SATURATED if folder == "wav2lip384" else 1e-4
    half = given["out_crop"].shape[-1] // 2 if "out_crop" in given else 0
    middle = slice(made.shape[-1] // 2 - half, made.shape[-1] // 2 + half)
    outputs = {"out_frames": made, "out_strided": made[:, :, 1::step, 2::step], "out_row_mean": made.mean(3), "out_col_mean": made.mean(2),
               "out_crop": made[:, :, middle, middle]}
    for name in (name for name in given if name.startswith("out_")):
        parity.assert_close(outputs[name], given[name], tolerance)


def _shapes(layout) -> dict[str, tuple[int, ...]]:
    return dict(published_shapes(layout))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_file_is_recognised_from_its_tensors(layout):
    assert recognise(_shapes(layout)) is layout
    assert recognise({name: shape for name, shape in _shapes(layout).items() if "num_batches" not in name}) is layout


@pytest.mark.parametrize(("tensors", "words"), [
    ({"face_encoder.0.conv_block.0.weight": (32, 15, 7, 7)}, "expert SyncNet"),
    ({"netcnnaud.0.weight": (64, 1, 3, 3), "netcnnlip.0.weight": (96, 3, 5, 7, 7)}, "LSE-C"),
    ({"face_encoder_blocks.0.0.conv_block.0.weight": (32, 3, 7, 7), "binary_pred.0.weight": (1, 512, 1, 1)}, "discriminator"),
    ({"stylegan_decoder.style_conv1.modulated_conv.weight": (1, 512, 512, 3, 3)}, "GFPGAN"),
    ({"some.weight": (1,)}, "is no Wav2Lip network"),
    ({}, "none at all"),
])
def test_a_file_of_something_else_is_told_by_name(tensors, words):
    with pytest.raises(MissingModel, match=words) as told:
        recognise(tensors, "'x.pth'")
    assert str(told.value).startswith("'x.pth' is ")


def test_what_does_not_fit_is_named():
    tensors = _shapes(wav2lip_96.LAYOUT)
    del tensors["output_block.1.bias"]
    tensors["audio_encoder.0.conv_block.0.weight"] = (32, 2, 3, 3)
    tensors["extra"] = (1,)
    with pytest.raises(MissingModel, match="nearest to Wav2Lip 96") as told:
        recognise(tensors)
    assert "1 tensors are missing (output_block.1.bias)" in str(told.value)
    assert "left over (extra)" in str(told.value)
    assert "audio_encoder.0.conv_block.0.weight is [32, 2, 3, 3] instead of [32, 1, 3, 3]" in str(told.value)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_face_of_the_networks_size_comes_out_at_that_size(layout):
    with torch.device("meta"):
        made = Wav2Lip(layout).eval()(torch.zeros(1, 1, 80, 16), torch.zeros(1, 6, layout.size, layout.size))
    assert made.shape == (1, 3, layout.size, layout.size)


def test_a_clip_gives_what_its_frames_give(parity):
    network = parity.fill_module(Wav2Lip(wav2lip_96.LAYOUT).eval().requires_grad_(False))
    rng = np.random.default_rng(3)
    mel = torch.from_numpy(rng.normal(size=(2, 2, 1, 80, 16)).astype(np.float32))
    face = torch.from_numpy(rng.random((2, 6, 2, 96, 96), np.float32))
    clip = network(mel, face)
    alone = network(mel[1, :1], face[1:, :, 0])
    assert torch.allclose(clip[1:, :, 0], alone, atol=1e-6)


def test_the_lower_half_is_masked_and_a_margin_stays_where_the_network_was_trained_so():
    faces = torch.full((1, 3, 96, 96), 255, dtype=torch.uint8)
    made = masked_input(faces, wav2lip_96.LAYOUT)
    assert made[:, :3, :48].min() == 1
    assert made[:, :3, 48:].max() == 0
    assert made[:, 3:].min() == 1
    faces = torch.full((1, 3, 384, 384), 255, dtype=torch.uint8)
    made = masked_input(faces, wav2lip_384_leaky.LAYOUT)
    assert made[:, :3, 192:376, 8:376].max() == -1
    assert made[:, :3, 376:].min() == made[:, :3, :, 376:].min() == made[:, 3:].min() == 1


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_convolutions_that_take_over_norms_and_additions_give_the_same_picture(parity, layout):
    rng = np.random.default_rng(5)
    mel = torch.from_numpy(rng.normal(size=(1, 1, 80, 16)).astype(np.float32))
    face = torch.from_numpy(rng.random((1, 6, layout.size, layout.size), np.float32))
    network = parity.fill_module(Wav2Lip(layout).eval().requires_grad_(False))
    wanted = network.logits(mel, face)
    lighter = residuals_folded(folded(network))
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in lighter.modules())
    assert torch.allclose(lighter.logits(mel, face), wanted, rtol=1e-4, atol=2e-5 * wanted.abs().max())
