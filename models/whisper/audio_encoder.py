"""The audio encoder of Whisper, under the tensor names of OpenAI's checkpoints; LatentSync listens to its layers."""
from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention


@dataclass(frozen=True)
class Dims:
    """The `dims` of the checkpoint, as far as the encoder goes; the defaults are those of Whisper tiny."""

    n_mels: int = 80
    n_audio_ctx: int = 1500
    n_audio_state: int = 384
    n_audio_head: int = 6
    n_audio_layer: int = 4


class AudioEncoder(nn.Module):
    """`encoder.` of a checkpoint."""

    def __init__(self, dims: Dims = Dims()) -> None:  # noqa: B008, frozen
        super().__init__()
        self.dims = dims
        self.conv1 = nn.Conv1d(dims.n_mels, dims.n_audio_state, 3, padding=1)
        self.conv2 = nn.Conv1d(dims.n_audio_state, dims.n_audio_state, 3, stride=2, padding=1)
        self.register_buffer("positional_embedding", sinusoids(dims.n_audio_ctx, dims.n_audio_state))
        self.blocks = nn.ModuleList([_Block(dims.n_audio_state, dims.n_audio_head) for _ in range(dims.n_audio_layer)])
        self.ln_post = nn.LayerNorm(dims.n_audio_state)

    def layers(self, mel: Tensor) -> Tensor:
        """mel: [B, n_mels, 2 n_audio_ctx], log-mel of 30 s -> [B, n_audio_ctx, n_audio_layer + 1, n_audio_state]: the state with its
        place in time added, then after each block, all before `ln_post`."""
        x = gelu(self.conv2(gelu(self.conv1(mel)))).transpose(1, 2)
        states = [x + self.positional_embedding]
        for block in self.blocks:
            states.append(block(states[-1]))
        return torch.stack(states, 2)

    def forward(self, mel: Tensor) -> Tensor:
        """mel as in `layers` -> what the decoder listens to, [B, n_audio_ctx, n_audio_state]."""
        return self.ln_post(self.layers(mel)[:, :, -1])


class _Block(nn.Module):
    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.attn = _Attention(channels, heads)
        self.attn_ln = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(nn.Linear(channels, 4 * channels), nn.GELU(), nn.Linear(4 * channels, channels))
        self.mlp_ln = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.attn_ln(x))
        return x + self.mlp(self.mlp_ln(x))


class _Attention(nn.Module):
    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels, bias=False)
        self.value = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        rows = (rearrange(one(x), "b t (heads d) -> b heads t d", heads=self._heads) for one in (self.query, self.key, self.value))
        return self.out(rearrange(scaled_dot_product_attention(*rows), "b heads t d -> b t (heads d)"))


def sinusoids(length: int, channels: int) -> Tensor:
    """float32 [length, channels]: place in time, sines in the first half of the columns, cosines in the second."""
    half = channels // 2
    scales = torch.exp(torch.arange(half, dtype=torch.float32) * (-math.log(10000.0) / (half - 1)))
    angles = torch.arange(length, dtype=torch.float32)[:, None] * scales
    return torch.cat([torch.sin(angles), torch.cos(angles)], 1)
