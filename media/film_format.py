"""Formats a film can be written in, as data: one JSON file each, ours in `formats/`, a user's own in the user folder `formats`.

    {
      "name": "mp4-h264",                     what --format takes
      "title": "MP4, H.264: plays everywhere",
      "endings": [".mp4", ".m4v"],            file names it may be written to
      "default_for": [".mp4", ".m4v"],        endings that choose this format when none is named
      "writer": "film",                       "film" (a container), "gif" or "pictures" (one file a frame)
      "container": "mp4",                     FFmpeg's name of the container
      "container_options": {"movflags": "+faststart"},
      "tag": "hvc1",                          codec tag in the container, if it must be a special one
      "range": "limited",                     if the format cannot say that its range is full
      "tells_pixel_shape": false,             if a player cannot learn from it that pixels are not square
      "photo_pix_fmt": "yuv420p",             pixel format for RGB pictures
      "photo_alpha_pix_fmt": "yuva420p",      the same for pictures with alpha, if the format can keep it
      "encoders": [ … ], "hardware": [ … ],   see `Encoder`; the first that works is taken
      "sound": {"copy": ["aac", "pcm_*"],     codecs whose packets are taken over as they are ("*" stands for anything)
                "encoder": "aac",             who encodes the others; without "sound" the format is silent
                "rate": 48000,                if it must be this rate
                "sample_fmt": "s32"}          if it must be these samples (FLAC makes 24 bits of s32, else 16)
    }
"""
from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..host.errors import InputError, OutputError
from ..host.folders import user_folder

_OURS = Path(__file__).parent / "formats"


@dataclass(frozen=True)
class Quality:
    """option: the encoder's option that means quality (several, joined by commas, get the same number). default, range: of that
    number, lower being better; falling_from: for an option that rises with quality, the number that crf is taken away from."""

    option: str
    default: int
    range: tuple[int, int]
    falling_from: int | None = None


@dataclass(frozen=True)
class Preset:
    """option: the encoder's option that means speed. default: a name of x264's ("veryfast"). values: what each name becomes, empty: as
    it is."""

    option: str
    default: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Encoder:
    """name: as FFmpeg calls it. pix_fmts: pixel formats to be used ("*": all it takes). crf, preset: None where it has none.
    options: always set. pix_fmt_options: set with a certain pixel format. device: FFmpeg's name of the device that frames must be
    carried to ("vaapi")."""

    name: str
    pix_fmts: tuple[str, ...]
    crf: Quality | None = None
    preset: Preset | None = None
    options: dict[str, str] = field(default_factory=dict)
    pix_fmt_options: dict[str, dict[str, str]] = field(default_factory=dict)
    device: str | None = None


@dataclass(frozen=True)
class SoundRules:
    """copy: patterns of codec names that are copied. encoder: who encodes all others. rate: samples a second it always gets, None: the
    sound's own where it can. sample_fmt: FFmpeg's name of the samples it gets, None: the encoder's first."""

    copy: tuple[str, ...]
    encoder: str
    rate: int | None = None
    sample_fmt: str | None = None

    def may_copy(self, codec: str) -> bool:
        """Whether packets of `codec` are taken over as they are."""
        return any(fnmatchcase(codec, pattern) for pattern in self.copy)


@dataclass(frozen=True)
class FilmFormat:
    """One format; the fields are those of the JSON file, see the head of this module."""

    name: str
    title: str
    endings: tuple[str, ...]
    encoders: tuple[Encoder, ...]
    container: str | None = None
    default_for: tuple[str, ...] = ()
    writer: str = "film"
    container_options: dict[str, str] = field(default_factory=dict)
    tag: str | None = None
    range: str | None = None
    tells_pixel_shape: bool = True
    photo_pix_fmt: str | None = None
    photo_alpha_pix_fmt: str | None = None
    hardware: tuple[Encoder, ...] = ()
    sound: SoundRules | None = None


def all_formats() -> dict[str, FilmFormat]:
    """Every format by name: ours, then those of `host.folders.user_folder("formats")`, which may replace ours.

    Raises InputError for a JSON file that is not such a format, naming the file and what is wrong with it."""
    return {one.name: one for path in (*_files(_OURS), *_files(user_folder("formats"))) for one in [_read(path, path.stat().st_mtime_ns)]}


def choose_format(path: str | Path, name: str | None) -> FilmFormat:
    """The format called `name`, or the one that the ending of `path` chooses. A text that ends in a slash, or a folder that is there,
    means PNG pictures.

    Raises InputError for an unknown name, OutputError for an ending no format has or that does not go with the format."""
    known, name_in_folder = all_formats(), Path(path).name
    ending = "/" if str(path).endswith(("/", os.sep)) or _is_bare_folder(Path(path)) else Path(path).suffix.lower()
    if name is not None:
        if name not in known:
            raise InputError(f"There is no format called '{name}'. Choose one of: {', '.join(known)}.")
        chosen = known[name]
        if ending not in chosen.endings and not (chosen.writer == "pictures" and ending in ("", "/")):
            raise OutputError(f"'{name_in_folder}' does not go with the format {name}; give it the ending {' or '.join(chosen.endings)}.")
        return chosen
    for one in known.values():
        if ending in one.default_for:
            return one
    endings = sorted({ending for one in known.values() for ending in one.default_for if ending != "/"})
    what = f"the ending '{ending}'" if ending else "no ending"
    raise OutputError(f"'{name_in_folder}' has {what}, from which no format can be told; end it with one of {', '.join(endings)}.")


def _is_bare_folder(path: Path) -> bool:
    try:
        return not path.suffix and path.is_dir()
    except OSError:  # a name no folder can have; whoever opens it says so
        return False


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


@lru_cache(maxsize=256)
def _read(path: Path, changed: int) -> FilmFormat:
    """`changed`, the file's time, is there so that an edited file is read again."""
    try:
        return _format(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"The format file '{path}' cannot be used: {error}.") from error


def _format(data: dict[str, Any]) -> FilmFormat:
    data = _known(FilmFormat, data)
    if data.get("writer", "film") not in ("film", "gif", "pictures"):
        raise ValueError(f"writer is '{data['writer']}' but must be film, gif or pictures")
    if data.get("writer", "film") == "film" and not data.get("container"):
        raise ValueError("it names no container")
    if not data.get("encoders"):
        raise ValueError("it names no encoder")
    data["encoders"] = tuple(_encoder(one) for one in data["encoders"])
    data["hardware"] = tuple(_encoder(one) for one in data.get("hardware", ()))
    if data.get("sound") is not None:
        data["sound"] = SoundRules(**_known(SoundRules, data["sound"]))
    return FilmFormat(**data)


def _encoder(data: dict[str, Any]) -> Encoder:
    data = _known(Encoder, data)
    for name, kind in (("crf", Quality), ("preset", Preset)):
        if data.get(name) is not None:
            data[name] = kind(**_known(kind, data[name]))
    return Encoder(**data)


def _known(kind: type, data: dict[str, Any]) -> dict[str, Any]:
    unknown = set(data) - {one.name for one in fields(kind)}
    if unknown:
        raise ValueError(f"it has the unknown field '{sorted(unknown)[0]}'")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
