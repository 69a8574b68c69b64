"""The SyncNet by which lip sync is measured: five frames of a face and 0.2 s of sound, each as a point in a space of 1024 dimensions.

J. S. Chung, A. Zisserman, "Out of time: automated lip sync in the wild" (ACCV workshops 2016); tensor names of
github.com/joonson/syncnet_python (SyncNetModel.py), file `syncnet_v2.model`."""
from __future__ import annotations

from torch import Tensor, nn

FRAMES = 5
"""Frames of 25 a second that a window sees."""

COLUMNS = 20
"""MFCC columns of 100 a second that a window hears; the window of frame i begins at column 4 i."""

SIDE = 224
EMBEDDING = 1024


class LseSyncNet(nn.Module):
    """Far apart what does not belong together, near what does. Convolutions stand at their published places in a sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_sound(1, 64, 3, 1), nn.MaxPool2d(1),
            *_sound(64, 192, 3, 1), nn.MaxPool2d(3, (1, 2)),
            *_sound(192, 384, 3, 1), *_sound(384, 256, 3, 1), *_sound(256, 256, 3, 1), nn.MaxPool2d(3, 2),
            *_sound(256, 512, (5, 4), 0))
        self.netfcaud = _head()
        self.netcnnlip = nn.Sequential(
            *_lips(3, 96, (5, 7, 7), (1, 2, 2), 0), nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_lips(96, 256, (1, 5, 5), (1, 2, 2), (0, 1, 1)), nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            *_lips(256, 256, (1, 3, 3), 1, (0, 1, 1)), *_lips(256, 256, (1, 3, 3), 1, (0, 1, 1)),
            *_lips(256, 256, (1, 3, 3), 1, (0, 1, 1)), nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_lips(256, 512, (1, 6, 6), 1, 0))
        self.netfclip = _head()

    def lips(self, faces: Tensor) -> Tensor:
        """faces [B, 3, 5, 224, 224], BGR, 0..255 as float -> [B, 1024]."""
        return self.netfclip(self.netcnnlip(faces).flatten(1))

    def sound(self, mfcc: Tensor) -> Tensor:
        """mfcc [B, 1, 13, 20] of samples that reach to ±32768 -> [B, 1024]."""
        return self.netfcaud(self.netcnnaud(mfcc).flatten(1))


def _sound(inside: int, channels: int, kernel, padding) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inside, channels, kernel, padding=padding), nn.BatchNorm2d(channels), nn.ReLU(inplace=True)


def _lips(inside: int, channels: int, kernel, stride, padding) -> tuple[nn.Module, ...]:
    return nn.Conv3d(inside, channels, kernel, stride, padding), nn.BatchNorm3d(channels), nn.ReLU(inplace=True)


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(inplace=True), nn.Linear(512, EMBEDDING))
