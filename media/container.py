"""Open files of film and sound with FFmpeg, by content and never over a network."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from ..host.errors import InputError

_ONLY_FILES = {"protocol_whitelist": "file"}
_NO_MEDIA = {"tty", "bin", "xbin", "adf", "idf", "concat", "hls", "dash", "sdp"}  # text as pictures; lists that name other files


@contextmanager
def opened(path: Path) -> Iterator[av.container.InputContainer]:
    """The file as an open container, closed at the end of the block. Raises InputError if it is no film or sound."""
    try:
        container = av.open(str(path), container_options=_ONLY_FILES)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise InputError(_may_not(path) if isinstance(error, PermissionError) else _why(path)) from error
    with container:
        if _NO_MEDIA & set(container.format.name.split(",")):
            raise InputError(_why(path))
        yield container


def existing_file(path: str | Path) -> Path:
    """The path as an absolute one. Raises InputError if there is no such file, or it is a folder or empty."""
    path = Path(path).expanduser().absolute()
    if not path.exists():
        raise InputError(f"There is no file '{path}': check the name and the folder.")
    if path.is_dir():
        raise InputError(f"'{path}' is a folder: name a file in it.")
    if path.stat().st_size == 0:
        raise InputError(f"'{path.name}' is empty (0 bytes): copy or download it again.")
    return path


def film_stream(container: av.container.InputContainer) -> av.VideoStream | None:
    """The stream with motion, or None; a cover picture in a sound file is none."""
    return _best(container, [stream for stream in container.streams.video if not _is_cover(stream)], "video")


def sound_stream(container: av.container.InputContainer) -> av.AudioStream | None:
    """The sound a player would choose, or None."""
    return _best(container, list(container.streams.audio), "audio")


def _best(container: av.container.InputContainer, streams: list, kind: str) -> av.stream.Stream | None:
    streams = [stream for stream in streams if stream.codec_context is not None]  # None: no decoder knows it
    best = container.streams.best(kind)
    return best if best in streams else next(iter(streams), None)


def brand_of(path: Path) -> str:
    """The four letters by which a file of the mp4 family (also HEIC and AVIF) says its kind; "" for any other file."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[8:12].decode("latin-1") if head[4:8] == b"ftyp" else ""


def _is_cover(stream: av.VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _may_not(path: Path) -> str:
    return f"'{path.name}' may not be read by this user: change its permissions."


def _why(path: Path) -> str:
    if not path.exists():
        return f"There is no file '{path}' any more: bring it back, or choose another."
    if brand_of(path):
        return (f"'{path.name}' is cut off or damaged: its index (the moov atom) is missing, so nothing can be read. "
                f"Copy or download it again, or repair it with a tool such as untrunc.")
    return f"'{path.name}' is no film, picture or sound that can be read: convert it to mp4, png or wav."
