"""Who speaks: the voice of this machine ("embedded"), a package, or a server, all behind the one `Voice` protocol.

    @voice_engine("my-server")
    def my_server(asked: VoiceSettings, progress: Progress) -> Voice: ...
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from ...host.errors import InputError
from ...host.progress import Progress, Silent
from ..speech import Speech
from .voice import FASTEST, SLOWEST, Voice

_MODULES = ("embedded", "probe", "gpt_sovits", "gpt_sovits_v1", "fish_speech", "cosyvoice", "openai_speech", "xtts_api", "xtts_streaming",
            "chatterbox_server", "edge", "f5", "chatterbox")


@dataclass(frozen=True)
class VoiceSettings:
    """engine: a name of `voice_engine_names()`. voice: a name the engine knows ("hibari/emma", "af_heart"), "" its own choice.
    language: a tag ("en", "pt-br"), "" guessed from the text. speed: 0.5 slow .. 2 fast. seed: other numbers give other takes, where the
    engine listens to it. reference: a recording of the voice that shall speak, its `text` being what is said in it, "" if unknown.
    server: address of the engine's server, "" where it usually is. sample_rate: of a server that does not tell its own, 0 the usual.
    patience: seconds a server may stay silent before it is given up. typed: whether the user wrote the address here, not a workflow.
    matching: how far a voice of this machine goes toward the reference, 0 not at all .. 1 as near as it gets; engines that clone have no
    use for it."""

    engine: str = "embedded"
    voice: str = ""
    language: str = ""
    speed: float = 1.0
    seed: int = 0
    reference: Speech | None = None
    server: str = ""
    sample_rate: int = 0
    patience: float = 300.0
    typed: bool = False
    matching: float = 1.0


_ENGINES: dict[str, Callable[[VoiceSettings, Progress], Voice]] = {}


def voice_engine(name: str) -> Callable:
    """Decorator: make `name` speak by the voice that the decorated function makes."""

    def keep(make: Callable[[VoiceSettings, Progress], Voice]) -> Callable[[VoiceSettings, Progress], Voice]:
        _ENGINES[name] = make
        return make

    return keep


def voice_engine_names() -> list[str]:
    """Names of all engines, the one that needs nothing first."""
    for module in _MODULES:
        import_module(f".{module}", __package__)
    return list(_ENGINES)


def make_engine_voice(asked: VoiceSettings, progress: Progress | None = None) -> Voice:
    """The voice of `asked.engine`, with `cache_words`: strings of all that shapes its sound.

    Raises InputError for an engine that does not exist or a speed out of range, MissingModel for one that is not installed."""
    if asked.engine not in voice_engine_names():
        raise InputError(f"There is no voice engine '{asked.engine}'. Choose one of: {', '.join(voice_engine_names())}.")
    if not SLOWEST <= asked.speed <= FASTEST:
        raise InputError(f"A speed of {asked.speed:g} is out of range: give {SLOWEST:g} (slow) to {FASTEST:g} (fast), "
                         "1 being the voice's own.")
    return _ENGINES[asked.engine](asked, progress or Silent())
