"""Progress and cancel: one small protocol for the terminal, for ComfyUI and for tests.

Every loop over frames, steps or sentences opens a stage and calls `advance`, which is also where a cancel arrives:

    with progress.stage("tracking the face", total=film.n_frames) as stage:
        for frame in film.frames():
            ...
            stage.advance()
"""
from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Stage(Protocol):
    """A piece of work that is under way. Stages may be open side by side."""

    def advance(self, steps: int = 1) -> None:
        """Say that `steps` more are done. Raises `host.errors.Cancelled` if the user stopped the work."""


class Progress(Protocol):
    """Where work reports to."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """Open a stage of `total` steps (None: not known), shown under `name` ("tracking the face")."""

    def check(self) -> None:
        """Raise `host.errors.Cancelled` if the user stopped the work; cheap enough for every frame."""


class Silent:
    """A Progress that shows nothing and is never cancelled."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        return _SilentStage()

    def check(self) -> None:
        return None


class _SilentStage:
    def __enter__(self) -> _SilentStage:
        return self

    def __exit__(self, *error) -> None:
        return None

    def advance(self, steps: int = 1) -> None:
        return None
