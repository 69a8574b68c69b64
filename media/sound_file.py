"""A file's sound as a lazy source: decoded piece by piece, each time someone asks."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import av
import numpy as np

from ..host.errors import InputError
from .container import opened, sound_stream
from .content_key import key_of_file
from .mix import in_blocks, mixed, mono_weights

_GAP = 0.1  # seconds: stamps that jump further than this leave silence, so that what follows keeps its time
_LONGEST_GAP = 600.0


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
            first = next(_decoded(container, stream), None)
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
            for frame in _decoded(container, sound_stream(container)):
                piece = self._samples(frame)
                if due is not None and frame.time is not None and _GAP < frame.time - due < _LONGEST_GAP:
                    yield np.zeros((self.channels, round((frame.time - due) * self.rate)), np.float32)
                    due = frame.time
                due = (due if due is not None else frame.time or 0.0) + piece.shape[1] / self.rate
                yield piece

    def _samples(self, frame: av.AudioFrame) -> np.ndarray:
        samples = _as_float(frame)
        if len(samples) != self.channels:
            samples = np.repeat(samples.mean(axis=0, keepdims=True), self.channels, axis=0)
        return samples


def _decoded(container: av.container.InputContainer, stream: av.AudioStream) -> Iterator[av.AudioFrame]:
    """All frames that decode; damaged packets are passed over. FFmpeg has taken off the encoder's delay and padding."""
    stream.thread_count = 1
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:
            packet = None
        with contextlib.suppress(av.error.FFmpegError):
            yield from (frame for frame in stream.codec_context.decode(packet) if frame.samples)
        if packet is None:
            return


def _as_float(frame: av.AudioFrame) -> np.ndarray:
    """float32 [channels, n], -1 .. 1, of any sample format."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, len(frame.layout.channels)).T
    if samples.dtype.kind == "f":
        samples = samples.astype(np.float32)
        finite = np.isfinite(samples)
        return samples if finite.all() else np.where(finite, samples, np.float32(0))
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    scale = 2.0 ** (8 * samples.dtype.itemsize - 1)
    return (samples / np.float64(scale)).astype(np.float32)
