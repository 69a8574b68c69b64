"""IFNet, the flow network of RIFE: the picture half way between two (Huang et al. 2022, "Real-Time Intermediate Flow Estimation for
Video Frame Interpolation"), in the layout HDv3 of the practical models 3.x (hzwer/Practical-RIFE), under their tensor names.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample, interpolate

MULTIPLE = 16
"""Height and width must be multiples of it (at scale 1)."""

_SWAPPED = [2, 3, 0, 1]


class IFBlock(nn.Module):
    """One refinement of flow and mask at a coarser scale."""

    def __init__(self, in_channels: int, channels: int = 90) -> None:
        super().__init__()
        self.conv0 = nn.Sequential(_conv(in_channels, channels // 2, 2), _conv(channels // 2, channels, 2))
        for number in range(4):
            setattr(self, f"convblock{number}", nn.Sequential(_conv(channels, channels), _conv(channels, channels)))
        self.conv1 = _head(channels, 4)
        self.conv2 = _head(channels, 1)

    def forward(self, pictures: Tensor, flow: Tensor, scale: float) -> tuple[Tensor, Tensor]:
        """pictures: [B, 7, H, W], both pictures and the mask. flow: [B, 4, H, W], x and y to either picture in pixels. Returns what to add
        to the flow [B, 4, H, W] and to the mask [B, 1, H, W]."""
        shrunk = torch.cat([_resized(pictures, 1 / scale), _resized(flow, 1 / scale) / scale], 1)
        hidden = self.conv0(shrunk)
        for block in (self.convblock0, self.convblock1, self.convblock2, self.convblock3):
            hidden = block(hidden) + hidden
        return _resized(self.conv1(hidden), scale) * scale, _resized(self.conv2(hidden), scale)


class IFNet(nn.Module):
    """Three blocks from coarse to fine. (A fourth, `block_tea`, lies in the file and is only used in training.)"""

    def __init__(self) -> None:
        super().__init__()
        self.block0, self.block1, self.block2 = (IFBlock(11) for _ in range(3))

    def forward(self, first: Tensor, second: Tensor, scale: float = 1.0) -> Tensor:
        """first, second: [B, 3, H, W], 0 .. 1, H and W multiples of 16 / scale. Returns the picture between them, about 0 .. 1."""
        return self.refinements(first, second, scale)[-1][2]

    def refinements(self, first: Tensor, second: Tensor, scale: float = 1.0) -> list[tuple[Tensor, Tensor, Tensor]]:
        """After each block: flow [B, 4, H, W], weight of the first picture [B, 1, H, W], the picture between [B, 3, H, W]."""
        flow = first.new_zeros(len(first), 4, *first.shape[2:])
        mask = flow[:, :1]
        one, other = first, second
        made = []
        for block, step in ((self.block0, 4), (self.block1, 2), (self.block2, 1)):
            there, seen = block(torch.cat([one, other, mask], 1), flow, step / scale)
            back, unseen = block(torch.cat([other, one, -mask], 1), flow[:, _SWAPPED], step / scale)
            flow = flow + (there + back[:, _SWAPPED]) / 2
            mask = mask + (seen - unseen) / 2
            one, other = warped(first, flow[:, :2]), warped(second, flow[:, 2:])
            weight = mask.sigmoid()
            made.append((flow, weight, one * weight + other * (1 - weight)))
        return made


def warped(picture: Tensor, flow: Tensor) -> Tensor:
    """picture [B, C, H, W] as seen through flow [B, 2, H, W], x and y in pixels; bilinear, the border repeated."""
    height, width = picture.shape[2:]
    rows = torch.linspace(-1, 1, height, device=flow.device, dtype=flow.dtype)
    columns = torch.linspace(-1, 1, width, device=flow.device, dtype=flow.dtype)
    x = columns[None, None] + flow[:, 0] * (2 / (width - 1))
    y = rows[None, :, None] + flow[:, 1] * (2 / (height - 1))
    return grid_sample(picture, torch.stack([x, y], 3), mode="bilinear", padding_mode="border", align_corners=True)


def _conv(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, stride, 1), nn.PReLU(out_channels))


def _head(channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1), nn.PReLU(channels // 2),
                         nn.ConvTranspose2d(channels // 2, out_channels, 4, 2, 1))


def _resized(tensor: Tensor, factor: float) -> Tensor:
    return tensor if factor == 1 else interpolate(tensor, scale_factor=factor, mode="bilinear", align_corners=False)
