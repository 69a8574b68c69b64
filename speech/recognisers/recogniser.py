"""What a recogniser is, and the list of those there are.

    @register("my-recogniser")
    class MyRecogniser:
        def __init__(self, model: str): ...
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

import numpy as np

from ...host.errors import InputError

AUTO = "auto"


@dataclass(frozen=True)
class Word:
    """text: as it is written, with the space before it where the language has spaces ("Hello", " there."). start, end: seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Heard:
    """Some words, in order, and the tag of the language ("en") they were taken for."""

    words: tuple[Word, ...]
    language: str


class Recogniser(Protocol):
    """name: as users choose it. licence: of its code and weights."""

    name: str
    licence: str

    def listen(self, samples: np.ndarray, language: str | None) -> Iterator[Heard]:
        """Write down a piece of speech bit by bit: words in order, none if there are none.

        samples: float32 [n] at 16 kHz, at most half a minute. language: a tag, or None to find it out. Times count from the piece's
        beginning. Called from a thread of its own; it is left between two bits where the user stops the work. Raises InputError for a
        language it does not know, MissingModel."""


_RECOGNISERS: dict[str, Callable[[str], Recogniser]] = {}


def register(name: str) -> Callable[[Callable[[str], Recogniser]], Callable[[str], Recogniser]]:
    """Decorator: make a recogniser available under `name`; it is called with the name of a model, or "auto"."""

    def keep(make: Callable[[str], Recogniser]) -> Callable[[str], Recogniser]:
        _RECOGNISERS[name] = make
        return make

    return keep


def recogniser_names() -> list[str]:
    """Names of all recognisers, ours first."""
    import_module(".faster_whisper", __package__)
    return list(_RECOGNISERS)


def make_recogniser(name: str = "faster-whisper", model: str = AUTO) -> Recogniser:
    """The recogniser of that name with a model it has. Raises InputError for a name that does not exist, MissingModel for one that is not
    installed or whose model is not on this machine."""
    if name not in recogniser_names():
        raise InputError(f"There is no recogniser called '{name}'. Choose one of: {', '.join(recogniser_names())}.")
    return _RECOGNISERS[name](model)
