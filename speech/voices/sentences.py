"""A text cut into sentences, in any language."""
from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 600
_END = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+(?=[^\sa-zà-ÿ])|(?<=[。！？؟।])[」』”）]*|\n+")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:\w|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|No|Nr|vs|etc|bzw|ca|Mme|Mlle|Sra|Srta|Dott)\.$")


def sentences(text: str) -> Iterator[str]:
    """Sentences in order, none empty, none longer than 600 characters: longer ones are cut at a comma or a space."""
    start = 0
    for end in _END.finditer(text):
        piece = text[start:end.end()].strip()
        if piece and not ("\n" not in end.group() and _ABBREVIATION.search(text[start:end.start()])):
            yield from _short_enough(piece)
            start = end.end()
    if text[start:].strip():
        yield from _short_enough(text[start:].strip())


def _short_enough(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST:
        commas = max(sentence.rfind(mark, 1, LONGEST) for mark in (", ", "; ", "、", "，"))
        cut = commas + 1 or sentence.rfind(" ", 1, LONGEST) + 1 or LONGEST
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence
