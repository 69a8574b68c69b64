"""Wav2Lip, 384 x 384, with spatial attention, of github.com/langzizhixin/wav2lip384x384 (the same network in jasonliu0704/wav2lip384).

The files wav2lip384.pth and LangXin V1. The halvings end in one cell only at 192 x 192; at 384 the bottleneck has 4 x 4 cells, and the
single cell of the audio embedding is spread over them by the attention's broadcast. Any multiple of 64 from 192 works."""
from __future__ import annotations

from .layout import Layout, audio_1024, conv, doubling, growing, halving, residual, shrinking

LAYOUT = Layout(
    name="Wav2Lip 384",
    size=384,
    encoder=(
        (conv(16, 7), *residual(16, 3)),                  # 384
        (halving(32), *residual(32, 3)),                  # 192
        (halving(64), *residual(64, 3)),                  # 96
        (halving(128), *residual(128, 3)),                # 48
        (halving(256), *residual(256, 3)),                # 24
        (halving(512), *residual(512, 3)),                # 12
        (halving(1024), *residual(1024, 3)),              # 6
        (shrinking(1024), conv(1024, 1), conv(1024, 1))), # 4
    audio=audio_1024(),
    decoder=(
        (conv(1024, 1),),                                 # 1, by the attention 4
        (growing(1024), *residual(1024)),                 # 6
        (doubling(1024), *residual(1024, 2)),             # 12
        (doubling(768), *residual(768, 2)),               # 24
        (doubling(512), *residual(512, 2)),               # 48
        (doubling(256), *residual(256, 2)),               # 96
        (doubling(128), *residual(128, 2)),               # 192
        (doubling(64), *residual(64, 2))),                # 384
    source="github.com/langzizhixin/wav2lip384x384",
    attention=True,
    refine="unused")
