"""StableSyncNet: the judge of lips and sound by which LatentSync was trained (Li et al. 2024, section 3.3). It makes no mouths.

Two encoders of residual blocks bring 16 lower faces and the mel of their 0.64 s to unit vectors; their product is the score.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import normalize, pad, relu, scaled_dot_product_attention, silu

from .attention import FeedForward

_GROUPS, _EPS, _HEADS = 32, 1e-6, 8
Stride = tuple[int, int]


@dataclass(frozen=True)
class EncoderConfig:
    """downsample_factors: for each block, rows and columns; (1, 1) keeps the size. attn_blocks: whether attention follows a block."""

    in_channels: int
    block_out_channels: tuple[int, ...]
    downsample_factors: tuple[Stride, ...]
    attn_blocks: tuple[bool, ...]

    @classmethod
    def of(cls, published: Mapping[str, Any]) -> EncoderConfig:
        """From the values of the published YAML file."""
        factors = tuple((one, one) if isinstance(one, int) else tuple(one) for one in published["downsample_factors"])
        return cls(published["in_channels"], tuple(published["block_out_channels"]), factors, tuple(map(bool, published["attn_blocks"])))


AUDIO = EncoderConfig(1, (32, 64, 128, 256, 512, 1024, 2048), ((2, 1), (2, 2), (2, 2), (1, 1), (2, 2), (2, 2), (2, 3)),
                      (False, False, False, True, True, False, False))
VISUAL = EncoderConfig(48, (64, 128, 256, 256, 512, 1024, 2048, 2048), ((1, 2), *((2, 2),) * 7),
                       (False, False, False, False, True, True, False, False))
"""Published: syncnet_16_pixel_attn, 266 tensors."""


class StableSyncNet(nn.Module):
    """Under the names of `stable_syncnet.pt`."""

    def __init__(self, audio: EncoderConfig = AUDIO, visual: EncoderConfig = VISUAL) -> None:
        super().__init__()
        self.audio_encoder = _Encoder(audio)
        self.visual_encoder = _Encoder(visual)

    def forward(self, faces: Tensor, mel: Tensor) -> tuple[Tensor, Tensor]:
        """faces: [B, 48, 128, 256], the lower halves of 16 frames, RGB each, -1 .. 1. mel: [B, 1, 80, 52], Wav2Lip's, 80 columns a second
        -> unit vectors [B, D] of both; the sum of their products is the score, 1 at best."""
        return normalize(self.visual_encoder(faces)), normalize(self.audio_encoder(mel))


class _Encoder(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(config.in_channels, config.block_out_channels[0], 3, padding=1)
        self.down_blocks = nn.ModuleList()
        before = config.block_out_channels[0]
        for channels, stride, attends in zip(config.block_out_channels, config.downsample_factors, config.attn_blocks, strict=True):
            self.down_blocks.append(_Residual(before, channels, stride))
            if attends:
                self.down_blocks.append(_Attending(channels))
            before = channels
        self.norm_out = nn.GroupNorm(_GROUPS, before, _EPS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for block in self.down_blocks:
            x = block(x)
        return relu(self.norm_out(x)).flatten(1)


class _Residual(nn.Module):
    def __init__(self, channels: int, out: int, stride: Stride) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(_GROUPS, channels, _EPS)
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1)
        self.norm2 = nn.GroupNorm(_GROUPS, out, _EPS)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        if channels != out:
            self.conv_shortcut = nn.Conv2d(channels, out, 1)
        if stride != (1, 1):
            self.downsample_conv = nn.Conv2d(out, out, 3, stride=stride)
            self._edges = int(stride[1] == 1), 1, int(stride[0] == 1), 1  # left, right, top, bottom

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.conv2(silu(self.norm2(self.conv1(silu(self.norm1(x))))))
        x = hidden + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)
        return self.downsample_conv(pad(x, self._edges)) if hasattr(self, "downsample_conv") else x


class _Attending(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(_GROUPS, channels, _EPS)
        self.norm2 = nn.LayerNorm(channels)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels)
        self.conv_in = nn.Conv2d(channels, channels, 1)
        self.conv_out = nn.Conv2d(channels, channels, 1)
        self.attn = _SelfAttention(channels)

    def forward(self, x: Tensor) -> Tensor:
        tokens = rearrange(self.conv_in(self.norm1(x)), "b c h w -> b (h w) c")
        tokens = tokens + self.attn(self.norm2(tokens))
        tokens = tokens + self.ff(self.norm3(tokens))
        return x + self.conv_out(rearrange(tokens, "b (h w) c -> b c h w", h=x.shape[-2]))


class _SelfAttention(nn.Module):
    """Unlike the denoiser's, with biases."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        rows = (rearrange(one(x), "b t (heads d) -> b heads t d", heads=_HEADS) for one in (self.to_q, self.to_k, self.to_v))
        return self.to_out[0](rearrange(scaled_dot_product_attention(*rows), "b heads t d -> b t (heads d)"))
