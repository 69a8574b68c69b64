"""LatentSync's denoiser: the UNet of Stable Diffusion 1.5, inflated to chunks of frames by motion modules, that listens to Whisper.

Published as `latentsync_unet.pt` by ByteDance (versions 1.5, for faces of 256 pixels, and 1.6, for 512: the same tensors). Inside, the
frames of a chunk are folded into the batch: [B * F, C, h, w].
"""
from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from .motion_module import MotionModule
from .resnet import Downsample, Resnet, Upsample, norm_over_frames
from .spatial_transformer import Heard, SpatialTransformer, in_halves

_TIME_WIDENING = 4


@dataclass(frozen=True)
class UNetConfig:
    """The published configuration, as far as checkpoints may differ. attention_heads: what the published file calls attention_head_dim.
    motion_length: most frames a chunk can have."""

    in_channels: int = 13
    out_channels: int = 4
    block_out_channels: tuple[int, ...] = (320, 640, 1280, 1280)
    layers_per_block: int = 2
    cross_attention_dim: int = 384
    attention_heads: int = 8
    norm_num_groups: int = 32
    norm_eps: float = 1e-5
    motion_heads: int = 8
    motion_length: int = 24

    @classmethod
    def of(cls, published: Mapping[str, Any]) -> UNetConfig:
        """From the values of the published YAML file."""
        motion = published.get("motion_module_kwargs", {})
        names = ("in_channels", "out_channels", "layers_per_block", "cross_attention_dim", "norm_num_groups")
        given = {name: int(published[name]) for name in names if name in published}
        return cls(**given, block_out_channels=tuple(published["block_out_channels"]), norm_eps=float(published.get("norm_eps", 1e-5)),
                   attention_heads=int(published.get("attention_head_dim", 8)), motion_heads=int(motion.get("num_attention_heads", 8)),
                   motion_length=int(motion.get("temporal_position_encoding_max_len", 24)))


class LatentSyncUNet(nn.Module):
    """Predicts the noise in a chunk of F frames, at most `config.motion_length`.

        heard = unet.listen(audio, guided=True)
        for timestep in timesteps:
            prediction = unet(sample, timestep, heard)
    """

    def __init__(self, config: UNetConfig = UNetConfig()) -> None:  # noqa: B008, frozen
        super().__init__()
        self.config = config
        widths, time = config.block_out_channels, _TIME_WIDENING * config.block_out_channels[0]
        places = iter(range(1000))
        self.conv_in = nn.Conv2d(config.in_channels, widths[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(widths[0], time)
        last = len(widths) - 1
        self.down_blocks = nn.ModuleList([
            _DownBlock(config, widths[max(0, level - 1)], width, time, level < last, level < last, places)
            for level, width in enumerate(widths)])
        self.mid_block = _MidBlock(config, widths[-1], time, places)
        skips = _skip_widths(config)
        self.up_blocks = nn.ModuleList()
        before = widths[-1]
        for level, width in enumerate(reversed(widths)):
            taken = [skips.pop() for _ in range(config.layers_per_block + 1)]
            self.up_blocks.append(_UpBlock(config, before, taken, width, time, level > 0, level < last, places))
            before = width
        self.conv_norm_out = nn.GroupNorm(config.norm_num_groups, widths[0], config.norm_eps)
        self.conv_out = nn.Conv2d(widths[0], config.out_channels, 3, padding=1)

    def listen(self, audio: Tensor, guided: bool = False) -> Heard:
        """audio: [B * F, L, D], the tokens of each frame. guided: have the prediction without speech made too."""
        transformers = [module for module in self.modules() if isinstance(module, SpatialTransformer)]
        attentions = {one.transformer_blocks[0].place: one.transformer_blocks[0].attn2 for one in transformers}
        return Heard(tuple(attentions[place].keys_values(audio) for place in sorted(attentions)), guided)

    def forward(self, sample: Tensor, timestep: Tensor, heard: Heard) -> Tensor:
        """sample: [B, 13, F, h, w] (noisy latents 4, mask 1 where the picture is kept, latents of the masked picture 4 and of the
        reference 4), timestep: scalar, 0 .. 999 -> the noise [B, 4, F, h, w]; guided: [2 B, …], first what is predicted without speech."""
        return self.whole(sample, timestep, heard)[0]

    def whole(self, sample: Tensor, timestep: Tensor, heard: Heard) -> tuple[Tensor, Tensor]:
        """As `forward`, and what `light` starts from: [B * F or 2 B * F, C, h, w]."""
        frames = sample.shape[2]
        time = self.time_embedding(timestep, sample.dtype)
        x = self.conv_in(_folded(sample))
        skips = [x]
        for block in self.down_blocks:
            x = block(x, time, heard, frames, skips)
        x = self.mid_block(x, time, heard, frames)
        for block in self.up_blocks[:-1]:
            x = block(x, time, heard, frames, skips)
        deep = self.up_blocks[-1].but_last(x, time, heard, frames, skips)
        return self._predicted(deep, skips.pop(), time, heard, frames), deep

    def light(self, sample: Tensor, timestep: Tensor, heard: Heard, deep: Tensor) -> Tensor:
        """As `forward`, but all except the outermost layers are taken from an earlier step: `deep` of its `whole` (Ma et al. 2024,
        "DeepCache: Accelerating Diffusion Models for Free", branch 0)."""
        return self._predicted(deep, self.conv_in(_folded(sample)), self.time_embedding(timestep, sample.dtype), heard, sample.shape[2])

    def _predicted(self, deep: Tensor, skip: Tensor, time: Tensor, heard: Heard, frames: int) -> Tensor:
        x = self.up_blocks[-1].layer(-1, deep, skip, time, heard, frames)
        made = self.conv_out(silu(norm_over_frames(self.conv_norm_out, x, frames)))
        return made.unflatten(0, (-1, frames)).transpose(1, 2)


class TimeEmbedding(nn.Module):
    """The noise level as a vector (Ho et al. 2020): cosines and sines, then two linear layers."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self._channels = channels
        self.linear_1 = nn.Linear(channels, out_channels)
        self.linear_2 = nn.Linear(out_channels, out_channels)

    def forward(self, timestep: Tensor, dtype: torch.dtype) -> Tensor:
        """timestep: scalar -> [1, out_channels]."""
        half = self._channels // 2
        scale = torch.exp(torch.arange(half, dtype=torch.float32, device=self.linear_1.weight.device) * (-math.log(10000.0) / half))
        angles = timestep.to(scale).reshape(1, 1) * scale
        return self.linear_2(silu(self.linear_1(torch.cat([torch.cos(angles), torch.sin(angles)], -1).to(dtype))))


class _DownBlock(nn.Module):
    def __init__(self, config: UNetConfig, channels: int, out: int, time: int, listens: bool, shrinks: bool, places) -> None:
        super().__init__()
        count = config.layers_per_block
        self.resnets = nn.ModuleList([_resnet(config, channels if i == 0 else out, out, time) for i in range(count)])
        if listens:
            self.attentions = nn.ModuleList([_transformer(config, out, next(places)) for _ in range(count)])
        self.motion_modules = nn.ModuleList([_motion(config, out) for _ in range(count)])
        if shrinks:
            self.downsamplers = nn.ModuleList([Downsample(out)])

    def forward(self, x: Tensor, time: Tensor, heard: Heard, frames: int, skips: list[Tensor]) -> Tensor:
        for number, resnet in enumerate(self.resnets):
            x = resnet(x, time, frames)
            if hasattr(self, "attentions"):
                x = self.attentions[number](x, heard)
            x = self.motion_modules[number](x, frames)
            skips.append(x)
        if hasattr(self, "downsamplers"):
            x = self.downsamplers[0](x)
            skips.append(x)
        return x


class _MidBlock(nn.Module):
    def __init__(self, config: UNetConfig, channels: int, time: int, places) -> None:
        super().__init__()
        self.attentions = nn.ModuleList([_transformer(config, channels, next(places))])
        self.resnets = nn.ModuleList([_resnet(config, channels, channels, time) for _ in range(2)])

    def forward(self, x: Tensor, time: Tensor, heard: Heard, frames: int) -> Tensor:
        x = self.attentions[0](self.resnets[0](x, time, frames), heard)
        return self.resnets[1](x, time, frames)


class _UpBlock(nn.Module):
    def __init__(self, config: UNetConfig, channels: int, skips: list[int], out: int, time: int, listens: bool, grows: bool,
                 places) -> None:
        super().__init__()
        self.resnets = nn.ModuleList([_resnet(config, (channels if i == 0 else out) + skip, out, time) for i, skip in enumerate(skips)])
        if listens:
            self.attentions = nn.ModuleList([_transformer(config, out, next(places)) for _ in skips])
        self.motion_modules = nn.ModuleList([_motion(config, out) for _ in skips])
        if grows:
            self.upsamplers = nn.ModuleList([Upsample(out)])

    def forward(self, x: Tensor, time: Tensor, heard: Heard, frames: int, skips: list[Tensor]) -> Tensor:
        x = self.but_last(x, time, heard, frames, skips)
        x = self.layer(-1, x, skips.pop(), time, heard, frames)
        return self.upsamplers[0](x) if hasattr(self, "upsamplers") else x

    def but_last(self, x: Tensor, time: Tensor, heard: Heard, frames: int, skips: list[Tensor]) -> Tensor:
        for number in range(len(self.resnets) - 1):
            x = self.layer(number, x, skips.pop(), time, heard, frames)
        return x

    def layer(self, number: int, x: Tensor, skip: Tensor, time: Tensor, heard: Heard, frames: int) -> Tensor:
        x = self.resnets[number](torch.cat([x, in_halves(skip, len(x))], 1), time, frames)
        if hasattr(self, "attentions"):
            x = self.attentions[number](x, heard)
        return self.motion_modules[number](x, frames)


def _folded(sample: Tensor) -> Tensor:
    """[B, C, F, h, w] -> [B * F, C, h, w]."""
    return sample.transpose(1, 2).flatten(0, 1)


def _skip_widths(config: UNetConfig) -> list[int]:
    """Channels of what the way down leaves for the way up, in the order of the way down."""
    widths = config.block_out_channels
    skips = [widths[0]]
    for level, width in enumerate(widths):
        skips += [width] * (config.layers_per_block + (level < len(widths) - 1))
    return skips


def _resnet(config: UNetConfig, channels: int, out: int, time: int) -> Resnet:
    return Resnet(channels, out, time, config.norm_num_groups, config.norm_eps)


def _transformer(config: UNetConfig, channels: int, place: int) -> SpatialTransformer:
    return SpatialTransformer(channels, config.attention_heads, config.cross_attention_dim, config.norm_num_groups, place)


def _motion(config: UNetConfig, channels: int) -> MotionModule:
    return MotionModule(channels, config.motion_heads, config.norm_num_groups, config.motion_length)
