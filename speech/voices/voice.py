"""What a voice is, and the list of those there are.

    @register("my-voice")
    class MyVoice:
        def __init__(self, language: str, speed: float, variant: str = ""): ...
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Protocol

from ...host.errors import InputError
from ..speech import Speech

SLOWEST, FASTEST = 0.5, 2.0


class Voice(Protocol):
    """name: as users choose it. languages: tags it speaks ("en", "fr", …). licence: of its code and weights."""

    name: str
    languages: tuple[str, ...]
    licence: str

    def unreadable(self, text: str) -> str:
        """The letters of the text this voice would leave out, each once; "" where it reads them all."""

    def synthesize(self, text: str) -> Speech:
        """The whole text spoken, with phoneme times that end exactly with the sound.

        Raises InputError for a text this voice cannot read, MissingModel when a part of the voice is not installed."""

    def stream(self, text: str) -> Iterator[Speech]:
        """The same, one Speech a sentence, each as soon as it is spoken; times count from the sentence's start."""


_VOICES: dict[str, Callable[..., Voice]] = {}


def register(name: str) -> Callable[[Callable[..., Voice]], Callable[..., Voice]]:
    """Decorator: make a voice class available under `name`; it is called with language, speed and variant."""

    def keep(make: Callable[..., Voice]) -> Callable[..., Voice]:
        _VOICES[name] = make
        return make

    return keep


def voice_names() -> list[str]:
    """Names of all voices, by the alphabet."""
    _load_own()
    return sorted(_VOICES)


def make_voice(name: str, language: str, speed: float = 1.0) -> Voice:
    """The voice of that name; "hibari/emma" or "espeak/f2" asks for a variant of it. speed: 0.5 slow .. 2 fast.

    Raises InputError for a name that does not exist or a speed out of range, MissingModel if the voice is not installed."""
    family, _, variant = name.partition("/")
    if family not in voice_names():
        raise InputError(f"There is no voice called '{name}'. Choose one of: {', '.join(voice_names())}.")
    if not SLOWEST <= speed <= FASTEST:
        raise InputError(f"A speed of {speed:g} is out of range: give {SLOWEST:g} (slow) to {FASTEST:g} (fast), 1 being the voice's own.")
    return _VOICES[family](language=language, speed=speed, variant=variant)


def _load_own() -> None:
    """The pack's voices register themselves when their modules are first imported."""
    for module in ("hibari", "espeak"):
        import_module(f".{module}", __package__)
