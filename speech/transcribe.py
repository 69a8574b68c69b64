"""What is said in a sound, word by word: any length, piece by piece, by any recogniser."""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from queue import Empty, SimpleQueue

import numpy as np

from ..host.progress import Progress, Silent
from ..media.sound import Sound, require_samples
from .gate import voice_gate
from .log_mel import HOP, sound_rows
from .recognisers.recogniser import Heard, Recogniser, Word

RATE = 16000
LONGEST = 28.0
"""Seconds of a piece: recognisers listen to half a minute at once."""
_SEARCH = 8.0
"""Seconds before the longest within which the quietest moment is looked for."""
_AROUND = 0.2
"""Seconds left around the voice in a piece."""
_BREAK = 3.0
"""Seconds of silence that end a piece."""
_ASK = 0.1


@dataclass(frozen=True)
class Transcript:
    """words: in order, their times in the sound; the first has no space before it. language: a tag, "" where nothing was heard."""

    words: tuple[Word, ...]
    language: str

    @property
    def text(self) -> str:
        """All of it in one line."""
        return "".join(word.text for word in self.words)


def transcribe(sound: Sound, recogniser: Recogniser, language: str | None = None, progress: Progress | None = None) -> Transcript:
    """Write down a sound of any length in flat memory; pauses without a voice are not listened to.

    language: a tag ("en"), None to find it out in the first piece. Raises Cancelled within a second, InputError, MissingModel."""
    require_samples(sound)
    progress = progress or Silent()
    pieces = _pieces(voice_gate(sound_rows(sound, progress)))
    words: list[Word] = []
    with progress.stage("writing down what is said", total=max(1, round(sum(stop - start for start, stop in pieces)))) as stage:
        for (start, stop), samples in zip(pieces, _cut(sound, pieces), strict=True):
            for heard in _answers(partial(_listened, recogniser, samples, language), progress):
                words += _placed(heard.words, start, stop, words[-1].end if words else 0.0)
                language = language or (heard.language if heard.words else None)
            stage.advance(round(stop) - round(start))
    return Transcript((replace(words[0], text=words[0].text.lstrip()), *words[1:]) if words else (), (language or "") if words else "")


def _pieces(gate: np.ndarray) -> list[tuple[float, float]]:
    """(start, stop) in seconds of stretches with a voice, at most 28 s each, cut at pauses or at the quietest moment near the end."""
    step = HOP / RATE
    voiced = np.flatnonzero(gate > 0.5)
    if not len(voiced):
        return []
    breaks = np.flatnonzero(np.diff(voiced) * step > _BREAK)
    runs = zip(voiced[np.concatenate([[0], breaks + 1])], voiced[np.concatenate([breaks, [len(voiced) - 1]])], strict=True)
    pieces = []
    for first, last in runs:
        at, end = first * step - _AROUND, (last + 1) * step + _AROUND
        at, end = max(0.0, at), min(end, (len(gate) - 1) * step)
        while end - at > LONGEST:
            rows = slice(round((at + LONGEST - _SEARCH) / step), round((at + LONGEST) / step))
            cut = (rows.start + _quietest(gate[rows])) * step
            pieces.append((at, cut))
            at = cut
        pieces.append((at, end))
    return pieces


def _quietest(gate: np.ndarray) -> int:
    """The middle of the longest stretch as quiet as it gets."""
    quiet = np.concatenate([[False], gate <= gate.min() + 1e-6, [False]])
    starts, stops = np.flatnonzero(np.diff(quiet.astype(int)) == 1), np.flatnonzero(np.diff(quiet.astype(int)) == -1)
    longest = int((stops - starts).argmax())
    return int(starts[longest] + stops[longest]) // 2


def _cut(sound: Sound, pieces: list[tuple[float, float]]) -> Iterator[np.ndarray]:
    """float32 [n] at 16 kHz of each piece; the sound is read once."""
    source, held, begins = sound.mono(RATE), np.zeros(0, np.float32), 0
    for start, stop in pieces:
        first, last = round(start * RATE), round(stop * RATE)
        while begins + len(held) < last:
            block = next(source, None)
            if block is None:
                break
            outdated = min(max(0, first - begins), len(held))
            held, begins = np.concatenate([held[outdated:], block]), begins + outdated
        yield held[first - begins:last - begins]


def _placed(words: tuple[Word, ...], start: float, stop: float, after: float) -> list[Word]:
    """Words of a piece with their times in the sound, none before the one before it and none beyond the piece."""
    placed = []
    for word in words:
        begins = min(max(word.start + start, after), stop)
        after = min(max(word.end + start, begins), stop)
        if word.text.strip():
            placed.append(Word(word.text, begins, after))
    return placed


def _listened(recogniser: Recogniser, samples: np.ndarray, language: str | None, leave: threading.Event) -> Iterator[Heard]:
    for heard in recogniser.listen(samples, language):
        if leave.is_set():
            return
        yield heard


def _answers(listen: Callable[[threading.Event], Iterator[Heard]], progress: Progress) -> Iterator[Heard]:
    """What `listen` yields, made in a thread so that a cancel need not wait for the network; what it raises is raised here."""
    answers: SimpleQueue = SimpleQueue()
    leave = threading.Event()

    def work() -> None:
        try:
            for heard in listen(leave):
                answers.put(heard)
            answers.put(None)
        except Exception as error:  # raised again where the answers are awaited
            answers.put(error)

    threading.Thread(target=work, daemon=True, name="talking-avatar-transcribe").start()
    try:
        while True:
            progress.check()
            try:
                heard = answers.get(timeout=_ASK)
            except Empty:
                continue
            if heard is None:
                return
            if isinstance(heard, Exception):
                raise heard
            yield heard
    finally:
        leave.set()
