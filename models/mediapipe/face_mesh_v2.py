"""The face mesh of MediaPipe's Face Landmarker, version 2: 478 points, the first 468 being those of `face_mesh.py`.

Built as described by ComfyUI's own port (Comfy-Org/ComfyUI, comfy_extras/mediapipe, GPL-3.0: its tensor names and layer sizes are
used, none of its code), whose weights file this pack accepts in place of its own. Layers have the names of that file.
"""
from __future__ import annotations

from torch import Tensor, nn

from .face_mesh import POINTS, Whole
from .layers import Conv, Depthwise, PReLU, add_shortcut

ALL_POINTS = 478

_BLOCKS = ((16, 1), (16, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1), (128, 2), (128, 1),
           (128, 1), (128, 2), (128, 1), (128, 1), (128, 2), (128, 1), (128, 1))
"""(channels, stride) of the blocks from 96 x 96 to 3 x 3 cells."""


class MeshV2Block(nn.Module):
    """PReLU(shortcut + conv 1x1 (PReLU (depthwise 3x3)))."""

    def __init__(self, inside: int, outside: int, stride: int = 1):
        super().__init__()
        self.depthwise = Depthwise("depthwise", inside, stride)
        self.prelu_dwise = PReLU("prelu_dwise", inside)
        self.pointwise = Conv("pointwise", inside, outside)
        self.prelu_out = PReLU("prelu_out", outside)

    def forward(self, x: Tensor) -> Tensor:
        return self.prelu_out(add_shortcut(self.pointwise(self.prelu_dwise(self.depthwise(x))), x, self.depthwise.stride[0]))


class FaceMeshV2(nn.Module):
    """As `face_mesh.FaceMesh`: float32 [B, 3, 192, 192], RGB in 0 .. 1 -> (points [B, 468, 3] in pixels of the input, logits [B]).

    The ten points of the irises that the network also gives are left out."""

    def __init__(self):
        super().__init__()
        self.stem = Conv("stem", 3, 16, kernel=3, stride=2)
        self.prelu_stem = PReLU("prelu_stem", 16)
        blocks, inside = [], 16
        for outside, stride in _BLOCKS:
            blocks.append(MeshV2Block(inside, outside, stride))
            inside = outside
        self.blocks = nn.Sequential(*blocks)
        self.head_reduce = Conv("head_reduce", 128, 8)
        self.prelu_head_reduce = PReLU("prelu_head_reduce", 8)
        self.head_block = MeshV2Block(8, 8)
        self.head_landmarks = Whole("head_landmarks", 8, 3 * ALL_POINTS)
        self.head_presence = Whole("head_presence", 8, 1)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        x = self.blocks(self.prelu_stem(self.stem(picture)))
        x = self.head_block(self.prelu_head_reduce(self.head_reduce(x)))
        return self.head_landmarks(x).reshape(-1, ALL_POINTS, 3)[:, :POINTS], self.head_presence(x)[:, 0]
