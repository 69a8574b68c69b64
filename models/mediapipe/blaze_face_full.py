"""BlazeFace, full range: faces down to a few percent of the picture, such as those of standing people.

A backbone of double blocks and a feature pyramid that climbs back to 48 x 48 cells, one anchor each (MediaPipe model card
"Face Detection Full Range", 2021).
"""
from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .blaze_face_short import per_anchor
from .layers import Conv, Depthwise, add_shortcut, numbered

SIZE = 192
ANCHORS = ((4, 1),)
"""(stride in pixels, anchors a cell) of the one head."""

_STAGES = (
    ((32, 8, 1), (32, 8, 1)),
    ((48, 12, 2), (48, 12, 1), (64, 16, 1)),
    ((96, 24, 2), (128, 32, 1), (128, 32, 1)),
    ((144, 36, 2), (192, 48, 1), (256, 64, 1)),
    ((384, 96, 2), (384, 96, 1), (384, 96, 1), (384, 96, 1)),
)
"""(channels, channels of the bottleneck, stride) of the blocks at 96, 48, 24, 12 and 6 cells a side."""


class DoubleBlazeBlock(nn.Module):
    """ReLU(shortcut + conv 1x1 (depthwise (ReLU(conv 1x1 (depthwise)))), through a bottleneck.

    depthwise, conv: numbers of the first of its two depthwise and its two 1x1 convolutions."""

    def __init__(self, depthwise: int, conv: int, inside: int, outside: int, bottleneck: int, stride: int = 1):
        super().__init__()
        self.depthwise = Depthwise(numbered("depthwise_conv2d", depthwise), inside, stride)
        self.squeeze = Conv(numbered("conv2d", conv), inside, bottleneck)
        self.depthwise_2 = Depthwise(numbered("depthwise_conv2d", depthwise + 1), bottleneck)
        self.expand = Conv(numbered("conv2d", conv + 1), bottleneck, outside)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu_(add_shortcut(self.expand(self.depthwise_2(F.relu(self.squeeze(self.depthwise(x))))), x, self.depthwise.stride[0]))


class Climb(nn.Module):
    """One step up the pyramid: ReLU(1x1 (coarse)) enlarged twice by half-pixel bilinear + ReLU(1x1 (fine)), then blocks."""

    def __init__(self, depthwise: int, conv: int, coarse: int, fine: int, channels: int, blocks: int):
        super().__init__()
        self.from_coarse = Conv(numbered("conv2d", conv), coarse, channels)
        self.from_fine = Conv(numbered("conv2d", conv + 1), fine, channels)
        self.blocks = nn.Sequential(*(
            DoubleBlazeBlock(depthwise + 2 * i, conv + 2 + 2 * i, channels, channels, channels // 2) for i in range(blocks)))

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        enlarged = F.interpolate(F.relu(self.from_coarse(coarse)), scale_factor=2, mode="bilinear", align_corners=False)
        return self.blocks(F.relu(self.from_fine(fine)) + enlarged)


class BlazeFaceFull(nn.Module):
    """float32 [B, 3, 192, 192], RGB in -1 .. 1 -> (regressors [B, 2304, 16], logits [B, 2304]), meaning as in BlazeFaceShort."""

    def __init__(self):
        super().__init__()
        self.stem = Conv("conv2d", 3, 32, kernel=3, stride=2)
        stages, depthwise, conv, inside = [], 0, 1, 32
        for plan in _STAGES:
            blocks = []
            for outside, bottleneck, stride in plan:
                blocks.append(DoubleBlazeBlock(depthwise, conv, inside, outside, bottleneck, stride))
                depthwise, conv, inside = depthwise + 2, conv + 2, outside
            stages.append(nn.Sequential(*blocks))
        self.at_96, self.at_48, self.at_24, self.at_12, self.at_6 = stages
        self.up_12 = Climb(30, 31, coarse=384, fine=256, channels=96, blocks=2)
        self.up_24 = Climb(34, 37, coarse=96, fine=128, channels=64, blocks=2)
        self.up_48 = Climb(38, 43, coarse=64, fine=64, channels=48, blocks=1)
        self.scores = Conv("classifier_face_4", 48, 1)
        self.boxes = Conv("regressor_face_4", 48, 16)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        at_48 = self.at_48(self.at_96(F.relu(self.stem(picture))))
        at_24 = self.at_24(at_48)
        at_12 = self.at_12(at_24)
        cells = self.up_12(self.at_6(at_12), at_12)
        cells = self.up_48(self.up_24(cells, at_24), at_48)
        return per_anchor(self.boxes(cells), 16), per_anchor(self.scores(cells), 1)[..., 0]
