"""Cross-attention to picture and speech: two softmaxes side by side, over space in one kind of block and over time in the other.

Sonic (Ji et al. 2024, "Sonic: Shifting Focus to Global Audio Perception in Portrait Animation", sections 3.1 and 3.2) gives every
cross-attention of Stable Video Diffusion's network a second pair of keys and values for the speech; `to_k_ip` and `to_v_ip` are the names
of its checkpoint. The picture is one token, over which a softmax is always 1, so its term is its value and needs no query.
"""
from __future__ import annotations

from dataclasses import dataclass

from einops import rearrange, repeat
from torch import Tensor, nn
from torch.nn.functional import interpolate, scaled_dot_product_attention


class FaceMask:
    """Where the face is, at each level of the network. pixels: [1, 1, H, W], 0 .. 1, H and W multiples of 64."""

    def __init__(self, pixels: Tensor) -> None:
        self._pixels, self._levels = pixels, {}

    def at(self, positions: int) -> Tensor:
        """[1, positions, 1] for the level that has so many positions."""
        if positions not in self._levels:
            height, width = self._pixels.shape[-2:]
            step = round((height * width / positions) ** 0.5)
            level = interpolate(self._pixels.float(), (height // step, width // step), mode="bicubic", align_corners=False)
            self._levels[positions] = level.reshape(1, positions, 1).to(self._pixels.dtype)
        return self._levels[positions]


@dataclass(frozen=True)
class Condition:
    """What the network looks at and listens to. image: [B, D], CLIP's embedding of the portrait, zeros for none. audio: [B, F, L, D], L
    tokens for each of the window's F frames, or [B, 1, L, D] where all frames hear the same. mask: where the speech acts in spatial
    attention; None: everywhere. scale: how strongly it acts."""

    image: Tensor
    audio: Tensor
    mask: FaceMask | None = None
    scale: float = 1.0


class Ear:
    """Where all cross-attentions of one network find the condition of the call that is running."""

    condition: Condition | None = None


class _AudioAttention(nn.Module):
    """The added keys and values of one cross-attention of `channels` width, as diffusers' `Attention` takes a processor."""

    def __init__(self, channels: int, context: int, ear: Ear) -> None:
        super().__init__()
        self.to_k_ip = nn.ModuleList([nn.Linear(context, channels, bias=False)])
        self.to_v_ip = nn.ModuleList([nn.Linear(context, channels, bias=False)])
        self._ear = ear

    def _listened(self, query: Tensor, audio: Tensor, heads: int) -> Tensor:
        """query [N, Q, C] attends to audio [N, L, D] -> [N, Q, C]."""
        rows = [query, self.to_k_ip[0](audio), self.to_v_ip[0](audio)]
        query, key, value = (rearrange(one, "n t (heads c) -> n heads t c", heads=heads) for one in rows)
        return rearrange(scaled_dot_product_attention(query, key, value), "n heads t c -> n t (heads c)")


class SpatialAudioAttention(_AudioAttention):
    """Every position of a frame listens to that frame's tokens; the mask says where it counts."""

    def forward(self, attn: nn.Module, hidden_states: Tensor, *args, **kwargs) -> Tensor:
        """hidden_states: [B * F, h * w, C] -> the same shape. The `encoder_hidden_states` of the caller are not looked at."""
        condition = self._ear.condition
        batch = len(condition.audio)
        frames = len(hidden_states) // batch
        audio = condition.audio.expand(batch, frames, -1, -1).flatten(0, 1)
        heard = condition.scale * self._listened(attn.to_q(hidden_states), audio, attn.heads)
        if condition.mask is not None:
            heard = heard * condition.mask.at(hidden_states.shape[1])
        seen = repeat(attn.to_v(condition.image), "b c -> (b f) 1 c", f=frames)
        return attn.to_out[0](heard + seen)


class TemporalAudioAttention(_AudioAttention):
    """Every position listens, over all frames of the window at once, to the mean of their tokens; there is no mask.

    The positions are folded into the queries, so that keys and values are made once a window instead of once a position."""

    def forward(self, attn: nn.Module, hidden_states: Tensor, *args, **kwargs) -> Tensor:
        """hidden_states: [B * h * w, F, C] -> the same shape."""
        condition = self._ear.condition
        batch, frames = len(condition.audio), hidden_states.shape[1]
        query = rearrange(attn.to_q(hidden_states), "(b p) f c -> b (p f) c", b=batch)
        heard = self._listened(query, condition.audio.mean(1), attn.heads)
        seen = attn.to_v(condition.image)[:, None]
        return rearrange(attn.to_out[0](condition.scale * heard + seen), "b (p f) c -> (b p) f c", f=frames)
