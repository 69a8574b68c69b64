"""The face mesh: 468 points of a face, with depth.

"Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", Kartynnik et al. 2019, arXiv:1907.06724.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn

from .layers import Conv, Depthwise, PReLU, add_shortcut, numbered

SIZE = 192
POINTS = 468

_TRUNK = ((16, 1), (16, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1),
          (128, 2), (128, 1), (128, 1), (128, 2), (128, 1), (128, 1))
"""(channels, stride) of the blocks from 96 x 96 to 6 x 6 cells."""

_WIDE = 2
"""Blocks at 96 x 96 cells. They are run picture by picture, as what one of them makes of one picture (0.6 MB) stays in a processor's cache:
8 pictures at once take a fifth less time so, to the same bits."""


class MeshBlock(nn.Module):
    """PReLU(shortcut + conv 1x1 (depthwise 3x3)). The three numbers are those of its layers' published names."""

    def __init__(self, depthwise: int, conv: int, prelu: int, inside: int, outside: int, stride: int = 1):
        super().__init__()
        self.depthwise = Depthwise(numbered("depthwise_conv2d", depthwise), inside, stride)
        self.pointwise = Conv(numbered("conv2d", conv), inside, outside)
        self.activation = PReLU(numbered("p_re_lu", prelu), outside)
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(add_shortcut(self.pointwise(self.depthwise(x)), x, self.stride))


class Whole(Conv):
    """Convolution over the whole of a 3 x 3 grid: [B, inside, 3, 3] -> [B, outside]."""

    def __init__(self, name: str, inside: int, outside: int):
        super().__init__(name, inside, outside, kernel=3)
        self.padding = (0, 0)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).flatten(1)


class FaceMesh(nn.Module):
    """float32 [B, 3, 192, 192], RGB in 0 .. 1, an upright face at about 2/3 of the side -> (points [B, 468, 3], logits [B]).

    x, y in pixels of the input, z in the same unit (smaller is nearer to the camera); the logit is above 0 where it is a face."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(Conv("conv2d", 3, 16, kernel=3, stride=2), PReLU("p_re_lu", 16))
        blocks, inside = [], 16
        for i, (outside, stride) in enumerate(_TRUNK):
            blocks.append(MeshBlock(i, i + 1, i + 1, inside, outside, stride))
            inside = outside
        self.trunk = nn.Sequential(*blocks)
        self.points = nn.Sequential(
            MeshBlock(14, 15, 15, 128, 128, stride=2),
            MeshBlock(15, 16, 16, 128, 128),
            MeshBlock(16, 17, 17, 128, 128),
            Conv("conv2d_18", 128, 32),
            PReLU("p_re_lu_18", 32),
            MeshBlock(17, 19, 19, 32, 32),
            Whole("conv2d_20", 32, 3 * POINTS),
        )
        self.flag = nn.Sequential(
            MeshBlock(22, 27, 25, 128, 128, stride=2),
            Conv("conv2d_28", 128, 32),
            PReLU("p_re_lu_26", 32),
            MeshBlock(23, 29, 27, 32, 32),
            Whole("conv2d_30", 32, 1),
        )

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        wide, narrow = self.trunk[:_WIDE], self.trunk[_WIDE:]
        features = narrow(torch.cat([wide(self.stem(one)) for one in picture.split(1)]))
        return self.points(features).reshape(-1, POINTS, 3), self.flag(features)[:, 0]
