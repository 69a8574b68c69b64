"""The spatial transformer of LatentSync's denoiser: each frame looks at itself, then at its own piece of speech."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn

from .attention import Attention, FeedForward

_EPS = 1e-6


@dataclass(frozen=True)
class Heard:
    """What a chunk hears, as each cross-attention needs it; the same at every denoising step, so it is made once a chunk.

    keys_values: for each cross-attention, in their order, keys and values [B * F, heads, L, C / heads]. guided: whether the prediction
    without speech is wanted too, before the one with it."""

    keys_values: tuple[tuple[Tensor, Tensor], ...]
    guided: bool = False


class SpatialTransformer(nn.Module):
    """place: which of the network's cross-attentions this one's is."""

    def __init__(self, channels: int, heads: int, context: int, groups: int, place: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, _EPS)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([_Block(channels, heads, context, place)])
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, heard: Heard) -> Tensor:
        """x: [N, C, h, w] -> the same, or [2 N, C, h, w] where the halves of guidance part here."""
        height = x.shape[-2]
        tokens = rearrange(self.proj_in(self.norm(x)), "n c h w -> n (h w) c")
        tokens = self.transformer_blocks[0](tokens, heard)
        made = self.proj_out(rearrange(tokens, "n (h w) c -> n c h w", h=height))
        return made + in_halves(x, len(made))


class _Block(nn.Module):
    def __init__(self, channels: int, heads: int, context: int, place: int) -> None:
        super().__init__()
        self.place = place
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = Attention(channels, heads)
        self.norm2 = nn.LayerNorm(channels)
        self.attn2 = Attention(channels, heads, context)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels)

    def forward(self, x: Tensor, heard: Heard) -> Tensor:
        """x: [N, T, C] -> [N or 2 N, T, C]."""
        x = x + self.attn1(self.norm1(x))
        x = self._listened(x, heard)
        return x + self.ff(self.norm3(x))

    def _listened(self, x: Tensor, heard: Heard) -> Tensor:
        """Keys and values have no bias, so that attention to silence (zeros) gives zeros, and its output layer only its bias: what
        hears nothing needs no attention, and up to the first of these layers both halves of guidance are the same."""
        keys, values = heard.keys_values[self.place]
        if not heard.guided:
            return x + self.attn2.attend(self.norm2(x), keys, values)
        silent, hearing = (x, x) if len(x) == len(keys) else x.chunk(2)
        silent = silent + self.attn2.to_out[0].bias
        return torch.cat([silent, hearing + self.attn2.attend(self.norm2(hearing), keys, values)])


def in_halves(x: Tensor, batch: int) -> Tensor:
    """x: [N, …] as [batch, …], batch being N or 2 N: what both halves of guidance share, for each of them."""
    return x if len(x) == batch else torch.cat([x, x])
