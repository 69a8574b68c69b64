"""LatentSync's files are found, told by what is in them, and refused with one sentence where they are something else."""
import re

import pytest
import torch
from talking_avatar.host.errors import MissingModel
from talking_avatar.host.networks import let_go
from talking_avatar.models.latentsync.checkpoint_set import find_set, unet_names
from talking_avatar.models.latentsync.networks import LatentSyncNetworks
from talking_avatar.models.latentsync.unet import LatentSyncUNet, UNetConfig
from talking_avatar.models.latentsync.vae import VAEConfig, autoencoder
from talking_avatar.models.latentsync.vae_names import renamed
from talking_avatar.models.whisper.audio_encoder import AudioEncoder, Dims

UNET = UNetConfig(block_out_channels=(32, 32, 64, 64), layers_per_block=1)
VAE = VAEConfig(block_out_channels=(32, 32, 32, 32), layers_per_block=1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """models/latentsync with a reduced set of files."""
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path))
    torch.manual_seed(0)
    made = tmp_path / "latentsync"
    for part in ("whisper", "vae"):
        (made / part).mkdir(parents=True)
    save(unet_tensors(), made / "latentsync_unet.pt")
    encoder = AudioEncoder(Dims(n_audio_state=64, n_audio_head=1, n_audio_layer=2))
    torch.save({"dims": {}, "model_state_dict": {f"encoder.{name}": one.half() for name, one in encoder.state_dict().items()}},
               made / "whisper" / "tiny.pt")
    save(autoencoder(VAE).state_dict(), made / "vae" / "diffusion_pytorch_model.bin")
    yield made
    let_go()


def unet_tensors():
    return LatentSyncUNet(UNET).state_dict()


def save(tensors, path):
    torch.save({"global_step": 1, "state_dict": dict(tensors)}, path)


def networks(name="latentsync_unet.pt"):
    return LatentSyncNetworks(find_set(name), torch.float32)


def test_a_set_is_found_and_each_network_takes_its_size_from_its_file(folder):
    nets = networks()
    assert nets.unet().config == UNET
    assert nets.whisper().dims == Dims(n_audio_state=64, n_audio_head=1, n_audio_layer=2)
    assert nets.vae().config.block_out_channels == (32, 32, 32, 32)


def test_a_network_is_built_once_a_session(folder):
    assert networks().unet() is networks().unet()


def test_the_list_shows_unets_alone(folder):
    save({}, folder / "stable_syncnet.pt")
    assert "latentsync_unet.pt" in unet_names()
    assert not [name for name in unet_names() if "tiny" in name or "vae" in name or "syncnet" in name]


def test_the_autoencoder_of_comfyui_is_used_where_none_is_beside_the_unet(folder):
    vae = folder / "vae" / "diffusion_pytorch_model.bin"
    (folder.parent / "vae").mkdir()
    own = folder.parent / "vae" / "vae-ft-mse-840000-ema-pruned.ckpt"
    vae.rename(own)
    assert find_set("latentsync_unet.pt").vae == own


def test_without_an_autoencoder_it_is_said_which_and_nothing_is_made_up(folder):
    (folder / "vae" / "diffusion_pytorch_model.bin").unlink()
    with pytest.raises(MissingModel, match=re.escape("sd-vae-ft-mse")):
        find_set("latentsync_unet.pt")


def test_version_1_0_is_told_by_its_missing_motion_modules(folder):
    save({name: one for name, one in unet_tensors().items() if ".motion_modules." not in name}, folder / "latentsync_unet.pt")
    with pytest.raises(MissingModel, match="LatentSync 1.0.*1.5 or 1.6"):
        networks().unet()


@pytest.mark.parametrize(("tensors", "what"), [
    ({"encoder.positional_embedding": torch.zeros(1)}, "Whisper"),
    ({"audio_encoder.conv_in.weight": torch.zeros(1)}, "StableSyncNet"),
    ({"decoder.conv_in.weight": torch.zeros(1)}, "VAE"),
    ({"some.weight": torch.zeros(1)}, "no UNet of LatentSync"),
])
def test_another_file_is_named_for_what_it_is(folder, tensors, what):
    save(tensors, folder / "latentsync_unet.pt")
    with pytest.raises(MissingModel, match=what):
        networks().unet()


def test_a_unet_for_other_channels_is_refused(folder):
    tensors = unet_tensors()
    tensors["conv_in.weight"] = tensors["conv_in.weight"][:, :4]
    save(tensors, folder / "latentsync_unet.pt")
    with pytest.raises(MissingModel, match="4 channels instead of 13"):
        networks().unet()


def test_a_file_that_lacks_one_tensor_is_not_loaded_in_part(folder):
    tensors = unet_tensors()
    del tensors["mid_block.resnets.1.conv2.bias"]
    save(tensors, folder / "latentsync_unet.pt")
    with pytest.raises(MissingModel, match="mid_block.resnets.1.conv2.bias"):
        networks().unet()


def test_whisper_in_the_layout_of_transformers_is_refused_by_name(folder):
    torch.save({"model.encoder.conv1.weight": torch.zeros(1)}, folder / "whisper" / "tiny.pt")
    with pytest.raises(MissingModel, match="transformers.*tiny.pt"):
        networks().whisper()


def test_an_autoencoder_of_another_family_is_refused(folder):
    tensors = autoencoder(VAE).state_dict()
    tensors["quant_conv.weight"] = torch.zeros(32, 32, 1, 1)
    save(tensors, folder / "vae" / "diffusion_pytorch_model.bin")
    with pytest.raises(MissingModel, match="16 channels.*sd-vae-ft-mse"):
        networks().vae()


def older(name):
    for new, old in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
        name = name.replace(f"attentions.0.{new}", f"attentions.0.{old}")
    return name


def original(name):
    """The name that the first code of latent diffusion gave a tensor (CompVis/latent-diffusion)."""
    name = re.sub(r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"up.{3 - int(m[1])}.block.{m[2]}", name)
    name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{3 - int(m[1])}.upsample", name)
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    for new, old in (("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")):
        name = name.replace(f"mid_block.attentions.0.{new}", f"mid.attn_1.{old}")
    return name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")


@pytest.mark.parametrize("rename", [lambda name: name, older, original, lambda name: f"first_stage_model.{original(name)}"],
                         ids=["today's", "diffusers' older", "the original code's", "in a whole checkpoint"])
def test_the_autoencoder_is_read_under_all_names_it_goes_round_by(parity, rename):
    """The full-size tensor list, on the meta device."""
    published = parity.published_tensors("latentsync_pipeline", "tensors_vae.json")
    given = {}
    for name, shape in published.items():
        under = rename(name)
        is_convolution = ".attn_1." in under and len(shape) == 2
        given[under] = torch.empty((*shape, 1, 1) if is_convolution else shape, device="meta")
    given["model.diffusion_model.out.2.bias"] = torch.empty(4, device="meta")
    if not any(name.startswith("first_stage_model.") for name in given) and rename is not original:
        del given["model.diffusion_model.out.2.bias"]
    assert {name: tuple(one.shape) for name, one in renamed(given).items()} == published
