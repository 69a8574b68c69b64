"""VIDEO that stays on disk: a film as ComfyUI's core and other packs expect it, decoded and encoded only where somebody asks."""
from __future__ import annotations

import io
import json
import os
import shutil
import uuid
import weakref
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..host.errors import InputError
from ..host.folders import temp_folder
from ..host.node_progress import node_progress
from ..media.container import opened
from ..media.cropped import cropped
from ..media.film import FrameSource
from ..media.film_file import FilmFile
from ..media.film_view import FilmView
from ..media.open import open_source
from ..media.remux import can_copy, codec_of, copy_film
from ..media.sound import Sound
from ..media.sound_part import from_film_start
from ..media.trimmed import trimmed
from ..media.write import WriteSettings, WrittenFilm, write_film
from .lazy_audio import LazyAudio

try:
    from comfy_api.input import VideoInput
except ImportError:  # outside ComfyUI
    VideoInput = object

_FORMATS = {("mp4", "h264"): "mp4-h264", ("mp4", "av1"): "mp4-av1", ("mkv", "h264"): "mkv-h264", ("mkv", "av1"): "mkv-av1",
            ("webm", "av1"): "webm-av1"}
_USUAL = {"mp4": "h264", "mkv": "h264", "webm": "av1"}
_NAMES = {"mp4": "mp4", "mkv": "matroska", "webm": "webm"}
_COLOUR_SPACES = {16: "HDR PQ", 18: "HDR"}  # by transfer characteristics (ITU-T H.273)
_RENDERED = "mov,mp4,m4a,3gp,3g2,mj2"
_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")


class LazyVideo(VideoInput):
    """A film (media.film.FrameSource) with its sound as ComfyUI's VIDEO. Holds no open file; only `get_components` decodes everything."""

    def __init__(self, film: FrameSource) -> None:
        self.film = film
        self._rendered: Path | None = None

    @classmethod
    def of_file(cls, written: WrittenFilm, film: FrameSource) -> LazyVideo:
        """The film that was written; of what is no single file (PNG pictures) the one it was made from."""
        return cls(film if written.format == "png" else open_source(written.path))

    @property
    def sound(self) -> Sound | None:
        """The film's sound from its first frame on."""
        return from_film_start(self.film.sound) if self.film.sound is not None else None

    def get_dimensions(self) -> tuple[int, int]:
        return self.film.width, self.film.height

    def get_display_dimensions(self) -> tuple[int, int]:
        return self.get_dimensions()

    def get_frame_count(self) -> int:
        return self.film.n_frames

    def get_frame_rate(self) -> Fraction:
        return self.film.clock.fps

    def get_duration(self) -> float:
        return float(self.film.clock.time(self.film.n_frames))

    def get_bit_depth(self) -> int:
        return self.film.frame(0).picture.layout.depth

    def get_color_space(self) -> str:
        return _COLOUR_SPACES.get(self.film.frame(0).picture.colour.transfer, "sRGB")

    def get_active_trim_window(self) -> tuple[float, float]:
        return 0.0, 0.0

    def has_pending_frame_edits(self) -> bool:
        return False

    def get_container_format(self) -> str:
        if not isinstance(self.film, FilmFile):
            return _RENDERED
        with opened(self.film.path) as container:
            return container.format.name

    def as_trimmed(self, start_time: float | None = None, duration: float | None = None, strict_duration: bool = True,
                   **unknown: Any) -> LazyVideo | None:
        """The part from start_time (negative: from the end), duration seconds long (0: all); None if it is strict and too short."""
        try:
            part = trimmed(self.film, start_time or 0.0, duration or 0.0)
        except InputError:
            return None
        video = LazyVideo(part)
        half_a_frame = 0.5 / float(part.clock.fps)
        return None if strict_duration and duration and video.get_duration() < duration - half_a_frame else video

    def as_cropped(self, x: int = 0, y: int = 0, width: int = 0, height: int = 0, **unknown: Any) -> LazyVideo:
        """A rectangle of every frame (0: all of it), on even pixels."""
        return LazyVideo(cropped(self.film, x, y, width, height))

    def as_resized(self, width: int, height: int, *unknown: Any, **unknown_too: Any) -> LazyVideo:
        """The film in another size."""
        film = self.film
        return LazyVideo(FilmView(film, np.arange(film.n_frames), film.clock, (width, height), f"size {width} x {height}"))

    def get_components(self) -> Any:
        """Every frame as float32 [n, h, w, 3] with the sound and the rate: 12 bytes a pixel."""
        from comfy_api.util import VideoComponents

        images = torch.empty((self.film.n_frames, self.film.height, self.film.width, 3), dtype=torch.float32)
        with node_progress() as progress, progress.stage("decoding the film", self.film.n_frames) as stage:
            for frame in progress.watched(self.film.frames()):
                np.divide(frame.picture.rgb(), np.float32(255), out=images[frame.index].numpy())
                stage.advance()
        return VideoComponents(images=images, audio=LazyAudio(self.sound) if self.sound else None, frame_rate=self.film.clock.fps)

    def get_stream_source(self) -> str:
        """The film's file; what is not a file yet is rendered once, into the temporary folder."""
        if isinstance(self.film, FilmFile):
            return str(self.film.path)
        if self._rendered is None or not self._rendered.exists():
            path = temp_folder() / f"talking-avatar-{uuid.uuid4().hex[:12]}.mp4"
            self._write(path, WriteSettings())
            self._rendered = path
            weakref.finalize(self, path.unlink, missing_ok=True)
        return str(self._rendered)

    def save_to(self, path: str | os.PathLike | io.IOBase, format: Any = "auto", codec: Any = "auto", metadata: dict | None = None,
                **options: Any) -> None:
        """Write the film: a file that need not change is copied, all else is encoded. options: crf, bit_depth (8 or 10) and preset as
        ComfyUI's core gives them; the colours stay the film's own."""
        container = _container(path, _text(format))
        tags = tuple((key, value if isinstance(value, str) else json.dumps(value)) for key, value in (metadata or {}).items())
        if not isinstance(path, (str, os.PathLike)):
            self._save_to_buffer(path, container, _text(codec), tags, options)
        elif self._may_be_copied(container, _text(codec), options):
            with node_progress() as progress:
                copy_film(self.film.path, Path(path), _NAMES[container], tags, progress)
        else:
            self._write(Path(path), _settings(container, _text(codec), tags, options))

    def _save_to_buffer(self, buffer: io.IOBase, container: str, codec: str, tags: tuple, options: dict[str, Any]) -> None:
        part = temp_folder() / f"talking-avatar-{uuid.uuid4().hex[:12]}.{container}"
        try:
            self._write(part, _settings(container, codec, tags, options))
            with part.open("rb") as file:
                shutil.copyfileobj(file, buffer)
        finally:
            part.unlink(missing_ok=True)

    def _may_be_copied(self, container: str, codec: str, options: dict[str, Any]) -> bool:
        asked = [name for name in ("crf", "bit_depth", "color_space", "preset") if options.get(name) is not None]
        if asked or not isinstance(self.film, FilmFile):
            return False
        return codec in ("auto", codec_of(self.film.path)) and can_copy(self.film.path, _NAMES[container])

    def _write(self, path: Path, settings: WriteSettings) -> None:
        film = self.film
        with node_progress() as progress:
            write_film(film.frames(), film.clock, film.n_frames, path, settings, self.sound, progress)


def _settings(container: str, codec: str, tags: tuple, options: dict[str, Any]) -> WriteSettings:
    crf, preset = options.get("crf"), options.get("preset")
    return WriteSettings(format=_FORMATS.get((container, codec), _FORMATS[container, _USUAL[container]]),
                         crf=None if crf is None else round(crf), preset=preset if preset in _PRESETS else None,
                         pix_fmt={8: "yuv420p", 10: "yuv420p10le"}.get(options.get("bit_depth")), tags=tags)


def _text(choice: Any) -> str:
    """A container's or codec's name, given as text or as core's enumeration."""
    return str(getattr(choice, "value", choice) or "auto")


def _container(path: str | os.PathLike | io.IOBase, asked: str) -> str:
    """The container to write: what is asked, else by the ending, else mp4."""
    ending = os.path.splitext(os.fspath(path))[1][1:].lower() if isinstance(path, (str, os.PathLike)) else ""  # noqa: PTH122
    for name in (asked, ending):
        if name in _USUAL:
            return name
    return "mp4"
