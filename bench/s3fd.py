"""What the published script's face detector costs: S3FD (Zhang et al. 2017, "S3FD: Single Shot Scale-invariant Face Detector"), VGG16 with
six pairs of heads, in the widths and paddings that Rudrabha/Wav2Lip ships. Stand-in weights: no box of its is of use."""
from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import max_pool2d

_VGG = (3, 64, 64), (64, 128, 128), (128, 256, 256, 256), (256, 512, 512, 512), (512, 512, 512, 512)
_HEADED = 2, 3, 4  # stages of VGG whose features go to heads
_FURTHER = (((512, 1024, 3, 1, 3), (1024, 1024, 1, 1, 0)), ((1024, 256, 1, 1, 0), (256, 512, 3, 2, 1)),
            ((512, 128, 1, 1, 0), (128, 256, 3, 2, 1)))  # in, out, kernel, stride, padding of each layer


class S3FD(nn.Module):
    """float32 BGR [B, 3, H, W] less its mean -> six maps of scores and boxes, float32 [B, 6 or 8, h, w]."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(_stage([(a, b, 3, 1, 1) for a, b in zip(widths, widths[1:], strict=False)]) for widths in _VGG)
        self.further = nn.ModuleList(_stage(layers) for layers in _FURTHER)
        self.heads = nn.ModuleList(nn.Conv2d(width, made, 3, padding=1)
                                   for width, made in ((256, 8), (512, 6), (512, 6), (1024, 6), (512, 6), (256, 6)))

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        features, seen = pictures, []
        for number, stage in enumerate(self.stages):
            features = stage(features)
            if number in _HEADED:
                seen.append(features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10))
            features = max_pool2d(features, 2)
        for stage in self.further:
            features = stage(features)
            seen.append(features)
        return [head(one) for head, one in zip(self.heads, seen, strict=True)]


def _stage(layers) -> nn.Sequential:
    made = []
    for given, wide, kernel, stride, padding in layers:
        made += [nn.Conv2d(given, wide, kernel, stride, padding), nn.ReLU()]
    return nn.Sequential(*made)
