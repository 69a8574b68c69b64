"""What the lips do for a phoneme: the viseme table, and the ways phonemes are written."""
from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple


class Viseme(NamedTuple):
    """opening: 0 shut .. 1 wide "a". width: -1 rounded .. +1 spread. closure: 1 where the lips are pressed (m b p). dental: 1 where the
    lower lip is at the upper teeth (f v). Openings and widths of the English sounds are the published table the linear map was fitted
    on; they are not to be changed to please a score."""

    opening: float
    width: float = 0.0
    closure: float = 0.0
    dental: float = 0.0


def visemes(symbol: str) -> tuple[Viseme, ...]:
    """The visemes of one phoneme, in order and of equal length; empty for a pause.

    symbol: IPA as espeak-ng writes it, or misaki's alphabet (hibari, Kokoro). Stress and length marks, tie bars, tones and diacritics
    and aspiration do not matter, nor does a language's name in brackets; a string of several sounds ("iɑu", "tɕh") gives several
    visemes; an unknown letter is a mid vowel or a consonant."""
    return _read(unicodedata.normalize("NFD", symbol))


VOWELS = {
    "ɑ": Viseme(1.0), "a": Viseme(1.0), "æ": Viseme(0.9), "aɪ": Viseme(0.9), "aʊ": Viseme(0.9), "ɒ": Viseme(0.8),
    "ʌ": Viseme(0.7), "ɐ": Viseme(0.7), "ɔ": Viseme(0.7, -0.7), "ɔɪ": Viseme(0.65), "ɛ": Viseme(0.6, 0.5), "eɪ": Viseme(0.55, 0.7),
    "oʊ": Viseme(0.55, -0.8), "e": Viseme(0.5), "ɜ": Viseme(0.4), "ɚ": Viseme(0.4), "ə": Viseme(0.4), "ɪ": Viseme(0.35, 0.6),
    "i": Viseme(0.3, 1.0), "ʊ": Viseme(0.3, -0.7), "u": Viseme(0.2, -1.0),
    # Beyond English: placed by their neighbours in the vowel chart.
    "ai": Viseme(0.9), "au": Viseme(0.9), "ɑu": Viseme(0.9), "ei": Viseme(0.55, 0.7), "ou": Viseme(0.55, -0.8), "əʊ": Viseme(0.55, -0.8),
    "o": Viseme(0.55, -0.8), "ɵ": Viseme(0.4, -0.5), "ɤ": Viseme(0.5), "ɘ": Viseme(0.4), "ɞ": Viseme(0.5, -0.4), "ø": Viseme(0.5, -0.8),
    "œ": Viseme(0.6, -0.6), "ɶ": Viseme(0.8, -0.3), "y": Viseme(0.2, -1.0), "ʏ": Viseme(0.3, -0.7), "ɨ": Viseme(0.3),
    "ʉ": Viseme(0.2, -0.8), "ɯ": Viseme(0.3, 0.2), "ᵻ": Viseme(0.3, 0.3), "ᵿ": Viseme(0.3, -0.4), "ɿ": Viseme(0.2, 0.4), "ʅ": Viseme(0.2),
    "ɑ\u0303": Viseme(0.75, -0.2), "ɛ\u0303": Viseme(0.7, 0.2), "œ\u0303": Viseme(0.5, -0.4), "ɔ\u0303": Viseme(0.45, -0.8),
}
CONSONANTS = {
    "h": Viseme(0.45), "l": Viseme(0.3), "k": Viseme(0.3), "ɡ": Viseme(0.3), "ŋ": Viseme(0.3), "n": Viseme(0.25), "ɹ": Viseme(0.25),
    "j": Viseme(0.25), "ɾ": Viseme(0.25), "t": Viseme(0.22), "d": Viseme(0.22), "ð": Viseme(0.22), "ʃ": Viseme(0.2, -0.6),
    "ʒ": Viseme(0.2, -0.6), "tʃ": Viseme(0.2, -0.6), "dʒ": Viseme(0.2, -0.6), "θ": Viseme(0.2), "s": Viseme(0.15, 0.5),
    "z": Viseme(0.15, 0.5), "w": Viseme(0.12, -1.0), "v": Viseme(0.08, dental=1.0), "f": Viseme(0.06, dental=1.0),
    "m": Viseme(0.0, closure=1.0), "b": Viseme(0.0, closure=1.0), "p": Viseme(0.0, closure=1.0),
    # Beyond English: by place of articulation.
    "ʙ": Viseme(0.0, closure=1.0), "ɓ": Viseme(0.0, closure=1.0), "ɱ": Viseme(0.06, dental=1.0), "ⱱ": Viseme(0.06, dental=1.0),
    "ʋ": Viseme(0.1, dental=0.6), "ɸ": Viseme(0.1, -0.3, closure=0.2), "β": Viseme(0.1, closure=0.2), "ʍ": Viseme(0.12, -1.0),
    "ɥ": Viseme(0.12, -1.0), "ts": Viseme(0.15, 0.5), "dz": Viseme(0.15, 0.5), "tɕ": Viseme(0.2), "dʑ": Viseme(0.2), "ɕ": Viseme(0.2),
    "ʑ": Viseme(0.2), "tʂ": Viseme(0.2, -0.4), "ʈʂ": Viseme(0.2, -0.4), "dʐ": Viseme(0.2, -0.4), "ɖʐ": Viseme(0.2, -0.4),
    "ʂ": Viseme(0.2, -0.4), "ʐ": Viseme(0.2, -0.4), "ʈ": Viseme(0.22), "ɖ": Viseme(0.22), "ɗ": Viseme(0.22), "ɳ": Viseme(0.25),
    "ɲ": Viseme(0.25, 0.2), "c": Viseme(0.25, 0.3), "ɟ": Viseme(0.25, 0.3), "ʝ": Viseme(0.25, 0.4), "ç": Viseme(0.25, 0.4),
    "x": Viseme(0.35), "ɣ": Viseme(0.35), "χ": Viseme(0.35), "ʁ": Viseme(0.35), "ʀ": Viseme(0.35), "q": Viseme(0.3), "ɢ": Viseme(0.3),
    "ɴ": Viseme(0.3), "ɠ": Viseme(0.3), "ɰ": Viseme(0.3), "ɧ": Viseme(0.2, -0.6), "ɦ": Viseme(0.45), "ħ": Viseme(0.45), "ʕ": Viseme(0.45),
    "r": Viseme(0.25), "ɻ": Viseme(0.25, -0.3), "ɽ": Viseme(0.25), "ɺ": Viseme(0.25), "ɫ": Viseme(0.3), "ɭ": Viseme(0.3),
    "ʎ": Viseme(0.3, 0.2), "ʟ": Viseme(0.3), "ɬ": Viseme(0.25), "ɮ": Viseme(0.25), "ʔ": Viseme(0.3),
}
MISAKI = {"A": "eɪ", "I": "aɪ", "O": "oʊ", "W": "aʊ", "Y": "ɔɪ", "Q": "əʊ", "T": "ɾ", "ʧ": "tʃ", "ʤ": "dʒ", "ʦ": "ts", "ʣ": "dz",
          "ʨ": "tɕ", "ʥ": "dʑ", "ᵊ": "ə", "ɝ": "ɚ", "g": "ɡ", "ε": "ɛ", "ß": "s", "ꭧ": "tʂ"}
"""One-letter spellings: misaki's diphthongs and flap, ligatures of affricates, look-alikes of IPA letters."""

ESPEAK = {"i\u032a": "ɿ", "i.": "ʅ", "s.": "ʂ", "nɡ": "ŋ"}
"""Spellings of espeak-ng, in Mandarin above all."""

_TABLE = VOWELS | CONSONANTS
_UNKNOWN_VOWEL, _UNKNOWN_CONSONANT = Viseme(0.5), Viseme(0.25)


@lru_cache(maxsize=4096)
def _read(symbol: str) -> tuple[Viseme, ...]:
    symbol = re.sub(r"\([\w-]*\)", "", symbol)
    for written, meant in ESPEAK.items():
        symbol = symbol.replace(written, meant)
    symbol = re.sub(r"(?<=[ptkcqbdɡsɕʂʈ])h", "", symbol)
    letters = "".join(MISAKI.get(letter, letter) for letter in symbol if _is_letter(letter) or letter == "\u0303")
    found, place = [], 0
    while place < len(letters):
        for length in (2, 1):
            piece = letters[place:place + length]
            if len(piece) == length and piece in _TABLE:
                found.append(_TABLE[piece])
                break
        else:
            length = 1
            if letters[place] != "\u0303":
                found.append(_UNKNOWN_VOWEL if letters[place] in "AEIOUaeiou" else _UNKNOWN_CONSONANT)
        place += length
    return tuple(found)


def _is_letter(letter: str) -> bool:
    """Letters that sound; not digits, punctuation, combining marks or raised letters (ʰ ʲ ʷ ː), which only colour their neighbour."""
    return unicodedata.category(letter) in ("Ll", "Lu", "Lo") or letter in "ᵊᵻᵿ"
