"""The answer of a voice server, whatever it is, as samples: what it is its bytes say, Content-Type is not asked.

Nothing here depends on how the network cut the answer: samples are the same for any pieces."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from ...host.errors import ServerError
from .byte_stream import ByteStream
from .reply_errors import sentence_of
from .riff_stream import PCM, PcmFormat, pcm_blocks, riff_blocks, samples_of

_HEAD = 64
_FRAMES = 9000
"""Bytes in which two frames of mp3 or AAC stand: the longest frame of AAC has 8191."""
_BLOCK = 4096
_LOW_BITRATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_BITRATES = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256), (2, 2): _LOW_BITRATES, (2, 3): _LOW_BITRATES,
}
"""Kilobits a second of MPEG audio by (version, layer) and index."""


@dataclass(frozen=True)
class SoundStream:
    """rate: samples a second. is_bare: whether the rate was taken on trust, for samples without a header. blocks: float32 mono [n], in
    order; what goes wrong later in the answer is raised there."""

    rate: int
    is_bare: bool
    blocks: Iterator[np.ndarray]


def sound_of_bytes(stream: ByteStream, bare: PcmFormat) -> SoundStream:
    """WAV, mp3, AAC, Ogg (also several files in a row), FLAC, or bare samples in the format `bare`.

    Raises ServerError for an answer that is no sound: nothing, JSON, a page, words, a broken file."""
    kind = kind_of(stream)
    if kind == "nothing":
        raise ServerError("The voice server answered that all is well, but sent no sound.")
    if kind == "words":
        raise ServerError(f"The voice server sent words instead of sound: {sentence_of(stream.peek(20000))}")
    if kind == "wav":
        form, data = riff_blocks(stream)
        return SoundStream(form.rate, False, _mono(data, form))
    if kind == "bare":
        return SoundStream(bare.rate, True, _mono(pcm_blocks(stream, bare), bare))
    return _decoded(stream, kind)


def kind_of(stream: ByteStream) -> str:
    """ "wav", "ogg", "flac", "mp3", "aac", "words" (JSON, a page, text), "nothing", else "bare" samples."""
    head = stream.peek(_HEAD)
    if not head:
        return "nothing"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"OggS":
        return "ogg"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:3] == b"ID3":
        return "mp3"
    if head[0] == 0xFF and len(head) > 1 and head[1] & 0xE0 == 0xE0:
        return _frames(stream.peek(_FRAMES)) or "bare"
    return "words" if _is_text(head) else "bare"


def _is_text(head: bytes) -> bool:
    """Whether these bytes are letters; samples hold control characters nearly always."""
    for cut in range(4):  # the last letter may be cut
        with suppress(UnicodeDecodeError):
            text = head[: len(head) - cut].decode("utf-8-sig")
            return bool(text) and all(letter.isprintable() or letter in "\r\n\t" for letter in text)
    return False


def _frames(head: bytes) -> str | None:
    """ "mp3" or "aac" if two headers of its frames follow each other, or one frame fills it all; PCM can begin with one by chance."""
    is_aac = head[1] & 0x06 == 0
    length = _aac_length(head) if is_aac else _mp3_length(head)
    if not length or length > len(head):
        return None
    second = head[length:]
    if second and not (second[0] == 0xFF and len(second) > 1 and second[1] & 0xFE == head[1] & 0xFE):
        return None
    return "aac" if is_aac else "mp3"


def _aac_length(head: bytes) -> int:
    """Bytes of the ADTS frame at the start (ISO/IEC 13818-7), 0 if there is none."""
    return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5 if len(head) > 6 else 0


def _mp3_length(head: bytes) -> int:
    """Bytes of the MPEG audio frame at the start (ISO/IEC 11172-3), 0 if there is none."""
    if len(head) < 4:
        return 0
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate_index, bitrate_index, padding = head[2] >> 2 & 3, head[2] >> 4, head[2] >> 1 & 1
    if version == 1 or layer == 4 or rate_index == 3 or bitrate_index in (0, 15):
        return 0
    rate = (44100, 48000, 32000)[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    bitrate = _BITRATES[1 if version == 3 else 2, layer][bitrate_index] * 1000
    if layer == 1:
        return (12 * bitrate // rate + padding) * 4
    return (72 if layer == 3 and version != 3 else 144) * bitrate // rate + padding


def _mono(data: Iterator[bytes], form: PcmFormat) -> Iterator[np.ndarray]:
    blocks = (samples_of(piece, form) for piece in data)
    if form.kind == PCM and form.bits == 16:
        blocks = _unwrapped(blocks)
    for block in blocks:
        yield block[:, 0] if form.channels == 1 else block.mean(1)


def _unwrapped(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Servers that scale by 32768 turn a sample of exactly +1 into -1: a lone -1 between two samples close to +1 is +1 again.

    blocks: float32 [n, channels]. A block's last sample waits for its neighbour."""
    before = waiting = None
    for block in blocks:
        if waiting is not None:
            block = np.concatenate([waiting, block])
        left = np.concatenate([block[:1] * 0 if before is None else before, block[:-2]]) if len(block) > 1 else block[:0]
        middle, right = block[:-1], block[1:]
        ready = np.where((middle == -1) & (left > 0.9) & (right > 0.9), np.float32(32767 / 32768), middle)
        if len(ready):
            before = ready[-1:]
            yield ready
        waiting = block[-1:]
    if waiting is not None:
        yield waiting


def _decoded(stream: ByteStream, kind: str) -> SoundStream:
    """By FFmpeg, which reads on where one file ends and the next begins, as libsndfile does not."""
    import av

    try:
        container = av.open(_Readable(stream), format=kind)
        frames = (frame for frame in container.decode(audio=0))
        first = next(frames, None)
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise ServerError(f"The voice server sent {kind} that cannot be decoded ({error}).") from error
    if first is None:
        raise ServerError(f"The voice server sent {kind} without any sound in it.")

    def blocks() -> Iterator[np.ndarray]:
        resampler = av.AudioResampler("fltp", first.layout.name, first.sample_rate)
        try:
            for frame in _joined(first, frames):
                frame.pts = None
                for piece in resampler.resample(frame):
                    yield piece.to_ndarray().mean(0, dtype=np.float32)
            for piece in resampler.resample(None):
                yield piece.to_ndarray().mean(0, dtype=np.float32)
        except (av.FFmpegError, ValueError) as error:
            raise ServerError(f"The voice server sent {kind} that cannot be decoded to its end ({error}).") from error
        finally:
            container.close()

    return SoundStream(first.sample_rate, False, blocks())


def _joined(first, rest) -> Iterator:
    yield first
    yield from rest


class _Readable:
    """A ByteStream as PyAV reads files."""

    def __init__(self, stream: ByteStream) -> None:
        self.read = stream.read
