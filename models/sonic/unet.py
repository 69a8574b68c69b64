"""Sonic's denoiser: the spatio-temporal UNet of Stable Video Diffusion, with ears.

The network is diffusers' stock `UNetSpatioTemporalConditionModel` (Blattmann et al. 2023, "Stable Video Diffusion"); each of its 32
cross-attentions gets the two matrices of `audio_attention`. `unet.pth` of the published checkpoint holds all of it, 1492 tensors.
"""
from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from .audio_attention import Condition, Ear, SpatialAudioAttention, TemporalAudioAttention


@dataclass(frozen=True)
class UNetConfig:
    """The `config.json` of diffusers' network, as far as checkpoints differ; the defaults are the published ones."""

    sample_size: int = 96
    in_channels: int = 8
    out_channels: int = 4
    block_out_channels: tuple[int, ...] = (320, 640, 1280, 1280)
    num_attention_heads: tuple[int, ...] = (5, 10, 20, 20)
    cross_attention_dim: int = 1024
    addition_time_embed_dim: int = 256
    projection_class_embeddings_input_dim: int = 768
    layers_per_block: int = 2
    transformer_layers_per_block: int = 1
    num_frames: int = 25


def sonic_unet(config: UNetConfig) -> nn.Module:
    """The network with stand-in weights, under the published tensor names."""
    from diffusers import UNetSpatioTemporalConditionModel

    unet = UNetSpatioTemporalConditionModel(**asdict(config))
    unet.ear = Ear()
    for name, module in unet.named_modules():
        if name.endswith("transformer_blocks.0.attn2"):
            kind = TemporalAudioAttention if "temporal_transformer_blocks" in name else SpatialAudioAttention
            module.set_processor(kind(module.to_q.out_features, config.cross_attention_dim, unet.ear))
    return unet.eval().requires_grad_(False)


def velocity(unet: nn.Module, sample: Tensor, timestep: Tensor, time_ids: Tensor, condition: Condition) -> Tensor:
    """The v-prediction of a window of F frames.

    sample: [B, F, 8, h, w], 4 channels of scaled noisy latents and 4 of the picture's. timestep: scalar, 0.25 ln sigma. time_ids: [B, 3],
    the frame rate 12.5 and the two motion values. Returns [B, F, 4, h, w]."""
    unet.ear.condition = condition
    try:
        ignored = torch.zeros(len(sample), 1, 1, device=sample.device, dtype=sample.dtype)
        return unet(sample, timestep, ignored, time_ids, return_dict=False)[0]
    finally:
        unet.ear.condition = None
