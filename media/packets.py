"""What a film's packets say, without decoding: how many frames, when each stands, and where decoding may begin."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from .clock import Clock

_NTSC = [Fraction(base * 1000, 1001) for base in (12, 15, 24, 25, 30, 48, 50, 60, 72, 90, 120, 240)]
_WITHOUT_STAMPS = ("avi",)  # stores the order of decoding alone; with B frames the stamps FFmpeg makes up are wrong
_ROUNDING = 0.001  # seconds: the coarsest rounding of stamps among common containers (Matroska, FLV)


@dataclass(frozen=True)
class PacketIndex:
    """stamps: int64 [N] of the frames in the order they are shown, rising, in units of `time_base`. keys: int64, stamps of the
    frames at which decoding may begin, rising. counted: the file does not say when frames are shown; they are known by counting from the
    first, and `stamps` are made up. clock: when frames stand, from the first."""

    stamps: np.ndarray
    keys: np.ndarray
    time_base: Fraction
    counted: bool
    clock: Clock

    @property
    def first_second(self) -> float:
        """Where the first frame stands on the file's own clock."""
        return float(self.stamps[0] * self.time_base) if len(self.stamps) and not self.counted else 0.0


def index_of(container: av.container.InputContainer, stream: av.VideoStream) -> PacketIndex:
    """Read every packet of the stream. Frames that an edit list drops and frames never shown (VP8) are left out."""
    shown: list[int | None] = []
    decoded: list[int | None] = []
    keys: list[int | None] = []
    hidden = _is_hidden_vp8 if stream.codec_context.name == "vp8" else None
    for packet in readable_packets(container, stream):
        if packet.is_keyframe:
            keys.append(packet.pts)
        if packet.is_discard or (hidden and hidden(packet)):
            continue
        shown.append(packet.pts)
        decoded.append(packet.dts)
    time_base, rate = Fraction(stream.time_base or Fraction(1, 1000)), _said_rate(stream)
    if None in shown or container.format.name in _WITHOUT_STAMPS and stream.codec_context.has_b_frames:
        clock = Clock(rate) if None in decoded else clock_of(np.sort(np.array(decoded, np.int64)), time_base, rate)
        return PacketIndex(np.arange(len(shown)), np.zeros(1, np.int64), 1 / rate, True, clock)
    stamps = np.sort(np.array(shown, np.int64))
    starts = np.sort(np.array([key for key in keys if key is not None], np.int64))
    return PacketIndex(stamps, starts, time_base, False, clock_of(stamps, time_base, rate))


def readable_packets(container: av.container.InputContainer, stream: av.stream.Stream) -> Iterator[av.Packet]:
    """The stream's packets with content; a file that breaks off ends there."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except IndexError:  # PyAV stumbles over a stream that begins on the way (MPEG-TS); what comes after can be read
            packets = container.demux(stream)
            continue
        except (StopIteration, av.error.FFmpegError):
            return
        if packet.size:
            yield packet


def clock_of(stamps: np.ndarray, time_base: Fraction, said: Fraction) -> Clock:
    """The clock of frames at `stamps` (int64, rising, units of `time_base`).

    Even, with the exact rate, if one rate puts every frame within half a millisecond (or one tick, if that is longer) of its stamp,
    which is how containers round; else uneven, with every stamp. `said` is the rate the file claims, the first to be tried."""
    if len(stamps) < 2 or stamps[-1] == stamps[0]:
        return Clock(said)
    span = Fraction(int(stamps[-1] - stamps[0])) * time_base
    mean = (len(stamps) - 1) / span
    seconds = (stamps - stamps[0]) * float(time_base)
    slack = max(_ROUNDING, float(time_base)) * 1.05
    for rate in _candidates(mean, said):
        off = seconds - np.arange(len(stamps)) / float(rate)
        if off.max() - off.min() <= slack:
            return Clock(rate)
    return Clock(mean.limit_denominator(1_000_000), _rising(seconds, float(time_base)))


def _candidates(mean: Fraction, said: Fraction) -> Iterator[Fraction]:
    """Rates to try: what the file says if it is a usual rate, the usual ones near the mean, what it says, round numbers, the mean."""
    usual = sorted({Fraction(round(mean)), *_NTSC} - {Fraction(0)}, key=lambda rate: abs(rate - mean))
    if said in usual:
        yield said
    yield from (rate for rate in usual if abs(rate - mean) < mean / 50)
    yield said
    for denominator in (2, 3, 4, 5, 1001):
        yield Fraction(max(1, round(mean * denominator)), denominator)
    yield mean


def _rising(seconds: np.ndarray, tick: float) -> np.ndarray:
    """Stamps that stand still or double are set a tick apart, so that no frame lasts no time."""
    steps = np.diff(seconds)
    if (steps > 0).all():
        return seconds
    return np.maximum.accumulate(seconds - np.arange(len(seconds)) * tick) + np.arange(len(seconds)) * tick


def _said_rate(stream: av.VideoStream) -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate, stream.codec_context.framerate):
        if rate and 0 < rate <= 1000:
            return Fraction(rate)
    return Fraction(25)


def _is_hidden_vp8(packet: av.Packet) -> bool:
    """Whether the frame tag's show_frame bit is off (RFC 6386, 9.1)."""
    return not bytes(packet)[0] & 0x10
