"""What an engine is, and the list of those there are.

An engine makes mouths: for each output frame a patch, or nothing where the frame shall stay as it is. It never decodes
sound formats, writes files or shows bars.

    @register("still-lips")
    class StillLips:
        ...
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from ..compose.patch import FacePatch
from ..faces.avatar import Avatar
from ..host.errors import InputError
from ..host.progress import Progress
from ..media.timeline import Timeline
from ..speech.speech import Speech


@dataclass(frozen=True)
class Take:
    """One avatar, one speech, and which frame of the avatar stands under each output frame."""

    avatar: Avatar
    speech: Speech
    timeline: Timeline


class Engine(Protocol):
    """name: as users choose it. title: one line for people. licence: of its code and weights.
    settings_type: a dataclass whose fields, with defaults, are the engine's settings.

    An engine may also have `made_from(settings) -> str`, what its patches depend on beside their settings (stamps of checkpoint files;
    raises MissingModel), and `notes`, a list of sentences about the last patches it made (a precision that was not good enough, a face
    too large for the network), shown when the work is done."""

    name: str
    title: str
    licence: str
    settings_type: type

    def patches(self, take: Take, settings: Any, progress: Progress, first: int = 0) -> Iterator[FacePatch]:
        """Patches in rising order of `index`, in flat memory, at most one a frame; a frame left out passes through untouched.

        first: output frame from which they are wanted (an earlier run made the others); they are the same, bit for bit, as with 0.
        Raises `host.errors.MissingModel` when a checkpoint is missing, `host.errors.Cancelled` when the user stops."""


_BUILT_IN = {"embedded": "embedded.engine", "latentsync": "latentsync.engine", "sonic": "sonic.engine", "wav2lip": "wav2lip.engine"}
"""Name and module of this room that registers it; imported when it is asked for."""
_ENGINES: dict[str, Callable[[], Engine]] = {}


def register(name: str) -> Callable[[Callable[[], Engine]], Callable[[], Engine]]:
    """Decorator: make an engine class available under `name`."""

    def keep(make: Callable[[], Engine]) -> Callable[[], Engine]:
        _ENGINES[name] = make
        return make

    return keep


def engine_names() -> list[str]:
    """Names of all engines: the built-in ones, then those that were registered."""
    return list(dict.fromkeys([*_BUILT_IN, *_ENGINES]))


def make_engine(name: str) -> Engine:
    """The engine of that name. Raises InputError that lists the names there are."""
    if name not in _ENGINES and name in _BUILT_IN:
        import_module(f".{_BUILT_IN[name]}", __package__)
    if name not in _ENGINES:
        raise InputError(f"There is no engine called '{name}'. Choose one of: {', '.join(engine_names())}.")
    return _ENGINES[name]()
