"""What a file is, told by its tensors: versions 1.0, 1.5 and 1.6 of LatentSync bear the same name."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from ...host.errors import MissingModel
from .unet import UNetConfig
from .vae import VAEConfig

WANTED = "LatentSync's UNet (latentsync_unet.pt of version 1.5 or 1.6)"
_LISTENS = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
_MOTION = "down_blocks.0.motion_modules.0.temporal_transformer.transformer_blocks.0.attention_blocks.0.pos_encoder.pe"
_CHANNELS = 13
_SHOWN = 4
_OTHERS = (
    (("audio_encoder.conv_in.weight",), "StableSyncNet, which judges lips and makes none"),
    (("encoder.positional_embedding", "model.encoder.conv1.weight"), "Whisper, which only hears: its place is whisper/tiny.pt"),
    (("decoder.conv_in.weight", "first_stage_model.decoder.conv_in.weight"), "an autoencoder (VAE): its place is the folder vae beside the "
                                                                              "UNet"),
    (("model.diffusion_model.input_blocks.0.0.weight",), "an image model"),
    (("face_decoder_blocks.0.0.conv_block.0.weight",), "a Wav2Lip network: it belongs to Lip Sync (Wav2Lip)"),
)


def unet_config(tensors: Mapping[str, Tensor], path: Path) -> UNetConfig:
    """The configuration of the UNet whose tensors these are; widths, layers and lengths are read off their shapes.

    Raises MissingModel with one sentence for a file of version 1.0, or for another network."""
    if "conv_in.weight" not in tensors or _LISTENS not in tensors:
        raise MissingModel(f"'{path}' is {_what_else(tensors)}; what is needed is {WANTED}.")
    if _MOTION not in tensors:
        what = "LatentSync 1.0, which has no motion modules (its mouths would be blurred)" if _takes(tensors) == _CHANNELS else \
            "the UNet of an image model"
        raise MissingModel(f"'{path}' is {what}; what is needed is {WANTED}, 5.07 GB.")
    if _takes(tensors) != _CHANNELS:
        raise MissingModel(f"'{path}' is a UNet with motion modules that takes {_takes(tensors)} channels instead of {_CHANNELS}; what is "
                           f"needed is {WANTED}.")
    levels = _count(tensors, "down_blocks.{}.resnets.0.conv1.weight")
    return UNetConfig(block_out_channels=tuple(len(tensors[f"down_blocks.{level}.resnets.0.conv1.weight"]) for level in range(levels)),
                      layers_per_block=_count(tensors, "down_blocks.0.resnets.{}.conv1.weight"),
                      cross_attention_dim=tensors[_LISTENS].shape[1], motion_length=tensors[_MOTION].shape[1])


def vae_config(tensors: Mapping[str, Tensor], path: Path) -> VAEConfig:
    """The configuration of an autoencoder under diffusers' names. Raises MissingModel for another network."""
    first = "encoder.down_blocks.0.resnets.0.conv1.weight"
    if first not in tensors or "quant_conv.weight" not in tensors:
        raise MissingModel(f"'{path}' is no autoencoder (VAE) of Stable Diffusion 1.x (it has tensors such as {_named(tensors)}): get "
                           "diffusion_pytorch_model.safetensors of stabilityai/sd-vae-ft-mse.")
    channels = len(tensors["quant_conv.weight"]) // 2
    if channels != 4:
        raise MissingModel(f"'{path}' is an autoencoder with {channels} channels of latents instead of 4, so of another family of models: "
                           "get diffusion_pytorch_model.safetensors of stabilityai/sd-vae-ft-mse.")
    levels = _count(tensors, "encoder.down_blocks.{}.resnets.0.conv1.weight")
    widths = tuple(len(tensors[f"encoder.down_blocks.{level}.resnets.0.conv1.weight"]) for level in range(levels))
    return VAEConfig(widths, _count(tensors, "encoder.down_blocks.0.resnets.{}.conv1.weight"),
                     down_block_types=("DownEncoderBlock2D",) * levels, up_block_types=("UpDecoderBlock2D",) * levels)


def _takes(tensors: Mapping[str, Tensor]) -> int:
    return tensors["conv_in.weight"].shape[1]


def _count(tensors: Mapping[str, Tensor], pattern: str) -> int:
    """How many names the pattern gives, counted from 0."""
    number = 0
    while pattern.format(number) in tensors:
        number += 1
    return number


def _what_else(tensors: Mapping[str, Tensor]) -> str:
    for signs, what in _OTHERS:
        if any(sign in tensors for sign in signs):
            return what
    return f"no UNet of LatentSync (it has tensors such as {_named(tensors)})"


def _named(tensors: Mapping[str, Tensor]) -> str:
    return ", ".join(sorted(tensors)[:_SHOWN]) or "none at all"
