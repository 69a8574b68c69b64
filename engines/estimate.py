"""What a film will cost, told before anything starts: tried on a second of it, or reckoned where a second would take too long."""
from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..compose.composed_film import ComposedFilm
from ..compose.face_check import hardness
from ..host.device import torch_device
from ..host.folders import temp_folder
from ..host.memory import free_disk, free_memory, free_video_memory
from ..host.progress import Progress
from ..media.kept_film import KeptFilm
from ..media.write import WriteSettings, write_film
from .cost import Cost
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
    and of the avatar's decoded frames while ComfyUI keeps them; film: bytes of the result as H.264, None where nobody can tell.
    lacking: sentences about what this machine has too little of. basis: what all this is based on."""

    frames: int
    seconds: float
    memory: int
    video_memory: int
    disk: int
    film: int | None
    lacking: tuple[str, ...]
    basis: str


def estimate(take: Take, engine: Engine, settings: Any, progress: Progress, folder: Path) -> Estimate:
    """What making a film of a take will cost. folder: where the mouths will be kept. Raises what the engine raises.

    An engine that has `cost(take, settings)` (see `cost.Cost`) is believed. Of another one the hardest second is tried and the whole
    reckoned from it: what comes before the first patch once, all else for each frame."""
    if hasattr(engine, "cost"):
        return _reckoned(take, engine.cost(take, settings), folder)
    return _tried(take, engine, settings, progress, folder)


def _reckoned(take: Take, cost: Cost, folder: Path) -> Estimate:
    source, device = take.avatar.source, torch_device()
    is_card = device.type != "cpu"
    memory = cost.memory + _writing(source.width, source.height) + (0 if is_card else cost.video_memory)
    video = cost.video_memory if is_card else 0
    folder.mkdir(parents=True, exist_ok=True)
    basis = (f"{cost.flops / 1e12:.3g} TFLOP, counted on the published networks at the node's own settings, and how quick this device "
             f"({device}) is at plain matrix products; nothing was tried")
    disk, lacking = cost.disk + _kept(take), _lacking(memory, video, cost.disk, folder)
    return Estimate(take.timeline.n_frames, cost.seconds, memory, video, disk, None, lacking, basis)


def _tried(take: Take, engine: Engine, settings: Any, progress: Progress, folder: Path) -> Estimate:
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
    memory, disk = _writing(film.width, film.height), spool.grown(times)
    return Estimate(n, seconds, memory, 0, disk + _kept(take), round(film_bytes * times), _lacking(memory, 0, disk, folder),
                    f"the hardest {float(film.clock.time(film.n_frames)):.2g} s, which were tried")


def _kept(take: Take) -> int:
    """Bytes of the avatar's decoded frames on disk. They are never lacking: where there is no room for them, they are not kept."""
    return take.avatar.source.n_bytes if isinstance(take.avatar.source, KeptFilm) else 0


def _writing(width: int, height: int) -> int:
    """Bytes of memory that decoding, pasting and encoding take."""
    return _WRITING[0] + _WRITING[1] * width * height


def _lacking(memory: int, video: int, disk: int, folder: Path) -> tuple[str, ...]:
    wanted = (("memory", memory, free_memory(), "shrink the avatar with max_side"),
              ("memory on the graphics card", video, free_video_memory() or 0, "choose a smaller engine or size"),
              (f"room on the disk of '{folder}'", disk, free_disk(folder), "make room there, shorten the film or shrink the avatar"))
    return tuple(f"There is too little {what}: {_in_words(need)} are needed, {_in_words(have)} are free; {cure}."
                 for what, need, have, cure in wanted if have is not None and need > have)


def _in_words(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
