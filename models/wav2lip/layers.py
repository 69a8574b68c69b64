"""The three units that all Wav2Lip networks are made of, and the attention of the 384 one, under their published tensor names."""
from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layout import Unit


class ConvUnit(nn.Module):
    """act(BatchNorm(conv(x))), or act(BatchNorm(conv(x)) + x) for a residual one.

    [B, inside, H, W] -> [B, channels, H / stride, W / stride]."""

    def __init__(self, inside: int, unit: Unit, slope: float):
        super().__init__()
        self.conv_block = nn.Sequential(nn.Conv2d(inside, unit.channels, unit.kernel, unit.stride, unit.padding),
                                        nn.BatchNorm2d(unit.channels))
        self.residual, self.slope = unit.kind == "residual", slope

    def forward(self, x: Tensor) -> Tensor:
        made = self.conv_block(x)
        return activated(made + x if self.residual else made, self.slope)


class TransposedUnit(nn.Module):
    """act(BatchNorm(transposed conv(x))); its weight is stored [inside, channels, k, k]."""

    def __init__(self, inside: int, unit: Unit, slope: float):
        super().__init__()
        transposed = nn.ConvTranspose2d(inside, unit.channels, unit.kernel, unit.stride, unit.padding, unit.output_padding)
        self.conv_block = nn.Sequential(transposed, nn.BatchNorm2d(unit.channels))
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        return activated(self.conv_block(x), self.slope)


class SpatialAttention(nn.Module):
    """x + x * sigmoid(conv7x7([mean, max] over the channels of the encoder's feature)): where the picture says that it matters.

    x [B, C, h, w] is broadcast where it has one cell and the feature [B, D, H, W] has more. Tensor: `sa.conv1.weight` [1, 2, 7, 7]."""

    def __init__(self) -> None:
        super().__init__()
        self.sa = nn.Module()
        self.sa.conv1 = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, feature: Tensor, x: Tensor) -> Tensor:
        seen = torch.cat([feature.mean(1, keepdim=True), feature.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.sa.conv1(seen)) + x


def activated(x: Tensor, slope: float) -> Tensor:
    """ReLU, leaky below 0 by `slope`."""
    return F.leaky_relu(x, slope, inplace=True) if slope else F.relu(x, inplace=True)


def in_sequence(inside: int, units: Iterable[Unit], slope: float) -> tuple[nn.Sequential, int]:
    """The units one after another, and how many channels come out."""
    made = []
    for unit in units:
        kind = TransposedUnit if unit.kind == "transposed" else ConvUnit
        made.append(kind(inside, unit, slope if unit.slope is None else unit.slope))
        inside = unit.channels
    return nn.Sequential(*made), inside
