"""A text to be spoken, read as a script: who says what, and where there is a pause."""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from ...host.errors import InputError

LONGEST_PAUSE = 60.0
USUAL_PAUSE = 0.5
_BRACKET = re.compile(r"\[([^\[\]\n]{1,60})\]")
_PAUSE = re.compile(r"(?:pause|break|停顿)\s*(?:[:：=\s]\s*(\S.*?)\s*)?", re.IGNORECASE)
_LENGTH = re.compile(r"(\d+(?:[.,]\d+)?)\s*(ms|s|sec|seconds?|秒|毫秒)?", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """text: what is said. speaker: a name as the cast writes it, "" for the voice itself."""

    text: str
    speaker: str = ""


@dataclass(frozen=True)
class Pause:
    """seconds of silence, 0 .. 60."""

    seconds: float


def read_script(text: str, cast: Collection[str] = ()) -> list[Line | Pause]:
    """Lines and pauses in order; no line is empty. Control characters are left out.

    `[pause:0.8s]` (also `[pause:800ms]`, `[pause]`) is a pause. `[Alice]`, if Alice is of the cast in any letter case, makes her speak
    from there on. A bracket that begins a line with a capital, but names nobody of the cast, is an InputError, as it would else be read
    out; any other bracket (`[laugh]`) stays in the text. Raises InputError for a pause that has no length or is above a minute."""
    names = {name.casefold(): name for name in cast}
    parts: list[Line | Pause] = []
    speaker, start, said = "", 0, ""
    text = _without_controls(text)
    for found in _BRACKET.finditer(text):
        word = found[1].strip()
        pause = _PAUSE.fullmatch(word)
        named = names.get(word.casefold())
        if pause is None and named is None:
            if _looks_like_a_speaker(text, found.start(), word):
                raise InputError(f"[{word}] speaks, but no voice is given for '{word}': write a line such as '{word} = …' into `speakers`, "
                                 f"or take the brackets away{_known(cast)}.")
            continue
        said = text[start : found.start()]
        start = found.end()
        _add(parts, said, speaker)
        if pause is not None:
            parts.append(Pause(_seconds(pause[1], word)))
        else:
            speaker = named
            start += 1 if text[start : start + 1] in (":", "：") else 0
    _add(parts, text[start:], speaker)
    return parts


def _add(parts: list[Line | Pause], text: str, speaker: str) -> None:
    if text.strip():
        parts.append(Line(text.strip(), speaker))


def _seconds(text: str | None, word: str) -> float:
    if text is None:
        return USUAL_PAUSE
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise InputError(f"'[{word}]' is not a pause: write its seconds, such as [pause:0.8s].")
    seconds = float(found[1].replace(",", ".")) / (1000 if (found[2] or "").lower() in ("ms", "毫秒") else 1)
    if seconds > LONGEST_PAUSE:
        raise InputError(f"'[{word}]' is too long a pause: give at most {LONGEST_PAUSE:g} s.")
    return seconds


def _looks_like_a_speaker(text: str, at: int, word: str) -> bool:
    if not word or unicodedata.category(word[0]) not in ("Lu", "Lt", "Lo"):
        return False
    while at and text[at - 1].isspace():
        at -= 1
        if text[at] == "\n":
            return True
    return at == 0


def _known(cast: Collection[str]) -> str:
    return f" (known are: {', '.join(cast)})" if cast else ""


def _without_controls(text: str) -> str:
    return "".join(" " if unicodedata.category(letter) == "Cc" and letter not in "\n\t" else letter for letter in text)
