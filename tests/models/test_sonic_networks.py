"""Sonic's networks and RIFE's give the numbers of the published code, and take exactly the published tensors."""
import numpy as np
import pytest
import torch
from talking_avatar.models.rife.ifnet import IFNet
from talking_avatar.models.sonic.audio2bucket import Audio2Bucket, Audio2BucketConfig, motion_values
from talking_avatar.models.sonic.audio2token import Audio2Token, Audio2TokenConfig
from talking_avatar.models.sonic.audio_attention import Condition, FaceMask
from talking_avatar.models.sonic.image_encoder import ImageEncoderConfig, image_encoder
from talking_avatar.models.sonic.speech_encoder import PREFIX, SpeechEncoderConfig, speech_encoder
from talking_avatar.models.sonic.unet import UNetConfig, sonic_unet, velocity
from talking_avatar.models.sonic.vae import VAEConfig, svd_vae

MIDS = "mid_"


def tensor(golden, name):
    return torch.from_numpy(golden.arrays[name])


def shapes(network, prefix=""):
    return {prefix + name: tuple(value.shape) for name, value in network.state_dict().items()}


def taken(config_type, values):
    """A config dataclass of those of `values` that it knows."""
    known = config_type.__dataclass_fields__
    return config_type(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name in known})


@pytest.fixture(scope="module")
def filled_unet(parity):
    made = {}

    def network(golden):
        if golden.seed not in made:
            made[golden.seed] = parity.fill_module(sonic_unet(taken(UNetConfig, golden.config["reduced_config"])), golden.seed)
        return made[golden.seed]

    return network


def predicted(unet, golden, mask, branches=slice(None)):
    sample = tensor(golden, "in_sample")
    batch, frames = sample.shape[:2]
    image = tensor(golden, "in_image_embeds").reshape(batch, frames, -1)[branches, 0]
    audio = tensor(golden, "in_audio_tokens").unflatten(0, (batch, frames))[branches]
    scale = golden.config["audio"]["ip_audio_scale"].get(golden.path.name, 1.0)
    with torch.inference_mode():
        return velocity(unet, sample[branches], tensor(golden, "in_timestep"), tensor(golden, "in_added_time_ids")[branches],
                        Condition(image, audio, mask, scale))


@pytest.mark.parity("sonic_unet", "unet_golden*.npz")
def test_parity_sonic_unet_every_block_gives_the_published_numbers(golden, parity, filled_unet):
    unet, seen = filled_unet(golden), {}
    hooks = [unet.get_submodule(name[len(MIDS):].replace("__", ".")).register_forward_hook(
                 lambda module, given, out, name=name: seen.update({name: out[0] if isinstance(out, tuple) else out}))
             for name in golden.arrays if name.startswith(MIDS)]
    made = predicted(unet, golden, FaceMask(tensor(golden, "in_face_mask")))
    for hook in hooks:
        hook.remove()
    parity.assert_close(made, golden.arrays["out_sample"])
    for name, value in seen.items():
        parity.assert_close(value, golden.arrays[name])


@pytest.mark.parity("sonic_unet", "unet_golden*.npz")
def test_parity_sonic_unet_without_a_mask_the_speech_acts_everywhere(golden, parity, filled_unet):
    parity.assert_close(predicted(filled_unet(golden), golden, None), golden.arrays["out_sample_without_mask"])


@pytest.mark.parity("sonic_unet", "unet_golden*.npz")
def test_parity_sonic_unet_branches_one_at_a_time_are_the_branches_together(golden, parity, filled_unet):
    mask = FaceMask(tensor(golden, "in_face_mask"))
    for branch in range(3):
        made = predicted(filled_unet(golden), golden, mask, slice(branch, branch + 1))
        parity.assert_close(made, golden.arrays["out_sample"][branch:branch + 1])


def test_the_full_unet_takes_exactly_the_published_tensors(parity):
    with torch.device("meta"):
        unet = sonic_unet(UNetConfig())
    made, published = shapes(unet), parity.published_tensors("sonic_unet")
    assert made == published
    assert len(made) == 1492
    assert sum(value.numel() for value in unet.state_dict().values()) == 1_575_741_162


@pytest.mark.parametrize(("folder", "name", "build"), [
    ("sonic_audio", "tensors_audio2token.json", lambda: shapes(Audio2Token(Audio2TokenConfig()))),
    ("sonic_audio", "tensors_audio2bucket.json", lambda: shapes(Audio2Bucket(Audio2BucketConfig()))),
    ("sonic_audio", "tensors_whisper_tiny_encoder.json", lambda: shapes(speech_encoder(SpeechEncoderConfig()), PREFIX)),
    ("sonic_pipeline", "tensors_vae.json", lambda: shapes(svd_vae(VAEConfig()))),
    ("sonic_pipeline", "tensors_image_encoder.json", lambda: shapes(image_encoder(ImageEncoderConfig()))),
])
def test_no_published_tensor_is_missing_or_left_over(parity, folder, name, build):
    with torch.device("meta"):
        assert build() == parity.published_tensors(folder, name)


def test_rife_takes_the_published_tensors_but_for_the_block_of_training(parity):
    published = parity.published_tensors("rife")
    with torch.device("meta"):
        made = shapes(IFNet(), "module.")
    assert made == {name: shape for name, shape in published.items() if "block_tea" not in name}


@pytest.mark.parity("sonic_audio", "projections_golden*.npz")
def test_parity_sonic_audio_tokens_and_motion_values(golden, parity):
    tokens = parity.fill_module(Audio2Token(taken(Audio2TokenConfig, golden.config["projections_golden"]["audio2token"])), golden.seed)
    bucket = parity.fill_module(Audio2Bucket(taken(Audio2BucketConfig, golden.config["projections_golden"]["audio2bucket"])), golden.seed)
    with torch.inference_mode():
        window = tensor(golden, "in_token_window")[0]
        parity.assert_close(tokens(window)[None], golden.arrays["out_tokens"])
        parity.assert_close(tokens(torch.zeros_like(window))[None], golden.arrays["out_tokens_of_zeros"])
        raw = bucket(tensor(golden, "in_bucket_window")[0], tensor(golden, "in_image_embed"))
        parity.assert_close(raw.reshape(1, 1, 2, 1), golden.arrays["out_bucket_raw"])
        parity.assert_close(motion_values(raw).reshape(1, 1, 2, 1), golden.arrays["out_bucket"])


def filled_ifnet(parity, seed):
    network = IFNet().eval()
    network.load_state_dict({name: torch.from_numpy(parity.fill(f"module.{name}", value.shape, seed))
                             for name, value in network.state_dict().items()})
    return network


@pytest.mark.parity("rife", "rife_golden*.npz")
def test_parity_rife_flows_masks_and_the_picture_between(golden, parity):
    network = filled_ifnet(parity, golden.seed)
    first, second = tensor(golden, "in_frame0"), tensor(golden, "in_frame1")
    with torch.inference_mode():
        steps = network.refinements(first, second)
        for number, (flow, _, _) in enumerate(steps):
            parity.assert_close(flow, golden.arrays[f"mid_flow_block{number}"], 2e-4)
        parity.assert_close(steps[0][2], golden.arrays["mid_merged_block0"], 2e-4)
        parity.assert_close(steps[-1][1], golden.arrays["mid_mask_sigmoid"], 2e-4)
        parity.assert_close(network(first, second), golden.arrays["out_middle"], 2e-4)
        parity.assert_close(network(first, second, 0.5), golden.arrays["out_middle_scale_half"], 2e-4)


def test_rife_does_the_same_to_pictures_given_the_other_way_round(parity):
    network = filled_ifnet(parity, 0)
    first, second = torch.from_numpy(np.random.default_rng(0).random((2, 1, 3, 32, 48), np.float32))
    with torch.inference_mode():
        parity.assert_close(network(first, second), network(second, first).numpy(), 1e-5)
