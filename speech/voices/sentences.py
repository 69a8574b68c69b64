"""A text cut into sentences, in any language."""
from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 600
_END = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+(?=[^\sa-zà-ÿ])|(?<=[。！？؟।])[」』”）]*|\n+")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:\w|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|No|Nr|vs|etc|bzw|ca|Mme|Mlle|Sra|Srta|Dott)\.$")
_BEFORE = 8
"""Characters before a full stop that tell whether it ends an abbreviation: more than the longest of them with its stop and a space."""


def sentences(text: str, longest: int = LONGEST) -> Iterator[str]:
    """Sentences in order, none empty, none longer than `longest` characters, of which one of Chinese or Japanese counts three: longer
    ones are cut at a comma or a space, never inside a number."""
    start = 0
    for end in _END.finditer(text):
        if "\n" not in end.group() and _ABBREVIATION.search(text[max(start, end.start() - _BEFORE):end.start()]):
            continue
        piece = text[start:end.end()].strip()
        if piece:
            yield from _short_enough(piece, longest)
            start = end.end()
    if text[start:].strip():
        yield from _short_enough(text[start:].strip(), longest)


def _short_enough(sentence: str, longest: int) -> Iterator[str]:
    start = 0
    while (most := _fitting(sentence, start, longest)) < len(sentence):
        commas = max(sentence.rfind(mark, start + 1, most) for mark in (", ", "; ", "、", "，", "；"))
        cut = commas + 1 or sentence.rfind(" ", start + 1, most) + 1 or most
        yield sentence[start:cut].strip()
        start = cut
        while start < len(sentence) and sentence[start].isspace():
            start += 1
    if start < len(sentence):
        yield sentence[start:].rstrip()


def _fitting(sentence: str, start: int, longest: int) -> int:
    """Where the last character from `start` on stands that still fits, plus one."""
    room = longest
    for at in range(start, len(sentence)):
        room -= 3 if "\u3040" <= sentence[at] <= "\u9fff" else 1
        if room < 0:
            return at
    return len(sentence)
