"""Sentences put together to one speech, on disk while it grows, so that an hour of text needs no hour of memory."""
from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...host.progress import Progress, Silent
from ...media.open import sound_of_array
from ...media.sound_spool import SoundSpool
from ..speech import Phoneme, Speech


def joined(sentences: Iterable[Speech], text: str, language: str, progress: Progress | None = None,
           total: int | None = None) -> Speech:
    """One Speech of all sentences, in order, lengths and phoneme times exact. At least one sentence with samples, all at one rate.

    total: how many there are, if known. Phonemes are None if they are for any sentence. Raises Cancelled between sentences."""
    phonemes: list[Phoneme] | None = []
    sound: SoundSpool | None = None
    with (progress or Silent()).stage("speaking the text", total) as stage:
        for sentence in sentences:
            sound = sound or SoundSpool(sentence.sound.rate)
            if phonemes is not None and sentence.phonemes is not None:
                phonemes += [Phoneme(one.symbol, sound.seconds + one.start, sound.seconds + one.end) for one in sentence.phonemes]
            else:
                phonemes = None
            for block in sentence.sound.blocks():
                sound.append(block[0])
            stage.advance()
    return Speech(sound, None if phonemes is None else exact(phonemes, sound.seconds), text, language)


def in_memory(pieces: Iterable[Speech], text: str, language: str) -> Speech:
    """One Speech of a sentence's pieces, all at one rate, without phoneme times."""
    pieces = list(pieces)
    samples = np.concatenate([block.mean(0) for piece in pieces for block in piece.sound.blocks()])
    return Speech(sound_of_array(samples, pieces[0].sound.rate), None, text, language)


def exact(phonemes: list[Phoneme], seconds: float) -> tuple[Phoneme, ...]:
    """Phonemes in order made to follow each other without gap or overlap from 0 to exactly `seconds`; pauses in a row become one, and what
    lasts no time is left out."""
    edges = np.maximum.accumulate(np.clip([0.0, *(one.start for one in phonemes[1:]), seconds], 0, seconds)).tolist()
    out: list[Phoneme] = []
    for one, start, end in zip(phonemes, edges, edges[1:], strict=False):
        if out and not one.symbol and not out[-1].symbol:
            out[-1] = Phoneme("", out[-1].start, end)
        elif end > start:
            out.append(Phoneme(one.symbol, start, end))
    return tuple(out)
