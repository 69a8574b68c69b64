"""LatentSync's networks give the numbers of the published code, and take exactly the published tensors."""
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from talking_avatar.models.latentsync.motion_module import sinusoids as frame_positions
from talking_avatar.models.latentsync.stable_syncnet import EncoderConfig, StableSyncNet
from talking_avatar.models.latentsync.unet import LatentSyncUNet, UNetConfig
from talking_avatar.models.latentsync.vae import VAEConfig, autoencoder
from talking_avatar.models.whisper.audio_encoder import AudioEncoder

MODULES = {"conv_in": "conv_in", "down0_resnet0": "down_blocks.0.resnets.0", "down0_attn0": "down_blocks.0.attentions.0",
           "down0_motion0": "down_blocks.0.motion_modules.0", "mid_block": "mid_block",
           **{f"down{i}": f"down_blocks.{i}" for i in range(4)}, **{f"up{i}": f"up_blocks.{i}" for i in range(3)},
           "up3": "up_blocks.3.motion_modules.2"}


def tensor(golden, name):
    return torch.from_numpy(np.asarray(golden.arrays[name])).float()


def shapes(network, prefix=""):
    return {prefix + name: tuple(value.shape) for name, value in network.state_dict().items()}


def cases(golden):
    return sorted(name.removeprefix("in_sample_") for name in golden.arrays if name.startswith("in_sample_"))


@pytest.fixture(scope="module")
def filled_unet(parity):
    made = {}

    def network(golden):
        key = golden.seed, repr(golden.config["network"])
        if key not in made:
            made[key] = parity.fill_module(LatentSyncUNet(UNetConfig.of(golden.config["network"])).eval(), golden.seed)
        return made[key]

    return network


@contextmanager
def watched(unet):
    """A dict that fills with what each of MODULES puts out."""
    seen = {}
    hooks = [unet.get_submodule(path).register_forward_hook(lambda module, given, out, name=name: seen.update({name: out}))
             for name, path in MODULES.items()]
    yield seen
    for hook in hooks:
        hook.remove()


@pytest.mark.parity("latentsync_unet")
def test_parity_latentsync_unet_every_block_gives_the_published_numbers(golden, parity, filled_unet):
    unet = filled_unet(golden)
    for case in cases(golden):
        sample, audio = tensor(golden, f"in_sample_{case}"), tensor(golden, f"in_audio_{case}")
        frames = sample.shape[2]
        with torch.inference_mode(), watched(unet) as seen:
            heard = unet.listen(torch.cat([torch.zeros_like(audio), audio]))
            made = unet(torch.cat([sample, sample]), tensor(golden, f"in_timestep_{case}"), heard)
            time = unet.time_embedding(tensor(golden, f"in_timestep_{case}"), torch.float32)
        parity.assert_close(made, golden.arrays[f"out_noise_pred_{case}"])
        parity.assert_close(time, golden.arrays[f"mid_temb_{case}"])
        for name, out in seen.items():
            if f"mid_{name}_{case}" not in golden.arrays:
                continue
            wanted = golden.arrays[f"mid_{name}_{case}"]
            kept = out.unflatten(0, (2, frames)).transpose(1, 2)[:, :wanted.shape[1], [0, frames - 1]]
            parity.assert_close(kept, wanted)


@pytest.mark.parity("latentsync_unet")
def test_parity_latentsync_unet_guidance_without_what_both_halves_share(golden, parity, filled_unet):
    unet = filled_unet(golden)
    for case in cases(golden):
        with torch.inference_mode():
            heard = unet.listen(tensor(golden, f"in_audio_{case}"), guided=True)
            made = unet(tensor(golden, f"in_sample_{case}"), tensor(golden, f"in_timestep_{case}"), heard)
        parity.assert_close(made, golden.arrays[f"out_noise_pred_{case}"])


@pytest.mark.parity("latentsync_unet")
def test_parity_latentsync_unet_positions_in_time(golden, parity):
    for name in [name for name in golden.arrays if name.startswith("out_pe_")]:
        wanted = golden.arrays[name]
        parity.assert_close(frame_positions(*wanted.shape[1:])[None], wanted, 1e-6)


@pytest.mark.parametrize("version", ["15", "16"])
def test_parity_latentsync_unet_takes_exactly_the_published_tensors(version, parity):
    with torch.device("meta"):
        unet = LatentSyncUNet()
    assert shapes(unet) == parity.published_tensors("latentsync_unet", f"tensors_{version}.json")


def test_parity_latentsync_whisper_takes_exactly_the_published_tensors_of_the_encoder(parity):
    with torch.device("meta"):
        encoder = AudioEncoder()
    published = parity.published_tensors("latentsync_whisper", "tensors_tiny.json")
    assert shapes(encoder, "encoder.") == {name: shape for name, shape in published.items() if name.startswith("encoder.")}


@pytest.mark.parametrize(("name", "network"), [("vae", lambda: autoencoder(VAEConfig())), ("syncnet", StableSyncNet)])
def test_parity_latentsync_pipeline_networks_take_exactly_the_published_tensors(name, network, parity):
    with torch.device("meta"):
        made = network()
    assert shapes(made) == parity.published_tensors("latentsync_pipeline", f"tensors_{name}.json")


def taken(config_type, values):
    known = config_type.__dataclass_fields__
    return config_type(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name in known})


@pytest.mark.parity("latentsync_pipeline", "vae_golden*.npz")
def test_parity_latentsync_pipeline_autoencoder(golden, parity):
    vae = parity.fill_module(autoencoder(taken(VAEConfig, golden.config["vae"])), golden.seed)
    with torch.inference_mode():
        posterior = vae.encode(tensor(golden, "in_image")).latent_dist
        parity.assert_close(posterior.mean, golden.arrays["out_mean"])
        parity.assert_close(posterior.logvar, golden.arrays["out_logvar"])
        parity.assert_close(vae.decode(tensor(golden, "in_latent")).sample, golden.arrays["out_decoded"])


@pytest.mark.parity("latentsync_pipeline", "syncnet_golden*.npz")
def test_parity_latentsync_pipeline_stable_syncnet(golden, parity):
    config = golden.config["syncnet_golden"]["network"]
    network = StableSyncNet(EncoderConfig.of(config["audio_encoder"]), EncoderConfig.of(config["visual_encoder"])).eval()
    parity.fill_module(network, golden.seed)
    faces, mel = syncnet_inputs()
    if golden.seed == 7:
        faces, mel = faces[..., ::-1].copy(), mel[..., ::-1].copy()
    with torch.inference_mode():
        seen, heard = network(torch.from_numpy(faces).float(), torch.from_numpy(mel).float())
    parity.assert_close(seen, golden.arrays["out_visual"])
    parity.assert_close(heard, golden.arrays["out_audio"])
    parity.assert_close((seen * heard).sum(1), golden.arrays["out_score"])


def syncnet_inputs():
    """The formulas of the golden's config.json: faces [2, 48, 128, 256], mel [2, 1, 80, 52]."""
    c, y, x = np.meshgrid(np.arange(48.0), np.arange(128.0), np.arange(256.0), indexing="ij")
    q, t = np.meshgrid(np.arange(80.0), np.arange(52.0), indexing="ij")
    faces = np.stack([np.sin(.05 * x + .07 * y + c) * np.cos(.02 * y * (c % 3 + 1)), np.cos(.03 * x - .05 * y + .5 * c)])
    mel = np.stack([4 * np.sin(.1 * q) * np.cos(.3 * t), 3 * np.cos(.2 * q - .15 * t)])[:, None]
    return faces, mel
