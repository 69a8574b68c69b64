"""The Wav2Lip generator: a face whose lower half is masked, the same person's face, and 0.2 s of sound become the face that says it.

Prajwal et al. 2020, arXiv:2008.10010. What differs between the published networks stands in their `Layout`."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import ConvUnit, SpatialAttention, in_sequence
from .layout import Layout, Unit


class Wav2Lip(nn.Module):
    """A generator of any layout. Its encoder's features are joined, last one first, after each block of the decoder."""

    def __init__(self, layout: Layout):
        super().__init__()
        self.layout = layout
        if layout.attention:
            self.sam = SpatialAttention()
        self.audio_encoder, embedding = in_sequence(1, layout.audio, layout.slope)
        if layout.refine:
            refine = (Unit("conv", embedding, 1, padding=0),) * 2
            self.audio_refine, _ = in_sequence(embedding, refine, layout.slope)
        widths, encoder, decoder = [6], [], []
        for block in layout.encoder:
            made, width = in_sequence(widths[-1], block, layout.slope)
            encoder.append(made)
            widths.append(width)
        inside = embedding
        for block, skip in zip(layout.decoder, reversed(widths), strict=False):
            made, width = in_sequence(inside, block, layout.slope)
            decoder.append(made)
            inside = width + skip
        self.face_encoder_blocks, self.face_decoder_blocks = nn.ModuleList(encoder), nn.ModuleList(decoder)
        last = ConvUnit(inside, Unit("conv", layout.output), layout.slope)
        self.output_block = nn.Sequential(last, nn.Conv2d(layout.output, 3, 1))

    def forward(self, mel: Tensor, face: Tensor, gain: Tensor | float = 1.0) -> Tensor:
        """mel: float [B, 1, 80, 16] (see `speech.wav2lip_mel`). face: float [B, 6, S, S], BGR masked face then BGR whole face, in the
        layout's `pixels` (see `masked_input`). gain: the audio embedding is multiplied by it, 1 as published.

        Returns float [B, 3, S, S], BGR, in the layout's `pixels`. As in training, mel [B, T, 1, 80, 16] with face [B, 6, T, S, S] gives
        [B, 3, T, S, S]."""
        if face.ndim == 5:
            length = face.shape[2]
            made = self.forward(mel.transpose(0, 1).flatten(0, 1), face.permute(2, 0, 1, 3, 4).flatten(0, 1), gain)
            return made.unflatten(0, (length, -1)).permute(1, 2, 0, 3, 4)
        logits = self.logits(mel, face, gain)
        return torch.tanh(logits) if self.layout.squash == "tanh" else torch.sigmoid(logits)

    def logits(self, mel: Tensor, face: Tensor, gain: Tensor | float = 1.0) -> Tensor:
        """The same before it is squashed."""
        features = []
        for block in self.face_encoder_blocks:
            face = block(face)
            features.append(face)
        x = self.embedding(mel) * gain
        for block in self.face_decoder_blocks:
            x, feature = block(x), features.pop()
            if self.layout.attention:
                x = self.sam(feature, x)
            x = torch.cat([x, feature], 1)
        last = self.output_block[1]
        return last(self.output_block[0](x).to(last.weight.dtype))  # in half precision the last step alone stays float32

    def embedding(self, mel: Tensor) -> Tensor:
        """float [B, C, 1, 1] of the sound, mel [B, 1, 80, 16]."""
        heard = self.audio_encoder(mel)
        if self.layout.refine in ("used", "unit"):
            heard = self.audio_refine(heard)
        return F.normalize(heard, dim=1).clamp(-1, 1) if self.layout.refine == "unit" else heard


def masked_input(faces: Tensor, layout: Layout) -> Tensor:
    """float32 [B, 6, S, S] from uint8 faces [B, 3, S, S] (BGR): the face without its lower half, then the whole face."""
    black, white = layout.pixels
    whole = faces.float() * ((white - black) / 255) + black
    masked, side, margin = whole.clone(), whole.shape[-1], layout.margin
    masked[:, :, side // 2:side - margin, margin:side - margin] = black
    return torch.cat([masked, whole], 1)


def as_pictures(made: Tensor, layout: Layout) -> Tensor:
    """uint8 [B, 3, S, S] of what a generator made, rounded."""
    black, white = layout.pixels
    return ((made.float() - black) * (255 / (white - black))).round().clamp(0, 255).to(torch.uint8)
