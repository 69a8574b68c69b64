"""Wav2Lip, 288 x 288, of github.com/primepake/wav2lip_288x288 (models/wav2lipv2.py as of 2025). No weights of it are known to be public."""
from __future__ import annotations

from .layout import AUDIO_512, Layout, conv, doubling, growing, halving, residual, shrinking

LAYOUT = Layout(
    name="Wav2Lip 288",
    size=288,
    encoder=(
        (conv(16, 7),),                                         # 288
        (conv(32, 5, stride=2), *residual(32)),                 # 144
        (halving(32), *residual(32, 2)),                        # 72
        (halving(64), *residual(64, 3)),                        # 36
        (halving(128), *residual(128, 2)),                      # 18
        (halving(256), *residual(256, 2)),                      # 9
        (halving(512), *residual(512)),                         # 5
        (shrinking(512), conv(512, 1)),                         # 3
        (shrinking(512), conv(512, 1))),                        # 1
    audio=AUDIO_512,
    decoder=(
        (conv(512, 1),),                                        # 1
        (growing(512), *residual(512)),                         # 3
        (doubling(512, output_padding=0), *residual(512, 2)),   # 5
        (doubling(512, output_padding=0), *residual(512, 2)),   # 9
        (doubling(384), *residual(384, 2)),                     # 18
        (doubling(256), *residual(256, 2)),                     # 36
        (doubling(128), *residual(128, 2)),                     # 72
        (doubling(64), *residual(64, 2)),                       # 144
        (doubling(64), *residual(64, 2))),                      # 288
    source="github.com/primepake/wav2lip_288x288")
