"""A speech: what is said, as sound, with the phoneme times where the voice that spoke it knows them."""
from __future__ import annotations

from dataclasses import dataclass

from ..media.sound import Sound


@dataclass(frozen=True)
class Phoneme:
    """symbol: IPA without stress marks ("m", "ɑ", "eɪ", "" for a pause). start, end: seconds in the speech."""

    symbol: str
    start: float
    end: float


@dataclass(frozen=True)
class Speech:
    """sound: the waveform as it shall be heard. phonemes: in order, or None where nobody knows them. text, language ("en"): if known."""

    sound: Sound
    phonemes: tuple[Phoneme, ...] | None = None
    text: str | None = None
    language: str | None = None
