"""From a take to a film on disk: the one function that the terminal and the canvas both call."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..compose.composite import composite
from ..compose.dress import Dressing
from ..compose.patch import FacePatch
from ..host.progress import Progress
from ..media.film import Frame
from ..media.write import WriteSettings, WrittenFilm, write_film
from .engine import Engine, Take
from .setting import check_settings


@dataclass
class RenderReport:
    """What was made. frames: of the film. with_face: those whose avatar frame shows the face. spoken: those that got a mouth from
    the engine; the rest passed through untouched. written: file, codec, fall-backs. notes: what the engine has to say."""

    frames: int
    with_face: int
    spoken: int
    written: WrittenFilm
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [f"{self.frames} frames, {self.written.seconds:.2f} s", f"face in {self.with_face} of {self.frames} frames"]
        through = self.frames - self.spoken
        if through:
            parts.append(f"{through} passed through untouched")
        return "; ".join([", ".join(parts), *self.notes])


def render(take: Take, engine: Engine, settings: Any, path: str | Path, how: WriteSettings, progress: Progress,
           watch: Callable[[Frame], None] | None = None) -> RenderReport:
    """Make the mouths, paste them back and write the film with its sound, frame by frame in flat memory.

    settings: an instance of engine.settings_type. watch: sees every finished frame (contact sheets, previews).
    Raises InputError, MissingModel, OutputError, Cancelled; on any of them nothing half-written stays."""
    check_settings(settings)
    tally = _Tally()
    avatar, timeline = take.avatar, take.timeline
    patches = tally.counted(engine.patches(take, settings, progress))
    frames = composite(avatar.source, timeline, patches, progress, Dressing(avatar.source, avatar.track, shown=timeline.span))
    if watch is not None:
        frames = _watched(frames, watch)
    written = write_film(frames, timeline.clock, timeline.n_frames, path, how, take.speech.sound, progress)
    present = avatar.track.present
    with_face = int(sum(bool(present[i]) for i in timeline.source))
    return RenderReport(frames=timeline.n_frames, with_face=with_face, spoken=tally.spoken, written=written,
                        notes=tuple(getattr(engine, "notes", ())))


class _Tally:
    """Counts the frames that got a patch while the patches stream by."""

    def __init__(self) -> None:
        self.spoken = 0

    def counted(self, patches: Iterator[FacePatch]) -> Iterator[FacePatch]:
        last = -1
        for patch in patches:
            self.spoken += patch.index != last
            last = patch.index
            yield patch


def _watched(frames: Iterator[Frame], watch: Callable[[Frame], None]) -> Iterator[Frame]:
    for frame in frames:
        watch(frame)
        yield frame
