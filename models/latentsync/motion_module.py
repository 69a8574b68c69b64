"""The motion module of LatentSync's denoiser: every position looks at itself in all frames of the chunk (Guo et al. 2023, "AnimateDiff:
Animate Your Personalized Text-to-Image Diffusion Models without Specific Tuning")."""
from __future__ import annotations

import math

import torch
from einops import rearrange
from torch import Tensor, nn

from .attention import Attention, FeedForward

_EPS = 1e-6
_ATTENTIONS = 2


class MotionModule(nn.Module):
    """length: most frames of a chunk."""

    def __init__(self, channels: int, heads: int, groups: int, length: int) -> None:
        super().__init__()
        self.temporal_transformer = _TemporalTransformer(channels, heads, groups, length)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """x: [B * F, C, h, w] -> the same shape."""
        return self.temporal_transformer(x, frames)


class _TemporalTransformer(nn.Module):
    def __init__(self, channels: int, heads: int, groups: int, length: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, _EPS)
        self.proj_in = nn.Linear(channels, channels)
        self.transformer_blocks = nn.ModuleList([_Block(channels, heads, length)])
        self.proj_out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        height = x.shape[-2]
        rows = rearrange(self.norm(x), "(b f) c h w -> (b h w) f c", f=frames)
        rows = self.proj_out(self.transformer_blocks[0](self.proj_in(rows)))
        return x + rearrange(rows, "(b h w) f c -> (b f) c h w", b=len(x) // frames, h=height)


class _Block(nn.Module):
    def __init__(self, channels: int, heads: int, length: int) -> None:
        super().__init__()
        self.attention_blocks = nn.ModuleList([_TemporalAttention(channels, heads, length) for _ in range(_ATTENTIONS)])
        self.norms = nn.ModuleList([nn.LayerNorm(channels) for _ in range(_ATTENTIONS)])
        self.ff = FeedForward(channels)
        self.ff_norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        for attention, norm in zip(self.attention_blocks, self.norms, strict=True):
            x = x + attention(norm(x))
        return x + self.ff(self.ff_norm(x))


class _TemporalAttention(Attention):
    def __init__(self, channels: int, heads: int, length: int) -> None:
        super().__init__(channels, heads)
        self.pos_encoder = _Positions(channels, length)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.pos_encoder(x))


class _Positions(nn.Module):
    """The number of a frame in its chunk, added to queries, keys and values alike; stored in the checkpoint."""

    def __init__(self, channels: int, length: int) -> None:
        super().__init__()
        self.register_buffer("pe", sinusoids(length, channels)[None])

    def forward(self, x: Tensor) -> Tensor:
        return x + self.pe[:, :x.shape[1]].to(x.dtype)


def sinusoids(length: int, channels: int) -> Tensor:
    """float32 [length, channels]: sin in the even columns, cos in the odd ones (Vaswani et al. 2017, section 3.5)."""
    position = torch.arange(length, dtype=torch.float32)[:, None]
    scale = torch.exp(torch.arange(0, channels, 2, dtype=torch.float32) * (-math.log(10000.0) / channels))
    return torch.stack([torch.sin(position * scale), torch.cos(position * scale)], -1).flatten(1)
