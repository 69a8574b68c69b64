"""The iris network: lids, brow and iris of one eye.

"Real-time Pupil Tracking from Monocular Video for Digital Puppetry", Ablavatski et al. 2020, arXiv:2006.11341.
"""
from __future__ import annotations

from torch import Tensor, nn

from .layers import Conv, Depthwise, PReLU, add_shortcut, numbered

SIZE = 64
CONTOUR_POINTS = 71
IRIS_POINTS = 5


class EyeBlock(nn.Module):
    """PReLU(shortcut + conv 1x1 (depthwise 3x3 (PReLU(squeeze)))). The squeeze is 1x1, or 2x2 where the block halves the picture.

    number: of its first convolution; PReLUs have the same numbers, depthwise convolutions have their own."""

    def __init__(self, number: int, depthwise: int, inside: int, bottleneck: int, outside: int, stride: int = 1):
        super().__init__()
        self.squeeze = Conv(numbered("conv2d", number), inside, bottleneck, kernel=stride, stride=stride)
        self.inner = PReLU(numbered("p_re_lu", number), bottleneck)
        self.depthwise = Depthwise(numbered("depthwise_conv2d", depthwise), bottleneck)
        self.expand = Conv(numbered("conv2d", number + 1), bottleneck, outside)
        self.activation = PReLU(numbered("p_re_lu", number + 1), outside)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(add_shortcut(self.expand(self.depthwise(self.inner(self.squeeze(x)))), x, self.squeeze.stride[0]))


class Whole(Conv):
    """Convolution over the whole of a 2 x 2 grid: [B, inside, 2, 2] -> [B, outside]."""

    def __init__(self, name: str, inside: int, outside: int):
        super().__init__(name, inside, outside, kernel=2)
        self.padding = (0, 0)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).flatten(1)


def _branch(number: int, depthwise: int, head: Conv) -> nn.Sequential:
    """From 8 x 8 to 2 x 2 cells, eight blocks numbered from `number` and `depthwise`, and the head."""
    strides = (1, 1, 2, 1, 1, 2, 1, 1)
    blocks = (EyeBlock(number + 2 * i, depthwise + i, 128, 64, 128, stride) for i, stride in enumerate(strides))
    return nn.Sequential(*blocks, head)


class Iris(nn.Module):
    """float32 [B, 3, 64, 64], RGB in 0 .. 1, the person's right eye (or the left one mirrored) in the middle, the distance of its
    corners being 1 / 2.3 of the side -> (contours [B, 71, 3], iris [B, 5, 3]), in pixels of the input, z in the same unit.

    Contours: 0 .. 8 lower lid from the outer to the inner corner, 9 .. 15 upper lid between them, then wider rings and the brow.
    Iris: its centre, then four points on its edge."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(Conv("conv2d", 3, 64, kernel=3, stride=2), PReLU("p_re_lu", 64))
        plan = ((64, 32, 64, 1),) * 4 + ((64, 64, 128, 2),) + ((128, 64, 128, 1),) * 4 + ((128, 64, 128, 2),)
        self.trunk = nn.Sequential(*(
            EyeBlock(1 + 2 * i, i, inside, bottleneck, outside, stride)
            for i, (inside, bottleneck, outside, stride) in enumerate(plan)))
        self.contours = _branch(21, 10, Whole("conv_eyes_contours_and_brows", 128, 3 * CONTOUR_POINTS))
        self.iris = _branch(37, 18, Whole("conv_iris", 128, 3 * IRIS_POINTS))

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(self.stem(picture))
        return self.contours(features).reshape(-1, CONTOUR_POINTS, 3), self.iris(features).reshape(-1, IRIS_POINTS, 3)
