"""One setting of an engine: default, words and limits in one place, for the terminal, the canvas and the docs alike."""
from __future__ import annotations

from dataclasses import field, fields
from typing import Any

from ..host.errors import InputError


def setting(default: Any, words: str, *, low: float | None = None, high: float | None = None, choices: tuple[str, ...] = ()) -> Any:
    """A dataclass field whose metadata carries what a surface needs to show and check it."""
    return field(default=default, metadata={"words": words, "low": low, "high": high, "choices": choices})


def check_settings(settings: Any) -> None:
    """Raise InputError that names the first setting outside its limits."""
    for one in fields(settings):
        value, limits = getattr(settings, one.name), one.metadata
        if limits.get("choices") and value not in limits["choices"]:
            raise InputError(f"{one.name} is '{value}'; choose one of: {', '.join(limits['choices'])}.")
        low, high = limits.get("low"), limits.get("high")
        if (low is not None and not value >= low) or (high is not None and not value <= high):
            raise InputError(f"{one.name} is {value}; it must lie between {low} and {high}.")
