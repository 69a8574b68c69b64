"""Audio2bucket: how much the head and the face shall move while this is said by this person."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import silu


@dataclass(frozen=True)
class Audio2BucketConfig:
    """seq_len: states of the speech encoder's last layer a window spans. clip_channels: width of the portrait's embedding. context_tokens:
    motion values that come out."""

    seq_len: int = 50
    blocks: int = 1
    channels: int = 384
    clip_channels: int = 1024
    intermediate_dim: int = 1024
    output_dim: int = 1
    context_tokens: int = 2


class Audio2Bucket(nn.Module):
    """Three linear layers, under the names of `audio2bucket.pth` (21,762,050 values)."""

    def __init__(self, config: Audio2BucketConfig) -> None:
        super().__init__()
        heard = config.seq_len * config.blocks * config.channels
        self.proj1 = nn.Linear(heard + config.clip_channels, config.intermediate_dim)
        self.proj2 = nn.Linear(config.intermediate_dim, config.intermediate_dim)
        self.proj3 = nn.Linear(config.intermediate_dim, config.context_tokens * config.output_dim)

    def forward(self, windows: Tensor, image: Tensor) -> Tensor:
        """windows: [N, seq_len, blocks, channels], image: [N or 1, clip_channels] -> [N, context_tokens * output_dim], of which
        `motion_values` makes the scale of SVD's motion bucket."""
        joined = torch.cat([windows.flatten(1), image.expand(len(windows), -1)], 1)
        return self.proj3(silu(self.proj2(silu(self.proj1(joined)))))


def motion_values(raw: Tensor) -> Tensor:
    """The network's output in units of the motion bucket: 16 raw + 16."""
    return raw * 16 + 16
