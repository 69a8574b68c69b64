"""What differs between the two SyncNets a film can be judged by: what they see, what they hear, and how both are compared."""
from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..host.progress import Progress
from ..media.sound import Sound
from ..models.syncnet import colour_expert, lse_syncnet
from ..models.syncnet.lse_distance import lse_distances
from ..speech.mfcc import sound_mfcc
from ..speech.wav2lip_mel import COLUMNS_PER_SECOND, SILENCE, WINDOW_COLUMNS, wav2lip_mel
from .syncnet_crops import face_outline, wide_outline

FRAMES = 5
"""Frames of 25 a second in a window of either."""


class LseJudge:
    """`LseSyncNet`: the whole face from afar, MFCC, Euclidean distance."""

    side, outline = lse_syncnet.SIDE, staticmethod(wide_outline)
    embedding = lse_syncnet.EMBEDDING

    def __init__(self, network: nn.Module, sound: Sound, progress: Progress) -> None:
        self._network, self._mfcc = network, sound_mfcc(sound, progress)

    def lips(self, windows: torch.Tensor) -> torch.Tensor:
        """uint8 BGR [B, 5, 224, 224, 3] -> [B, 1024]."""
        return self._network.lips(windows.permute(0, 4, 1, 2, 3).float())

    def heard(self, start: int, stop: int) -> torch.Tensor:
        """What is heard with frames start .. stop-1: [n, 1, 13, 20]."""
        rows = [self._mfcc[4 * i:4 * i + lse_syncnet.COLUMNS] for i in range(start, stop)]
        short = [np.pad(row, ((0, lse_syncnet.COLUMNS - len(row)), (0, 0)), mode="edge") for row in rows]  # the last may miss a column
        return torch.from_numpy(np.stack(short)).permute(0, 2, 1)[:, None]

    def sound(self, heard: torch.Tensor) -> torch.Tensor:
        """[n, 1, 13, 20] -> [n, 1024]."""
        return self._network.sound(heard)

    def compare(self, lips: np.ndarray, sound: np.ndarray) -> np.ndarray:
        """float [31]: of one window's lips [1024] with the sound around it [31, 1024]; smaller is better."""
        return lse_distances(lips[None], sound)[0]


class ExpertJudge:
    """`ColourExpert`: the lower half of the face alone, Wav2Lip's mel, 1 - cosine."""

    side, outline = 96, staticmethod(face_outline)
    embedding = 512

    def __init__(self, network: nn.Module, sound: Sound, progress: Progress) -> None:
        self._network, self._mel = network, wav2lip_mel(sound, progress).T

    def lips(self, windows: torch.Tensor) -> torch.Tensor:
        """uint8 BGR [B, 5, 96, 96, 3] -> [B, 512] of length 1."""
        faces = self._network.face_encoder(colour_expert.lower_halves(windows))
        return nn.functional.normalize(faces.flatten(1), dim=1)

    def heard(self, start: int, stop: int) -> torch.Tensor:
        """What is heard with frames start .. stop-1: [n, 1, 80, 16], silence behind the end."""
        firsts = [i * COLUMNS_PER_SECOND // 25 for i in range(start, stop)]
        rows = [self._mel[first:first + WINDOW_COLUMNS] for first in firsts]
        whole = [np.pad(row, ((0, WINDOW_COLUMNS - len(row)), (0, 0)), constant_values=SILENCE) for row in rows]
        return torch.from_numpy(np.stack(whole)).permute(0, 2, 1)[:, None]

    def sound(self, heard: torch.Tensor) -> torch.Tensor:
        """[n, 1, 80, 16] -> [n, 512] of length 1."""
        return nn.functional.normalize(self._network.audio_encoder(heard).flatten(1), dim=1)

    def compare(self, lips: np.ndarray, sound: np.ndarray) -> np.ndarray:
        """float [31]: of one window's lips [512] with the sound around it [31, 512]; smaller is better."""
        return 1 - sound @ lips
