"""BlazeFace of the rear camera: as the short-range network, at twice the resolution; finds small faces the others miss."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blaze_face_short import blaze_blocks, per_anchor
from .layers import Conv, Depthwise

SIZE = 256
ANCHORS = ((16, 2), (32, 6))
"""(stride in pixels, anchors a cell) of the two heads, in the order of the outputs."""

_BLOCKS = ((24, 1),) * 7 + ((24, 2),) + ((24, 1),) * 7 + ((48, 2),) + ((48, 1),) * 7 + ((96, 2),) + ((96, 1),) * 7


class BlazeFaceBack(nn.Module):
    """float32 [B, 3, 256, 256], RGB in -1 .. 1 -> (regressors [B, 896, 16], logits [B, 896]), as BlazeFaceShort, with heads of
    16 x 16 and 8 x 8 cells."""

    def __init__(self):
        super().__init__()
        self.stem = Conv("conv2d", 3, 24, kernel=5, stride=2)
        self.blocks = blaze_blocks(0, 24, _BLOCKS)
        self.halve = nn.Sequential(
            Depthwise("separable_conv2d__xeno_compat__depthwise", 96, stride=2),
            Conv("separable_conv2d", 96, 96),
            nn.ReLU(),
        )
        self.fine_scores = Conv("classificator_16", 96, 2)
        self.coarse_scores = Conv("classificator_32", 96, 6)
        self.fine_boxes = Conv("regressor_16", 96, 2 * 16)
        self.coarse_boxes = Conv("regressor_32", 96, 6 * 16)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.blocks(F.relu(self.stem(picture)))
        coarse = self.halve(fine)
        boxes = torch.cat([per_anchor(self.fine_boxes(fine), 16), per_anchor(self.coarse_boxes(coarse), 16)], 1)
        scores = torch.cat([per_anchor(self.fine_scores(fine), 1), per_anchor(self.coarse_scores(coarse), 1)], 1)
        return boxes, scores[..., 0]
