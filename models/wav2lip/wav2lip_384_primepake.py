"""Wav2Lip of 384 x 384 with spatial attention and tanh, of github.com/primepake/wav2lip_288x288 (models/sam.py, Wav2Lip_384). Its audio
encoder is that of its SyncNet, LeakyReLU with ReLU at the end. No weights of it are known to be public."""
from __future__ import annotations

from .layout import Layout, audio_1024, conv, doubling, growing, halving, residual, shrinking

LAYOUT = Layout(
    name="Wav2Lip 384 (primepake)",
    size=384,
    encoder=(
        (conv(8, 7),),                        # 384
        (halving(16), *residual(16, 2)),      # 192
        (halving(32), *residual(32, 2)),      # 96
        (halving(64), *residual(64, 2)),      # 48
        (halving(128), *residual(128, 2)),    # 24
        (halving(256), *residual(256, 2)),    # 12
        (halving(512), *residual(512)),       # 6
        (halving(1024), *residual(1024, 2)),  # 3
        (shrinking(1024), conv(1024, 1))),    # 1
    audio=audio_1024(slope=0.2, last_slope=0.0),
    decoder=(
        (conv(1024, 1),),                     # 1
        (growing(1024), *residual(1024)),     # 3
        (doubling(1024), *residual(1024, 2)), # 6
        (doubling(768), *residual(768, 2)),   # 12
        (doubling(512), *residual(512, 2)),   # 24
        (doubling(256), *residual(256, 2)),   # 48
        (doubling(128), *residual(128, 2)),   # 96
        (doubling(80), *residual(80, 2)),     # 192
        (doubling(64), *residual(64, 2))),    # 384
    source="github.com/primepake/wav2lip_288x288",
    attention=True,
    refine="unit",
    squash="tanh")
