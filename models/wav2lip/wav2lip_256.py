"""Wav2Lip, 256 x 256, as LiveTalking (github.com/lipku/LiveTalking, models/wav2lip_v2) ships it: one more halving than the 96 network, and
a bottleneck of 4 x 4. The file wav2lip256.pth."""
from __future__ import annotations

from .layout import AUDIO_512, Layout, conv, doubling, growing, halving, residual, shrinking

LAYOUT = Layout(
    name="Wav2Lip 256",
    size=256,
    encoder=(
        (conv(16, 7),),                          # 256
        (halving(32), *residual(32, 2)),         # 128
        (halving(64), *residual(64, 3)),         # 64
        (halving(128), *residual(128, 2)),       # 32
        (halving(256), *residual(256, 2)),       # 16
        (halving(512), *residual(512)),          # 8
        (halving(512), *residual(512)),          # 4
        (shrinking(512, 4), conv(512, 1))),      # 1
    audio=AUDIO_512,
    decoder=(
        (conv(512, 1),),                         # 1
        (growing(512, 4), *residual(512)),       # 4
        (doubling(512), *residual(512)),         # 8
        (doubling(512), *residual(512, 2)),      # 16
        (doubling(384), *residual(384, 2)),      # 32
        (doubling(256), *residual(256, 2)),      # 64
        (doubling(128), *residual(128, 2)),      # 128
        (doubling(64), *residual(64, 2))),       # 256
    source="github.com/lipku/LiveTalking")
