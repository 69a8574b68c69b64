"""A file's sound as a lazy source: decoded piece by piece, each time someone asks."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import cached_property
from itertools import chain
from pathlib import Path

import av
import numpy as np
import soxr

from ..host.errors import InputError
from .container import opened, sound_stream
from .content_key import key_of_file
from .mix import in_blocks, mixed, mono_weights
from .packets import readable_packets

_GAP = 0.1  # seconds: stamps that jump further than this leave silence, so that what follows keeps its time
_LONGEST_GAP = 600.0
_FINE = Fraction(1, 8000)  # stamps coarser than this do not count samples
_MOST_PLANES = 8


class SoundFile:
    """A Sound (see `sound.Sound`) over any file with a sound track. codec: FFmpeg's name. layout: names of the channels ("FL", …)."""

    def __init__(self, path: Path, picture_start: float | None = None):
        """Decodes the first piece. picture_start: seconds at which the file's first frame stands, if there is a film in it.
        Raises InputError if there is no sound."""
        self.path = path
        with opened(path) as container:
            stream = sound_stream(container)
            if stream is None:
                raise InputError(f"'{path.name}' has no sound: give a file with speech in it.")
            self.codec = stream.codec_context.name
            first, _ = next(_decoded(container, stream), (None, None))
            kind = first if first is not None else stream
            self.rate = int(kind.rate)
            self.layout = tuple(channel.name for channel in kind.layout.channels)
            begins = first.time if first is not None and first.time is not None else 0.0
        self.channels = len(self.layout)
        self.start = begins - picture_start if picture_start is not None else 0.0

    @cached_property
    def n_samples(self) -> int:
        """Counted by decoding the file once, when first asked for."""
        return sum(piece.shape[1] for piece in self._pieces())

    @property
    def seconds(self) -> float:
        return self.n_samples / self.rate

    @cached_property
    def content_key(self) -> str:
        return key_of_file(self.path)

    def blocks(self, seconds: float = 10.0) -> Iterator[np.ndarray]:
        yield from in_blocks(self._pieces(), max(1, int(seconds * self.rate)))

    def mono(self, rate: int = 16000, seconds: float = 10.0) -> Iterator[np.ndarray]:
        yield from mixed(self.blocks(seconds), mono_weights(self.layout), self.rate, rate)

    def _pieces(self) -> Iterator[np.ndarray]:
        """float32 [channels, n] as decoded, with silence where the stamps leave a gap."""
        due: float | None = None
        with opened(self.path) as container:
            for frame, piece in _decoded(container, sound_stream(container)):
                piece = self._as_begun(piece, frame.rate)
                if due is not None and frame.time is not None and _GAP < frame.time - due < _LONGEST_GAP:
                    yield np.zeros((self.channels, round((frame.time - due) * self.rate)), np.float32)
                    due = frame.time
                due = (due if due is not None else frame.time or 0.0) + piece.shape[1] / self.rate
                yield piece

    def _as_begun(self, piece: np.ndarray, rate: int) -> np.ndarray:
        """A piece in the rate and channels of the first one, should a stream change them on its way."""
        if len(piece) != self.channels:
            piece = np.repeat(piece.mean(axis=0, keepdims=True), self.channels, axis=0)
        if rate != self.rate:
            piece = np.ascontiguousarray(soxr.resample(piece.T, rate, self.rate).T)
        return piece


def _decoded(container: av.container.InputContainer, stream: av.AudioStream) -> Iterator[tuple[av.AudioFrame, np.ndarray]]:
    """All frames that decode, with their samples, float32 [channels, n]; damaged packets are passed over. FFmpeg takes off the encoder's
    delay and padding where the codec says them; what a last, shortened packet (mp4) says is taken off here."""
    stream.thread_count = 1
    as_float = _Floats()
    held, end = None, None
    for packet in chain(readable_packets(container, stream), [None]):
        if packet is not None and packet.pts is not None and packet.duration and stream.time_base <= _FINE:
            end = (packet.pts + packet.duration) * stream.time_base
        with suppress(av.error.FFmpegError):
            for frame in stream.codec_context.decode(packet):
                if held is not None:
                    yield held
                held = (frame, as_float(frame)) if frame.samples else None
    if held is not None:
        frame, samples = held
        begins = frame.pts * frame.time_base if frame.pts is not None else None
        if end is not None and begins is not None and begins < end:
            samples = samples[:, : max(1, round((end - begins) * frame.rate))]
        yield frame, samples


class _Floats:
    """Samples of a decoded frame of any format as float32 [channels, n], -1 .. 1; NaN and infinity become 0."""

    def __init__(self) -> None:
        self._packer: av.AudioResampler | None = None

    def __call__(self, frame: av.AudioFrame) -> np.ndarray:
        channels = len(frame.layout.channels)
        if frame.format.is_planar and channels >= _MOST_PLANES:
            frame = self._packed(frame)
        samples = frame.to_ndarray()
        if not frame.format.is_planar:
            samples = samples.reshape(-1, channels).T
        if samples.dtype.kind == "f":
            samples = samples.astype(np.float32)
            finite = np.isfinite(samples)
            return samples if finite.all() else np.where(finite, samples, np.float32(0))
        if samples.dtype == np.uint8:
            return (samples.astype(np.float32) - 128) / 128
        return (samples / np.float64(2.0 ** (8 * samples.dtype.itemsize - 1))).astype(np.float32)

    def _packed(self, frame: av.AudioFrame) -> av.AudioFrame:
        """Channels interleaved: PyAV finds the end of eight planes only by luck."""
        if self._packer is None:
            self._packer = av.AudioResampler(format="flt", layout=frame.layout, rate=frame.rate)
        return self._packer.resample(frame)[0]
