"""What the attentions of LatentSync's denoiser share: heads, and the gated linear layers behind them."""
from __future__ import annotations

from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention


class Attention(nn.Module):
    """Queries from `channels`, keys and values from `context` wide tokens; no biases but the output's."""

    def __init__(self, channels: int, heads: int, context: int | None = None) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context or channels, channels, bias=False)
        self.to_v = nn.Linear(context or channels, channels, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        """x: [N, T, C] attends to itself."""
        return self.attend(x, *self.keys_values(x))

    def keys_values(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """tokens: [N, L, D] -> keys and values [N, heads, L, C / heads]."""
        return self._in_heads(self.to_k(tokens)), self._in_heads(self.to_v(tokens))

    def attend(self, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """x: [N, T, C] attends to keys and values of `keys_values`."""
        attended = scaled_dot_product_attention(self._in_heads(self.to_q(x)), keys, values)
        return self.to_out[0](rearrange(attended, "n heads t d -> n t (heads d)"))

    def _in_heads(self, x: Tensor) -> Tensor:
        return rearrange(x, "n t (heads d) -> n heads t d", heads=self.heads)


class _GatedProjection(nn.Module):
    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, 2 * inner)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * gelu(gate)


class FeedForward(nn.Module):
    """GEGLU (Shazeer 2020, "GLU Variants Improve Transformer"), four times as wide; names as in diffusers (`net.0.proj`, `net.2`)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.net = nn.ModuleList([_GatedProjection(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        return self.net[2](self.net[0](x))
