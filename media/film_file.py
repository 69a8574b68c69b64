"""A film file as a source of frames: counted by its packets, decoded only where someone looks."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import chain
from pathlib import Path

import av
import numpy as np

from ..host.errors import InputError
from .clock import Clock
from .container import film_stream, opened, sound_stream
from .content_key import key_of_file
from .film import Frame
from .packets import PacketIndex, index_of, readable_packets
from .picture import Picture
from .sound import Sound
from .sound_file import SoundFile
from .turn import turn_of, turned
from .walk import walk

_THREADS = 2
_HELD_FRAMES = 48
_HELD_BYTES = 256 * 1024 * 1024
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_CENTRED_CHROMA = {"mjpeg", "mjpegb", "mpeg1video", "jpeg2000", "webp"}


@dataclass
class FilmStatus:
    """What went wrong while decoding so far. repeated: numbers of the frames that could not be decoded and show the one before."""

    repeated: set[int] = field(default_factory=set)


class FilmFile:
    """A FrameSource (see `film.FrameSource`) over a file with motion.

    Beyond that: sar, the shape of a pixel (width over height); start, seconds by which the first frame comes after the first
    sample of the file's sound; codec, FFmpeg's name; status, which frames could not be decoded; pixel_format and colour as in `Picture`.
    """

    is_still = False

    def __init__(self, path: Path):
        """Reads all packets and decodes one frame. Raises InputError if there is no motion picture in the file."""
        self.path = path
        self.status = FilmStatus()
        with opened(path) as container:
            stream = film_stream(container)
            if stream is None:
                what = "has sound but no picture" if sound_stream(container) else "holds no picture"
                raise InputError(f"'{path.name}' {what}: give a film or a photo as the avatar.")
            self._index = index_of(container, stream)
            self.codec = stream.codec_context.name
            self._tags = (stream.codec_context.color_primaries, stream.codec_context.color_trc)
            self._stored_sar = Fraction(stream.sample_aspect_ratio or 1)
        if not len(self._index.stamps):
            raise InputError(f"'{path.name}' holds no frame: export or download it again.")
        first = self._first_picture()
        self.width, self.height = first.width, first.height
        self.pixel_format, self.colour, self.sar = first.layout, first.colour, first.sar
        self._hold = int(np.clip(_HELD_BYTES // sum(plane.nbytes for plane in first.planes), 4, _HELD_FRAMES))

    @property
    def n_frames(self) -> int:
        return len(self._index.stamps)

    @property
    def clock(self) -> Clock:
        return self._index.clock

    @cached_property
    def sound(self) -> Sound | None:
        with opened(self.path) as container:
            if sound_stream(container) is None:
                return None
        return SoundFile(self.path, picture_start=self._index.first_second)

    @property
    def start(self) -> float:
        return -self.sound.start if self.sound else 0.0

    @cached_property
    def content_key(self) -> str:
        return key_of_file(self.path)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        stop = self.n_frames if stop is None else min(stop, self.n_frames)
        if start >= stop:
            return
        with closing(self._decoded(start)) as decoded:
            for frame in decoded:
                yield frame
                if frame.index + 1 >= stop:
                    return

    def walk(self, indices: Iterable[int]) -> Iterator[Frame]:
        return walk(indices, self.n_frames, self.frames, self._hold)

    def frame(self, index: int) -> Frame:
        with closing(self.walk([index])) as frames:
            return next(frames)

    def _first_picture(self) -> Picture:
        with opened(self.path) as container:
            stream = film_stream(container)
            for raw in _decoded_frames(container, stream):
                self._turn, self._shape = turn_of(raw), (raw.width, raw.height, raw.format.name)
                return self._picture(raw)
        if self.n_frames == 1:
            raise InputError(f"'{self.path.name}' is a damaged picture or of a kind that cannot be read ({self.codec}): save it as png.")
        raise InputError(f"'{self.path.name}' has a film in it that cannot be decoded ({self.codec}): convert it to H.264 mp4.")

    def _picture(self, raw: av.VideoFrame) -> Picture:
        if (raw.width, raw.height, raw.format.name) != self._shape:  # a stream may change on its way; a film does not
            width, height, name = self._shape
            raw = raw.reformat(width=width, height=height, format=name, interpolation="BICUBIC")
        site = (0.5, 0.5) if self.codec in _CENTRED_CHROMA else (0.0, 0.5)
        return turned(Picture.from_av(raw, site, self._stored_sar, self._tags), self._turn)

    def _decoded(self, start: int) -> Iterator[Frame]:
        """Frames start, start + 1, … to the end. What cannot be decoded repeats the frame before, so that no number moves."""
        expected, before, good = start, None, None
        for index, raw in chain(self._numbered(start), [(self.n_frames, None)]):
            if index < start:
                before = raw
                continue
            if index > expected and good is None:
                good = self._stand_in(start, before, raw)
            for missing in range(expected, index):
                self.status.repeated.add(missing)
                yield Frame(missing, good)
            if raw is not None:
                good = self._picture(raw)
                yield Frame(index, good)
            expected = index + 1

    def _stand_in(self, start: int, before: av.VideoFrame | None, after: av.VideoFrame | None) -> Picture:
        """What to show from frame `start` on, which cannot be decoded: the last frame before it that can, else the next."""
        back = 1
        while before is None and back < 4 * start:
            for index, raw in self._numbered(max(0, start - back)):
                if index >= start:
                    break
                before = raw
            back *= 4
        if before is None and after is None:
            raise InputError(f"'{self.path.name}' cannot be decoded ({self.codec}): convert it to H.264 mp4.")
        return self._picture(before if before is not None else after)

    def _numbered(self, start: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Frames that decode, with their numbers, from a key frame at or before `start` on."""
        index = self._index
        with _at_key_frame(self.path, index, start) as container:
            raw_frames = _decoded_frames(container, film_stream(container))
            if index.counted:
                yield from enumerate(raw_frames)
                return
            last = -1
            for raw in raw_frames:
                number = _number(index.stamps, raw.pts, last)
                if number > last:
                    last = number
                    yield number, raw


@contextmanager
def _at_key_frame(path: Path, index: PacketIndex, start: int) -> Iterator[av.container.InputContainer]:
    """The file, open at a key frame at or before frame `start`, or at its beginning. Demuxers may seek by the stamps of decoding
    and land late: look where it landed, and go further back."""
    wanted = index.stamps[start]
    key = int(np.searchsorted(index.keys, wanted, side="right")) - 1 if not index.counted else 0
    back = 0
    while key - back > 0:
        target = int(index.keys[key - back])
        with opened(path) as container:
            stream = film_stream(container)
            with suppress(av.error.FFmpegError):
                container.seek(target, stream=stream, backward=True)
                landed = next((packet.pts for packet in readable_packets(container, stream) if packet.is_keyframe), None)
                if landed is not None and landed <= wanted:
                    container.seek(target, stream=stream, backward=True)
                    back = -1
            if back < 0:
                yield container
                return
        back = 2 * back + 1
    with opened(path) as container:
        yield container


def _number(stamps: np.ndarray, pts: int | None, last: int) -> int:
    """The number of the frame that stands at `pts`, -1 if none does; of frames with one stamp, the first after `last`."""
    if pts is None:
        return -1
    at = int(np.searchsorted(stamps, pts))
    if at <= last < len(stamps) - 1 and stamps[last + 1] == pts:
        return last + 1
    return at if at < len(stamps) and stamps[at] == pts else -1


def _decoded_frames(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """All frames that decode, in order of showing; damaged packets are passed over."""
    decoder = _decoder(stream)
    decoder.thread_type = "AUTO"
    decoder.thread_count = _THREADS
    for packet in chain(readable_packets(container, stream), [None]):
        with suppress(av.error.FFmpegError):
            yield from decoder.decode(packet)


def _decoder(stream: av.VideoStream) -> av.VideoCodecContext:
    """The stream's own decoder, or libvpx where a WebM has a second picture for alpha, which FFmpeg's own decoders leave out."""
    name = _ALPHA_DECODERS.get(stream.codec_context.name)
    if name in av.codecs_available and stream.metadata.get("alpha_mode") == "1":
        return av.CodecContext.create(name, "r")
    return stream.codec_context
