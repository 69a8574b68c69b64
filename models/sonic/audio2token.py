"""Audio2token: what is heard around a frame becomes tokens for the UNet's cross-attentions."""
from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import relu


@dataclass(frozen=True)
class Audio2TokenConfig:
    """seq_len: states of the speech encoder a window spans. blocks: its layers. channels: width of a state. context_tokens: how many
    come out."""

    seq_len: int = 10
    blocks: int = 5
    channels: int = 384
    intermediate_dim: int = 1024
    output_dim: int = 1024
    context_tokens: int = 32


class Audio2Token(nn.Module):
    """Three linear layers and a norm, under the names of `audio2token.pth` (54,300,672 values)."""

    def __init__(self, config: Audio2TokenConfig) -> None:
        super().__init__()
        self.config = config
        self.proj1 = nn.Linear(config.seq_len * config.blocks * config.channels, config.intermediate_dim)
        self.proj2 = nn.Linear(config.intermediate_dim, config.intermediate_dim)
        self.proj3 = nn.Linear(config.intermediate_dim, config.context_tokens * config.output_dim)
        self.norm = nn.LayerNorm(config.output_dim)

    def forward(self, windows: Tensor) -> Tensor:
        """windows: [N, seq_len, blocks, channels] -> tokens [N, context_tokens, output_dim]."""
        hidden = relu(self.proj2(relu(self.proj1(windows.flatten(1)))))
        return self.norm(self.proj3(hidden).unflatten(1, (self.config.context_tokens, self.config.output_dim)))
