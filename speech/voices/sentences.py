"""A text cut into sentences, in any language."""
from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 600
_END = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+(?=[^\sa-zà-ÿ])|(?<=[。！？؟।])[」』”）]*|\n+")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:\w|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|No|Nr|vs|etc|bzw|ca|Mme|Mlle|Sra|Srta|Dott)\.$")


def sentences(text: str, longest: int = LONGEST) -> Iterator[str]:
    """Sentences in order, none empty, none longer than `longest` characters, of which one of Chinese or Japanese counts three: longer
    ones are cut at a comma or a space, never inside a number."""
    start = 0
    for end in _END.finditer(text):
        piece = text[start:end.end()].strip()
        if piece and not ("\n" not in end.group() and _ABBREVIATION.search(text[start:end.start()])):
            yield from _short_enough(piece, longest)
            start = end.end()
    if text[start:].strip():
        yield from _short_enough(text[start:].strip(), longest)


def _short_enough(sentence: str, longest: int) -> Iterator[str]:
    while (most := _fitting(sentence, longest)) < len(sentence):
        commas = max(sentence.rfind(mark, 1, most) for mark in (", ", "; ", "、", "，", "；"))
        cut = commas + 1 or sentence.rfind(" ", 1, most) + 1 or most
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence


def _fitting(sentence: str, longest: int) -> int:
    """How many characters from the start on fit."""
    room = longest
    for at, letter in enumerate(sentence):
        room -= 3 if "\u3040" <= letter <= "\u9fff" else 1
        if room < 0:
            return at
    return len(sentence)
