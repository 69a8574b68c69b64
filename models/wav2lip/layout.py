"""The words in which a generator is written down: units, blocks of them, and what a file's shapes do not tell."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """One convolution with BatchNorm and activation (`layers.py`). kind: "conv", "residual" (its input is added before the activation)
    or "transposed". channels: that come out. stride: one number, or (mel, time) in audio encoders. slope: of the activation below 0
    (0 is ReLU); None: that of the layout."""

    kind: str
    channels: int
    kernel: int = 3
    stride: int | tuple[int, int] = 1
    padding: int = 1
    output_padding: int = 0
    slope: float | None = None


Block = tuple[Unit, ...]


def conv(channels: int, kernel: int = 3, stride: int | tuple[int, int] = 1, padding: int | None = None, slope: float | None = None) -> Unit:
    """A convolution that keeps the picture's size at stride 1 unless `padding` says otherwise."""
    return Unit("conv", channels, kernel, stride, kernel // 2 if padding is None else padding, slope=slope)


def halving(channels: int) -> Unit:
    """3x3 with stride 2."""
    return conv(channels, stride=2)


def shrinking(channels: int, kernel: int = 3, slope: float | None = None) -> Unit:
    """A convolution without padding: kernel x kernel cells become one."""
    return conv(channels, kernel, padding=0, slope=slope)


def residual(channels: int, times: int = 1) -> Block:
    """So many 3x3 units that add their input."""
    return (Unit("residual", channels),) * times


def doubling(channels: int, output_padding: int = 1) -> Unit:
    """Transposed 3x3 with stride 2: n cells become 2n, or 2n - 1 without output padding."""
    return Unit("transposed", channels, stride=2, output_padding=output_padding)


def growing(channels: int, kernel: int = 3) -> Unit:
    """Transposed without padding: one cell becomes kernel x kernel."""
    return Unit("transposed", channels, kernel, padding=0)


@dataclass(frozen=True)
class Layout:
    """A generator. name: as users know it. size: side of the face crop in pixels. encoder, decoder: blocks of the face's two halves; one
    feature of the encoder is joined after every block of the decoder. audio: units of the audio encoder. output: channels before
    the last 1x1 convolution. slope: of all activations (0 is ReLU). attention: spatial attention before every join. refine: what
    becomes of the audio embedding: "" nothing, "unused" (`audio_refine` is in the file, the published forward pass leaves it out),
    "used", or "unit" (used, then brought to length 1). squash: "sigmoid" or "tanh" at the end. pixels: values of black and white
    that the network reads and writes. margin: pixels at the sides and bottom of the masked half that stay visible. source: where
    it is published."""

    name: str
    size: int
    encoder: tuple[Block, ...]
    audio: Block
    decoder: tuple[Block, ...]
    source: str
    output: int = 32
    slope: float = 0.0
    attention: bool = False
    refine: str = ""
    squash: str = "sigmoid"
    pixels: tuple[float, float] = (0.0, 1.0)
    margin: int = 0


AUDIO_512: Block = (
    conv(32), *residual(32, 2),
    conv(64, stride=(3, 1)), *residual(64, 2),
    conv(128, stride=3), *residual(128, 2),
    conv(256, stride=(3, 2)), *residual(256),
    shrinking(512), conv(512, 1))
"""80 x 16 mel cells become 27 x 16, 9 x 6, 3 x 3, 1 x 1 of 512 channels (the expert SyncNet's audio encoder has the same units)."""


def audio_1024(slope: float | None = None, last_slope: float | None = None) -> Block:
    """The audio encoder of the 384 networks: 1024 channels. slope, last_slope: of its activations and of the last two, where they differ
    from the layout's."""
    units = (conv(32), *residual(32, 2),
             conv(64, stride=(3, 1)), *residual(64, 2),
             conv(128, stride=3), *residual(128, 2),
             conv(256, stride=(3, 2)), *residual(256, 2),
             conv(512), *residual(512, 2))
    sloped = tuple(Unit(u.kind, u.channels, u.kernel, u.stride, u.padding, u.output_padding, slope) for u in units)
    return (*sloped, shrinking(1024, slope=last_slope), conv(1024, 1, slope=last_slope))
