"""The sound of a film that is being written: its packets copied as they are, or encoded anew, laid in beside the picture as it goes."""
from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
import soxr

from .container import opened, sound_stream
from .film_format import SoundRules
from .sound import Sound
from .write_settings import WriteSettings, WrittenSound

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_LOSSY = {"aac", "libopus", "opus", "libmp3lame", "ac3", "eac3", "vorbis"}
_BLOCK = 0.5
"""Seconds of sound encoded at a time."""


class SoundTrack(Protocol):
    """written: what became of the sound."""

    written: WrittenSound

    def fill(self, seconds: Fraction) -> None:
        """Put everything that begins before `seconds` into the container."""

    def finish(self) -> None:
        """Put in what is left."""

    def close(self) -> None:
        """Free the decoder; what was not put in yet is dropped."""


def add_sound(container: av.container.OutputContainer, sound: Sound, start: Fraction, end: Fraction, rules: SoundRules,
              settings: WriteSettings) -> SoundTrack:
    """Add a track for `sound` to a container whose header is not written yet.

    start: seconds after the first frame at which the sound's first sample stands (negative: what lies before the frame is left out).
    end: seconds at which the film ends; a longer sound is cut there: to the sample where it is PCM or encoded, else to the packet."""
    why = _why_not_copied(container.format.name, sound, start, rules, settings)
    if why is None:
        return CopiedSound(container, sound, start, end)
    return EncodedSound(container, sound, start, end, rules, settings.sound_bitrate, None if settings.sound == "encode" else why)


def _why_not_copied(container: str, sound: Sound, start: Fraction, rules: SoundRules, settings: WriteSettings) -> str | None:
    if settings.sound == "encode":
        return "that was asked for"
    if sound.path is None:
        return "it is not a file as it stands"
    if start < 0:
        return "it begins before the film"
    with opened(sound.path) as source:
        stream = sound_stream(source)
        codec = stream.codec_context.codec.canonical_name
        if not rules.may_copy(codec):
            return f"{codec} is not played everywhere in {container}"
        if not _can_hold(container, stream):
            return f"{container} cannot hold {codec} of {stream.rate} Hz"
        return None if _first_stamp(source) is not None else "its packets carry no time"


def _can_hold(container: str, stream: av.AudioStream) -> bool:
    """Whether FFmpeg writes a header for such a stream: mp4, for one, refuses mp3 below 16 kHz."""
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True


def _first_stamp(source: av.container.InputContainer) -> int | None:
    """When the first sample that is heard stands, in the stream's time base."""
    return next((frame.pts for frame in source.decode(sound_stream(source)) if frame.samples), None)


class CopiedSound:
    """A SoundTrack of the packets of `sound.path` as they are, stamped so that the first decoded sample stands at `start`. Packets that
    only prime the decoder come before that."""

    def __init__(self, container: av.container.OutputContainer, sound: Sound, start: Fraction, end: Fraction) -> None:
        self._container, self._start, self._end = container, start, end
        with opened(sound.path) as source:
            self._first = _first_stamp(source)
        self._source = ExitStack()
        template = sound_stream(self._source.enter_context(opened(sound.path)))
        self._packets = self._stamped(template)
        self._next = next(self._packets, None)
        delay = 0 if self._next is None else round((start - self._next.pts * self._next.time_base) * template.rate)
        self._stream = _stream_like(container, template, delay)
        self.written = WrittenSound(template.codec_context.codec.canonical_name, True, template.rate, template.channels)

    def fill(self, seconds: Fraction) -> None:
        while self._next is not None and self._next.pts * self._next.time_base < seconds:
            self._next.stream = self._stream
            self._container.mux(self._next)
            self._next = next(self._packets, None)

    def finish(self) -> None:
        self.fill(self._end)

    def close(self) -> None:
        self._packets.close()
        self._source.close()

    def _stamped(self, template: av.AudioStream) -> Iterator[av.Packet]:
        shift = round(self._start / template.time_base) - self._first
        block = _pcm_block(template)
        for packet in template.container.demux(template):
            if packet.size == 0 or packet.pts is None:
                continue
            packet.pts += shift
            packet.dts = packet.pts
            left = self._end - packet.pts * packet.time_base
            if left <= 0:
                return
            yield _cut(packet, block * round(left * template.rate)) if block else packet


def _stream_like(container: av.container.OutputContainer, template: av.AudioStream, delay: int) -> av.AudioStream:
    """A stream for packets of `template`, whose first `delay` samples are not to be heard.

    Matroska shifts the whole film instead unless it is told the delay, and only an opened encoder can tell it through PyAV; so where
    the delay is the encoder's own, as it is in most files, the stream is made with that encoder and given the template's header."""
    codec = template.codec_context.codec.canonical_name
    if container.format.name not in ("matroska", "webm", "matroska,webm") or _ENCODER_DELAYS.get(codec, ("", 0))[1] != delay or not delay:
        return container.add_stream_from_template(template)
    stream = container.add_stream(_ENCODER_DELAYS[codec][0], rate=template.rate, layout=template.layout.name)
    stream.codec_context.open()
    stream.codec_context.extradata = template.codec_context.extradata
    return stream


_ENCODER_DELAYS = {"aac": ("aac", 1024), "mp3": ("libmp3lame", 1105)}
"""Encoders and the samples they put before the sound: FFmpeg's aacenc.c, and LAME's 576 + 529."""


def _pcm_block(template: av.AudioStream) -> int:
    """Bytes of one sample of all channels where the stream is plain PCM, else 0."""
    plain = re.fullmatch(r"pcm_[suf](8|16|24|32|64)(le|be)?|pcm_(?:mu|a)law", template.codec_context.codec.canonical_name)
    return template.channels * int(plain[1] or 8) // 8 if plain else 0


def _cut(packet: av.Packet, size: int) -> av.Packet:
    if packet.size <= size:
        return packet
    short = av.Packet(bytes(packet)[:size])
    short.pts, short.dts, short.time_base, short.is_keyframe = packet.pts, packet.dts, packet.time_base, True
    if packet.duration:
        short.duration = round(packet.duration * Fraction(size, packet.size))
    return short


class EncodedSound:
    """A SoundTrack of the decoded samples, encoded at the rate the format wants, else the sound's own where the encoder takes it, else the
    next higher it takes."""

    def __init__(self, container: av.container.OutputContainer, sound: Sound, start: Fraction, end: Fraction, rules: SoundRules,
                 bitrate: int | None, why: str | None) -> None:
        self._container = container
        rate = rules.rate or _rate_for(rules.encoder, sound.rate)
        bitrate = _bitrate(rules.encoder, bitrate, rate, sound.channels)
        self._stream = container.add_stream(rules.encoder, rate=rate, layout=_LAYOUTS[sound.channels], bit_rate=bitrate or 0)
        if rules.sample_fmt:
            self._stream.codec_context.format = rules.sample_fmt
        self._pieces = resampled(sound.blocks(_BLOCK), sound.rate, rate, sound.channels)
        self._left = max(0, round((end - start) * rate))
        self._at = round(start * rate)
        codec = self._stream.codec_context.codec.canonical_name
        self.written = WrittenSound(codec, False, rate, sound.channels, bitrate, why)

    def fill(self, seconds: Fraction) -> None:
        while self._left and Fraction(self._at, self._stream.rate) < seconds:
            piece = next(self._pieces, None)
            if piece is None:
                self._left = 0
                return
            self._encode(piece)

    def finish(self) -> None:
        for piece in self._pieces:
            if not self._left:
                break
            self._encode(piece)
        self._container.mux(self._stream.encode(None))

    def close(self) -> None:
        self._pieces.close()

    def _encode(self, piece: np.ndarray) -> None:
        if self._at < 0:
            early = min(-self._at, piece.shape[1])
            piece, self._at = piece[:, early:], self._at + early
            self._left -= early
        piece = piece[:, : self._left]
        if not piece.shape[1]:
            return
        # Packed, since PyAV miscounts the planes of eight channels.
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece.T).reshape(1, -1), format="flt", layout=self._stream.layout.name)
        frame.sample_rate, frame.time_base, frame.pts = self._stream.rate, Fraction(1, self._stream.rate), self._at
        self._at += piece.shape[1]
        self._left -= piece.shape[1]
        self._container.mux(self._stream.encode(frame))


def _rate_for(encoder: str, rate: int) -> int:
    rates = sorted(av.Codec(encoder, "w").audio_rates or [rate])
    return next((one for one in rates if one >= rate), rates[-1])


def _bitrate(encoder: str, wanted: int | None, rate: int, channels: int) -> int | None:
    """Bits a second: 128 k for one channel, 192 k for two, 80 k for each of more; never above what AAC can hold (6144 bits a channel
    in 1024 samples, ISO/IEC 14496-3). None for a lossless encoder."""
    if encoder not in _LOSSY:
        return None
    usual = {1: 128_000, 2: 192_000}.get(channels, 80_000 * channels)
    return min(wanted or usual, 6144 * channels * rate // 1024)


def resampled(blocks: Iterator[np.ndarray], rate: int, new_rate: int, channels: int) -> Iterator[np.ndarray]:
    """float32 [channels, n] pieces at another rate, by soxr, in step with the source."""
    if rate == new_rate:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate, new_rate, channels, dtype="float32")
    for block in blocks:
        piece = stream.resample_chunk(np.ascontiguousarray(block.T)).reshape(-1, channels)
        if len(piece):
            yield piece.T
    rest = stream.resample_chunk(np.zeros((0, channels), np.float32), last=True).reshape(-1, channels)
    if len(rest):
        yield rest.T
