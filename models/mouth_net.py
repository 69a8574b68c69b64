"""A small network that hears what the lips do: rows of normalised log-mel bands in, opening, width, rounding and closure out."""
from __future__ import annotations

import torch
from torch import nn

BANDS = 24
INPUTS = BANDS + 1
OUTPUTS = 4
CHANNELS = 80
DILATIONS = (1, 2, 4, 1, 2, 4)
KERNEL = 3
ROWS_AHEAD = 10
"""Input rows (10 ms each) behind the output's own moment that the network waits for."""


class MouthNet(nn.Module):
    """Valid convolutions all the way, so a piece of a sound gives exactly what the whole sound gives there.

    Two convolutions bring 100 input rows a second down to 50; residual blocks of widening dilation follow; every output row depends on
    `ROWS_BEFORE` input rows before its own moment and `ROWS_AHEAD` after it, and on nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(INPUTS, CHANNELS, 5)
        self.halve = nn.Conv1d(CHANNELS, CHANNELS, 4, stride=2)
        self.blocks = nn.ModuleList(Block(CHANNELS, dilation) for dilation in DILATIONS)
        self.head = nn.Conv1d(CHANNELS, OUTPUTS, 1)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """rows: float32 [batch, INPUTS, ROWS_BEFORE + 2 n - 1 + ROWS_AHEAD]. Returns float32 [batch, 4, n]: opening, width, rounding
        and the *logit* of closure; row k belongs to input row ROWS_BEFORE + 2 k."""
        hidden = nn.functional.gelu(self.halve(nn.functional.gelu(self.stem(rows))))
        for block in self.blocks:
            hidden = block(hidden)
        return self.head(hidden)


class Block(nn.Module):
    """hidden + a dilated convolution, normalised over channels at each moment and passed through a wider layer."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.reach = (KERNEL - 1) * dilation
        self.mix = nn.Conv1d(channels, channels, KERNEL, dilation=dilation)
        self.norm = nn.LayerNorm(channels)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Conv1d(channels, channels, 1)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        mixed = self.norm(self.mix(hidden).transpose(1, 2)).transpose(1, 2)
        return hidden[..., self.reach:] + self.out(self.drop(nn.functional.gelu(mixed)))


def rows_needed() -> int:
    """Input rows one output row is computed from."""
    return 5 + (4 - 1) + 2 * (KERNEL - 1) * sum(DILATIONS)


ROWS_BEFORE = rows_needed() - 1 - ROWS_AHEAD
