"""WAV as it comes out of a server that does not know yet how long it will be: chunks walked, sizes believed only where they can be true.

Seen in the field: data sizes of 0 (GPT-SoVITS, XTTS), 0xFFFFFFFF with a LIST chunk in front (Kokoro) and without (LocalAI), 0x7FFFFFDB
(chatterbox-tts-api), a header for each piece, a header of nothing but zeros behind it."""
from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...host.errors import ServerError
from .byte_stream import ByteStream

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
_UNKNOWN = 0x7F000000
"""Sizes from here on (2 GB) stand for "as much as comes"."""
_BEHIND_DATA = (b"LIST", b"id3 ", b"ID3 ", b"fact", b"cue ", b"bext", b"PEAK", b"smpl", b"JUNK", b"junk", b"iXML", b"_PMX", b"afsp",
                b"RIFF")
_LONGEST_CHUNK = 1 << 20
_PIECE = 8192
_HEADER = 16


@dataclass(frozen=True)
class PcmFormat:
    """kind: PCM or FLOAT. rate: samples a second. bits: of one sample, 8, 16, 24, 32 or 64."""

    kind: int = PCM
    channels: int = 1
    rate: int = 24000
    bits: int = 16

    @property
    def frame(self) -> int:
        return self.channels * self.bits // 8


def riff_blocks(stream: ByteStream) -> tuple[PcmFormat, Iterator[bytes]]:
    """A stream that begins with RIFF: its format, then its samples' bytes in whole frames. Raises ServerError for a header that is none."""
    form, size = _header(stream)
    return form, _riff_data(stream, form, size)


def pcm_blocks(stream: ByteStream, form: PcmFormat) -> Iterator[bytes]:
    """Bare samples in whole frames to the end of the stream, without the headers that may stand between them; bytes that are no whole
    frame at the very end are dropped."""
    while True:
        head = stream.peek(_PIECE + _HEADER)
        if not head:
            return
        at = _inner_header(head)
        if at == 0:
            inner, _ = _header(stream)
            if (inner.rate, inner.channels, inner.bits) != (form.rate, form.channels, form.bits):
                raise ServerError("The voice server changed its sample rate or format in the middle of its answer.")
            continue
        usable = at if at is not None else max(len(head) - _HEADER, 0) if len(head) > _PIECE else len(head)
        whole = usable // form.frame * form.frame
        if whole:
            yield stream.read(whole)
        if at is not None or len(head) <= _PIECE:
            stream.read(usable - whole)


def samples_of(data: bytes, form: PcmFormat) -> np.ndarray:
    """float32 [n, channels] of whole frames, full scale being 1."""
    if form.kind == FLOAT:
        found = np.frombuffer(data, "<f4" if form.bits == 32 else "<f8").astype(np.float32)
    elif form.bits == 24:
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        found = padded.view("<i4").ravel().astype(np.float32) / 2**31
    elif form.bits == 8:
        found = (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    else:
        found = np.frombuffer(data, f"<i{form.bits // 8}").astype(np.float32) / np.float32(2 ** (form.bits - 1))
    return found.reshape(-1, form.channels)


def _header(stream: ByteStream) -> tuple[PcmFormat, int]:
    """Read up to the first sample. Returns the format and how many bytes of samples are announced."""
    stream.read(12)
    form = None
    while True:
        head = stream.read(8)
        if len(head) < 8:
            raise ServerError("The voice server sent the beginning of a WAV file and nothing behind it.")
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"data" and form is not None:
            return form, size
        if name == b"data" or size > _LONGEST_CHUNK:
            raise ServerError("The voice server sent a WAV file whose header cannot be read.")
        body = stream.read(size + size % 2)
        if name == b"fmt ":
            form = _format(body)


def _format(body: bytes) -> PcmFormat:
    if len(body) < 16:
        raise ServerError("The voice server sent a WAV file whose header cannot be read.")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
    if kind == EXTENSIBLE and len(body) >= 26:
        kind = struct.unpack("<H", body[24:26])[0]
    known = (kind == PCM and bits in (8, 16, 24, 32)) or (kind == FLOAT and bits in (32, 64))
    if not known or not 1 <= channels <= 8 or not 4000 <= rate <= 384000:
        raise ServerError(f"The voice server sent WAV of a kind that cannot be read (format {kind}, {bits} bits, {channels} channels, "
                          f"{rate} Hz).")
    return PcmFormat(kind, channels, rate, bits)


def _riff_data(stream: ByteStream, form: PcmFormat, size: int) -> Iterator[bytes]:
    """Samples up to the announced size where something of a WAV file, or nothing, stands behind it; else all that comes."""
    if 0 < size < _UNKNOWN:
        yield from _exactly(stream, form, size)
        behind = stream.peek(5)
        if not behind or not (behind[:4] in _BEHIND_DATA or behind[size % 2 : size % 2 + 4] in _BEHIND_DATA):
            yield from pcm_blocks(stream, form)
            return
        if size % 2 and behind[:4] not in _BEHIND_DATA:
            stream.read(1)
        _skip_chunks(stream)
    if stream.peek(_HEADER)[:4] == b"RIFF":
        inner, more = riff_blocks(stream)
        if (inner.rate, inner.channels, inner.bits) != (form.rate, form.channels, form.bits):
            raise ServerError("The voice server changed its sample rate or format in the middle of its answer.")
        yield from more
    elif not 0 < size < _UNKNOWN:
        yield from pcm_blocks(stream, form)


def _exactly(stream: ByteStream, form: PcmFormat, size: int) -> Iterator[bytes]:
    left = size
    while left >= form.frame:
        piece = stream.read(min(left, _PIECE // form.frame * form.frame) // form.frame * form.frame)
        whole = len(piece) // form.frame * form.frame
        if whole:
            yield piece[:whole]
        left -= len(piece)
        if not len(piece) or whole < len(piece):
            return
    stream.read(left)


def _skip_chunks(stream: ByteStream) -> None:
    """Over what stands behind the samples, up to the end or to another RIFF."""
    while stream.peek(4) and stream.peek(4) != b"RIFF":
        head = stream.read(8)
        if len(head) < 8:
            return
        left = struct.unpack("<I", head[4:])[0]
        left += left % 2
        while left > 0 and (gone := stream.read(min(left, _PIECE))):
            left -= len(gone)


def _inner_header(head: bytes) -> int | None:
    """Where in `head` another WAV file begins: 16 bytes that samples do not spell by chance."""
    at = head.find(b"RIFF")
    while at >= 0:
        if head[at + 8 : at + 16] == b"WAVEfmt ":
            return at
        at = head.find(b"RIFF", at + 1)
    return None
