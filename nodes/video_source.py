"""VIDEO of any kind, ComfyUI's own or ours, as a film to be read frame by frame."""
from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from ..host.errors import InputError
from ..host.folders import temp_folder
from ..host.progress import Progress
from ..media.film import FrameSource
from ..media.open import open_source
from ..media.trimmed import trimmed
from .lazy_audio import sound_of
from .lazy_video import LazyVideo, VideoInput
from .tensor_film import HeldFilm, TensorFilm, held


def film_of(video: Any, progress: Progress, keep: bool = True) -> FrameSource:
    """The film of a VIDEO: by its path and trim where it has one; a VIDEO made of images is read where it is, or with `keep` held on
    disk, so that its images need not stay. Raises InputError for what is no VIDEO."""
    if isinstance(video, LazyVideo):
        return video.film
    if not hasattr(video, "get_components"):
        raise InputError(f"This is no VIDEO but {type(video).__name__}: connect a node that gives a film.")
    if _is_file(video):
        source = video.get_stream_source()
        film = open_source(source) if isinstance(source, (str, Path)) else _held_bytes(source)
        return trimmed(film, *_window(video))
    parts = video.get_components()
    sound = sound_of(parts.audio) if parts.audio is not None else None
    if keep:
        return held(parts.images, float(parts.frame_rate), progress, sound)
    return TensorFilm(parts.images, parts.frame_rate, sound)


def _is_file(video: Any) -> bool:
    """Whether its frames are those of a file: the base class would encode one, and crops that wait to be made are not in it."""
    makes_one = getattr(type(video), "get_stream_source", None) is getattr(VideoInput, "get_stream_source", None)
    waits = getattr(video, "has_pending_frame_edits", lambda: False)()
    return hasattr(video, "get_stream_source") and not makes_one and not waits


def _window(video: Any) -> tuple[float, float]:
    """Start and duration (0: to the end) in seconds to which a VIDEO is trimmed."""
    if hasattr(video, "get_active_trim_window"):
        return video.get_active_trim_window()
    hidden = f"_{type(video).__name__}__"  # ComfyUI 0.14 to 0.22 trims, but has no method to ask
    return float(getattr(video, f"{hidden}start_time", 0.0)), float(getattr(video, f"{hidden}duration", 0.0))


def _held_bytes(source: Any) -> FrameSource:
    path = temp_folder() / f"talking-avatar-{uuid.uuid4().hex[:12]}.mp4"
    source.seek(0)
    path.write_bytes(source.read())
    try:
        film = open_source(path)
    except InputError:
        path.unlink()
        raise
    return HeldFilm(path, film.content_key)
