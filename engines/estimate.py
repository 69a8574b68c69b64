"""What a film will cost, tried on a second of it before anything starts."""
from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..compose.composed_film import ComposedFilm
from ..compose.face_check import hardness
from ..host.folders import temp_folder
from ..host.memory import free_disk, free_memory, free_video_memory
from ..host.progress import Progress
from ..media.write import WriteSettings, write_film
from .engine import Engine, Take
from .excerpt import excerpt, spot
from .mouths import make_mouths

_TRIED_SECONDS = 1.0
_WRITING = 160_000_000, 115
"""Bytes that decoding, pasting and encoding take: a part that is always there, and for each pixel of a frame. Measured with H.264 at
0.5 and 2 megapixels."""


@dataclass(frozen=True)
class Estimate:
    """frames: of the result. seconds: of work. memory, video_memory: bytes above what the idle program has. disk: bytes of the mouths
    while ComfyUI keeps them; film: bytes of the result as H.264. lacking: sentences about what this machine has too little of."""

    frames: int
    seconds: float
    memory: int
    video_memory: int
    disk: int
    film: int
    lacking: tuple[str, ...]


def estimate(take: Take, engine: Engine, settings: Any, progress: Progress, folder: Path) -> Estimate:
    """Try the hardest second of a take and reckon the whole from it: what comes before the first patch once, all else for each frame.

    folder: where the mouths will be kept. An engine may have `memory(take)`, the bytes (of RAM, of the graphics card) that it takes
    itself. Raises what the engine raises."""
    n = take.timeline.n_frames
    part = excerpt(take, *spot(take, hardness(take.avatar), _TRIED_SECONDS))
    marks = [time.monotonic()]
    spool = make_mouths(part, engine, settings, progress, folder, watch=lambda patch: marks.append(time.monotonic()))
    film = ComposedFilm(take.avatar, part.timeline, spool, part.speech.sound)
    trial = temp_folder() / f"talking-avatar-{uuid.uuid4().hex[:12]}.mp4"
    try:
        write_film(film.frames(), film.clock, film.n_frames, trial, WriteSettings(sound="none"), None, progress)
        film_bytes = trial.stat().st_size
    finally:
        trial.unlink(missing_ok=True)
    times = n / film.n_frames
    first = marks[:2][-1]
    seconds = first - marks[0] + (time.monotonic() - first) * times
    own, video = getattr(engine, "memory", lambda take: (0, 0))(take)
    memory = own + _WRITING[0] + _WRITING[1] * film.width * film.height
    disk = round(spool.n_bytes * times)
    return Estimate(n, seconds, memory, video, disk, round(film_bytes * times),
                    _lacking(memory, video, disk, folder))


def _lacking(memory: int, video: int, disk: int, folder: Path) -> tuple[str, ...]:
    wanted = (("memory", memory, free_memory(), "shrink the avatar with max_side"),
              ("memory on the graphics card", video, free_video_memory() or 0, "choose a smaller engine or size"),
              (f"room on the disk of '{folder}'", disk, free_disk(folder), "make room there, shorten the film or shrink the avatar"))
    return tuple(f"There is too little {what}: {_in_words(need)} are needed, {_in_words(have)} are free; {cure}."
                 for what, need, have, cure in wanted if have is not None and need > have)


def _in_words(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
