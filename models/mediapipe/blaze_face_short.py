"""BlazeFace, short range: faces that fill a fair part of the picture.

"BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", Bazarevsky et al. 2019, arXiv:1907.05047.
"""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Conv, Depthwise, add_shortcut, numbered

SIZE = 128
ANCHORS = ((8, 2), (16, 6))
"""(stride in pixels, anchors a cell) of the two heads, in the order of the outputs."""

_FINE = ((24, 1), (28, 1), (32, 2), (36, 1), (42, 1), (48, 2), (56, 1), (64, 1), (72, 1), (80, 1), (88, 1))
_COARSE = ((96, 2), (96, 1), (96, 1), (96, 1), (96, 1))
"""(channels, stride) of the blocks before the head of 16 x 16 cells, and between it and the head of 8 x 8."""


class BlazeBlock(nn.Module):
    """ReLU(shortcut + conv 1x1 (depthwise 3x3)), block number `number` from 0."""

    def __init__(self, number: int, inside: int, outside: int, stride: int = 1):
        super().__init__()
        self.depthwise = Depthwise(numbered("depthwise_conv2d", number), inside, stride)
        self.pointwise = Conv(numbered("conv2d", number + 1), inside, outside)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu_(add_shortcut(self.pointwise(self.depthwise(x)), x, self.depthwise.stride[0]))


def blaze_blocks(first: int, inside: int, plan: tuple[tuple[int, int], ...]) -> nn.Sequential:
    """A row of blocks numbered from `first`, of the (channels, stride) of `plan`."""
    blocks = []
    for number, (outside, stride) in enumerate(plan, first):
        blocks.append(BlazeBlock(number, inside, outside, stride))
        inside = outside
    return nn.Sequential(*blocks)


class BlazeFaceShort(nn.Module):
    """float32 [B, 3, 128, 128], RGB in -1 .. 1 -> (regressors [B, 896, 16], logits [B, 896]).

    Per anchor, in pixels of the input: centre x, y, width, height, then six points (x, y), all but width and height relative to
    the anchor: the person's right eye, left eye, nose tip, mouth, right ear, left ear. 512 anchors of the fine head come first."""

    def __init__(self):
        super().__init__()
        self.stem = Conv("conv2d", 3, 24, kernel=5, stride=2)
        self.fine = blaze_blocks(0, 24, _FINE)
        self.coarse = blaze_blocks(len(_FINE), 88, _COARSE)
        self.fine_scores = Conv("classificator_8", 88, 2)
        self.coarse_scores = Conv("classificator_16", 96, 6)
        self.fine_boxes = Conv("regressor_8", 88, 2 * 16)
        self.coarse_boxes = Conv("regressor_16", 96, 6 * 16)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.fine(F.relu(self.stem(picture)))
        coarse = self.coarse(fine)
        boxes = torch.cat([per_anchor(self.fine_boxes(fine), 16), per_anchor(self.coarse_boxes(coarse), 16)], 1)
        scores = torch.cat([per_anchor(self.fine_scores(fine), 1), per_anchor(self.coarse_scores(coarse), 1)], 1)
        return boxes, scores[..., 0]


def per_anchor(cells: Tensor, numbers: int) -> Tensor:
    """[B, anchors x numbers, H, W] -> [B, H x W x anchors, numbers]: row by row, the anchors of a cell together."""
    return cells.permute(0, 2, 3, 1).reshape(cells.shape[0], -1, numbers)
