"""Subtitles from the times of words, and SubRip (.srt) text to and fro."""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..host.errors import InputError
from ..media.output_path import prepare_folder, whole_file
from .recognisers.recogniser import Word

COLUMNS, LINES = 42, 2
"""Letters in a line, wide ones (Chinese, Japanese, Korean) counting two, and lines shown at once: what broadcasters ask for."""
SHORTEST, LONGEST = 1.0, 7.0
"""Seconds a subtitle is shown, where there is room."""
LETTERS_A_SECOND = 17
PAUSE = 0.7
"""Seconds of silence that end a subtitle."""
GAP = 0.08
"""Seconds between two subtitles that follow each other, so that the change is seen."""
_SENTENCE_END, _CLAUSE_END = re.compile(r"[.!?…。！？][\"'”’»)\]」』]*$"), re.compile(r"[,;:，、；：][\"'”’»)]*$")
_TIME = r"(\d{1,3}):(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}")


@dataclass(frozen=True)
class Subtitle:
    """start, end: seconds. text: one or more lines."""

    start: float
    end: float
    text: str


def subtitles_of(words: Sequence[Word]) -> list[Subtitle]:
    """Subtitles of at most two lines of 42 columns, ended by sentences, pauses and commas, none over another."""
    groups = [group for sentence in _sentences(words) for group in _groups(sentence)]
    shown = []
    for at, group in enumerate(groups):
        text = "".join(word.text for word in group).strip()
        wished = max(group[-1].end, group[0].start + min(LONGEST, max(SHORTEST, _width(text) / LETTERS_A_SECOND)))
        limit = groups[at + 1][0].start - GAP if at + 1 < len(groups) else float("inf")
        shown.append(Subtitle(group[0].start, max(min(wished, limit), min(group[-1].end, limit + GAP)), "\n".join(_lines(text))))
    return shown


def srt_text(subtitles: Sequence[Subtitle]) -> str:
    """The content of an .srt file: numbered from 1, times in milliseconds, a line between two."""
    return "\n".join(f"{number}\n{_clock(one.start)} --> {_clock(one.end)}\n{_bare(one.text)}\n" for number, one in enumerate(subtitles, 1))


def write_srt(subtitles: Sequence[Subtitle], path: Path) -> None:
    """Write an .srt file, UTF-8, whole or not at all. Raises OutputError."""
    prepare_folder(path)
    with whole_file(path) as part:
        part.write_text(srt_text(subtitles), encoding="utf-8", newline="\n")


def read_srt(text: str) -> list[Subtitle]:
    """The subtitles of an .srt text, in its order, as players read it: numbers may be missing, line ends are of any kind. Raises InputError
    for a text without one."""
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [at for at, line in enumerate(lines) if _TIMES.match(line)]
    if not starts:
        raise InputError(f"'{text.strip()[:40]}' is no SubRip text: it holds no line such as 00:00:01,000 --> 00:00:02,500.")
    found = []
    for at, following in zip(starts, [*starts[1:], len(lines)], strict=True):
        body = lines[at + 1:following]
        if following < len(lines) and body and body[-1].strip().isdigit() and (len(body) == 1 or not body[-2].strip()):
            body = body[:-1]
        times = _TIMES.match(lines[at]).groups()
        found.append(Subtitle(_seconds(times[:4]), _seconds(times[4:]), "\n".join(body).strip("\n").rstrip()))
    return found


def _sentences(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Words up to the end of a sentence or a pause."""
    group: list[Word] = []
    for word in words:
        if group and (word.start - group[-1].end > PAUSE or (_SENTENCE_END.search(group[-1].text.strip()) and len(group) > 1)):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _groups(sentence: list[Word]) -> Iterator[list[Word]]:
    """A sentence in subtitles that fit: of about one length, cut after a comma where there is one near."""
    if _fits(sentence):
        yield sentence
        return
    widths = [_width(word.text) for word in sentence]
    total = sum(widths)
    done, best, cut = 0, float("inf"), 1
    for at, word in enumerate(sentence[:-1], 1):
        done += widths[at - 1]
        cost = abs(done / total - 0.5) - (0.2 if _CLAUSE_END.search(word.text.strip()) else 0)
        if cost < best:
            best, cut = cost, at
    yield from _groups(sentence[:cut])
    yield from _groups(sentence[cut:])


def _fits(words: list[Word]) -> bool:
    text = "".join(word.text for word in words).strip()
    return len(words) == 1 or (words[-1].end - words[0].start <= LONGEST and len(_lines(text)) <= LINES)


def _lines(text: str) -> list[str]:
    """A text in lines of at most 42 columns, as even as can be, cut at spaces, else between wide letters."""
    if _width(text) <= COLUMNS:
        return [text]
    parts = re.findall(r"\s*\S+", text) if " " in text else list(text)
    lines, even = [""], max(_width(text) / -(-_width(text) // COLUMNS), COLUMNS / 2)
    for part in parts:
        width = _width((lines[-1] + part).strip())
        if lines[-1] and (width > COLUMNS or _width(lines[-1].strip()) >= even):
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _bare(text: str) -> str:
    """Without lines that would end a subtitle or be read as times."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()).replace("-->", "→")


def _clock(seconds: float) -> str:
    total = round(max(0.0, seconds) * 1000)
    return f"{total // 3600000:02}:{total // 60000 % 60:02}:{total // 1000 % 60:02},{total % 1000:03}"


def _seconds(clock: Sequence[str]) -> float:
    hours, minutes, seconds, fraction = clock
    return ((int(hours) * 60 + int(minutes)) * 60000 + int(seconds) * 1000 + int(fraction.ljust(3, "0"))) / 1000
