"""The expert by which Wav2Lip learns to fit lips to a voice: do five colour frames of a mouth belong to 0.2 s of sound?

K R Prajwal et al., "A Lip Sync Expert Is All You Need for Speech to Lip Generation In the Wild" (ACM MM 2020); tensor names of
github.com/Rudrabha/Wav2Lip (models/syncnet.py), file `lipsync_expert.pth`."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..wav2lip.layers import in_sequence
from ..wav2lip.layout import Block, conv, halving, residual, shrinking

FACE: Block = (
    conv(32, 7),
    conv(64, 5, stride=(1, 2), padding=1), *residual(64, 2),
    halving(128), *residual(128, 3),
    halving(256), *residual(256, 2),
    halving(512), *residual(512, 2),
    halving(512), shrinking(512), conv(512, 1))
"""48 x 96 pixels become 46 x 47, 23 x 24, 12 x 12, 6 x 6, 3 x 3, 1 x 1 of 512 channels."""

AUDIO: Block = (
    conv(32), *residual(32, 2),
    conv(64, stride=(3, 1)), *residual(64, 2),
    conv(128, stride=3), *residual(128, 2),
    conv(256, stride=(3, 2)), *residual(256, 2),
    shrinking(512), conv(512, 1))
"""80 x 16 mel cells become 27 x 16, 9 x 6, 3 x 3, 1 x 1 of 512 channels."""

FRAMES = 5


class ColourExpert(nn.Module):
    """Two encoders into one space of 512 dimensions, in which what belongs together points the same way."""

    def __init__(self) -> None:
        super().__init__()
        self.face_encoder, _ = in_sequence(3 * FRAMES, FACE, slope=0)
        self.audio_encoder, _ = in_sequence(1, AUDIO, slope=0)

    def forward(self, mel: Tensor, faces: Tensor) -> tuple[Tensor, Tensor]:
        """mel [B, 1, 80, 16], from -4 to 4; faces [B, 15, 48, 96] as `lower_halves` gives them. Returns the embeddings of sound and face,
        each [B, 512] of length 1. As no value is negative, their scalar product lies in 0..1 and is used as a probability."""
        return _unit(self.audio_encoder(mel)), _unit(self.face_encoder(faces))


def lower_halves(faces: Tensor) -> Tensor:
    """uint8 BGR [B, 5, 96, 96, 3], five frames one after another -> float32 0..1 [B, 15, 48, 96]: frame by frame, BGR in each."""
    halves = faces[:, :, faces.shape[2] // 2:].permute(0, 1, 4, 2, 3)
    return halves.flatten(1, 2).float() / 255


def sync_loss(cosine: Tensor) -> Tensor:
    """What Wav2Lip's training makes small: mean of -log(cosine), cosine [B] in 0..1."""
    return F.binary_cross_entropy(cosine, torch.ones_like(cosine))


def _unit(embedding: Tensor) -> Tensor:
    return F.normalize(embedding.flatten(1), dim=1)
