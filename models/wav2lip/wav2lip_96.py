"""Wav2Lip, 96 x 96: "A Lip Sync Expert Is All You Need for Speech to Lip Generation In the Wild", Prajwal et al. 2020, arXiv:2008.10010.

The files wav2lip.pth and wav2lip_gan.pth; code at github.com/Rudrabha/Wav2Lip."""
from __future__ import annotations

from .layout import AUDIO_512, Layout, conv, doubling, growing, halving, residual, shrinking

LAYOUT = Layout(
    name="Wav2Lip 96",
    size=96,
    encoder=(
        (conv(16, 7),),                          # 96
        (halving(32), *residual(32, 2)),         # 48
        (halving(64), *residual(64, 3)),         # 24
        (halving(128), *residual(128, 2)),       # 12
        (halving(256), *residual(256, 2)),       # 6
        (halving(512), *residual(512)),          # 3
        (shrinking(512), conv(512, 1))),         # 1
    audio=AUDIO_512,
    decoder=(
        (conv(512, 1),),                         # 1
        (growing(512), *residual(512)),          # 3
        (doubling(512), *residual(512, 2)),      # 6
        (doubling(384), *residual(384, 2)),      # 12
        (doubling(256), *residual(256, 2)),      # 24
        (doubling(128), *residual(128, 2)),      # 48
        (doubling(64), *residual(64, 2))),       # 96
    source="github.com/Rudrabha/Wav2Lip")
