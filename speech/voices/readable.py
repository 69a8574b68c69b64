"""Which letters a voice can read, and which language a text is in."""
from __future__ import annotations

import re
import unicodedata
from collections import Counter

from ...host.errors import InputError
from .sentences import sentences

FEW = 0.2
"""A text of which a larger share of the letters cannot be read is refused."""
SCRIPTS = (("HIRAGANA", "ja"), ("KATAKANA", "ja"), ("HANGUL", "ko"), ("CJK", "zh"), ("CYRILLIC", "ru"), ("GREEK", "el"), ("ARABIC", "ar"),
           ("HEBREW", "he"), ("DEVANAGARI", "hi"), ("BENGALI", "bn"), ("TAMIL", "ta"), ("TELUGU", "te"), ("GEORGIAN", "ka"),
           ("ARMENIAN", "hy"))
LATIN = ("LATIN", "FULLWIDTH LATIN", "MICRO", "FEMININE", "MASCULINE", "MODIFIER", "SCRIPT")
DENSE = ("HIRAGANA", "KATAKANA", "HANGUL", "CJK")
LETTERS_A_SIGN = 3
"""A sign of these scripts says as much as so many Latin letters."""
MUCH = 0.35
"""Share of a sentence from which on its letters of another script are more than a foreign word."""
COMMON_WORDS = {
    "en": "the and is are of to in that it you for with this was not have be we what he she they my hello i a am but can now there do so "
          "if at as on by or me your an all will just only how when who from has had would about",
    "fr": "le la les des et est un une du que qui dans pour pas vous nous je il elle sur avec au ce bonjour",
    "de": "der die das und ist nicht ein eine ich sie wir mit für auf den dem zu von es auch wie guten",
    "es": "el los las y es un una que en por para no con del se lo su como está muy hola",
    "it": "il lo gli e è un una che di per non con del della sono come questo ciao anche",
    "pt": "o os as e é um uma que em por para não com do da se você como isso olá muito",
    "nl": "de het een en is niet van ik je dat met voor op zijn wij maar ook hallo",
    "pl": "i w nie na się jest to że z do jak co tak dzień dobry",
    "tr": "ve bir bu ne için çok değil ama ile merhaba var da",
}


def guess_language(text: str) -> str:
    """The language of a text as a tag, by its script and its commonest words; English where nothing speaks for another. A foreign word
    in a sentence, such as 世界 in an English one, does not make it another language."""
    scripts = set().union(*map(_scripts_of, sentences(text)))
    for script, language in SCRIPTS:
        if script in scripts:
            return language
    words = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    counts = {language: sum(words[word] for word in known.split()) for language, known in COMMON_WORDS.items()}
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] > counts["en"] else "en"


def not_latin(text: str) -> str:
    """The letters of a text that are of another script than Latin, each once."""
    return "".join(dict.fromkeys(letter for letter in text if unicodedata.category(letter)[0] == "L" and _script(letter) not in
                                 LATIN))


def refuse_unreadable(text: str, unreadable: str, voice: str) -> None:
    """Raise InputError if there is no letter or digit in the text, or more than a fifth of its letters are among the unreadable."""
    letters = [letter for letter in text if letter.isalnum()]
    if not letters:
        raise InputError(f"There is nothing to say in the text '{text.strip()[:40]}': give words.")
    if sum(letter in unreadable for letter in letters) > FEW * len(letters):
        raise InputError(f"The voice '{voice}' cannot read '{unreadable[:20]}': name the text's language, or choose a voice for it.")


def _scripts_of(sentence: str) -> set[str]:
    """Scripts of the sentence's letters, each if it makes up much of it, or goes with one that does."""
    if sentence.isascii():
        return {"LATIN"}
    counts = Counter(_script(letter) for letter in sentence if letter.isalpha())
    latin = sum(count for script, count in counts.items() if script in LATIN)
    foreign = sum(count * (LETTERS_A_SIGN if script in DENSE else 1) for script, count in counts.items() if script not in LATIN)
    return set(counts) if foreign > MUCH * (latin + foreign) else set(LATIN)


def _script(letter: str) -> str:
    words = unicodedata.name(letter, "").split(" ")
    return " ".join(words[:2]) if words[0] in ("FULLWIDTH", "HALFWIDTH") else words[0]
