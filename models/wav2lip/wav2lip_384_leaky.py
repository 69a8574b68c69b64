"""An earlier Wav2Lip of 384 x 384 with LeakyReLU and tanh, of github.com/nghiakvnvsd/wav2lip384. No weights of it are known to be public.

It reads and writes pixels as -1 .. 1, and was trained with 8 pixels left visible beside and below the masked half."""
from __future__ import annotations

from .layout import Layout, audio_1024, conv, doubling, growing, halving, residual, shrinking

_ENCODER = (
    (conv(8, 7),),                            # 384
    (halving(16), *residual(16, 2)),          # 192
    (halving(32), *residual(32, 2)),          # 96
    (halving(64), *residual(64, 3)),          # 48
    (halving(128), *residual(128, 2)),        # 24
    (halving(256), *residual(256, 2)),        # 12
    (halving(512), *residual(512, 2)),        # 6
    (halving(1024), *residual(1024, 2)),      # 3
    (shrinking(1024), conv(1024, 1)))         # 1

LAYOUT = Layout(
    name="Wav2Lip 384 (LeakyReLU, tanh)",
    size=384,
    encoder=_ENCODER,
    audio=audio_1024(last_slope=0.0),
    decoder=(
        (conv(1024, 1),),                     # 1
        (growing(1024), *residual(1024)),     # 3
        (doubling(1024), *residual(1024, 2)), # 6
        (doubling(768), *residual(768, 2)),   # 12
        (doubling(512), *residual(512, 2)),   # 24
        (doubling(256), *residual(256, 2)),   # 48
        (doubling(128), *residual(128, 2)),   # 96
        (doubling(64), *residual(64, 2)),     # 192
        (doubling(32), *residual(32, 2))),    # 384
    source="github.com/nghiakvnvsd/wav2lip384",
    output=16,
    slope=0.2,
    refine="used",
    squash="tanh",
    pixels=(-1.0, 1.0),
    margin=8)
