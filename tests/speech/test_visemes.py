"""Every way a phoneme is written finds its lips."""
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talking_avatar.speech.visemes import CONSONANTS, VOWELS, visemes
from talking_avatar.speech.voices.speak import speak

SAMPLES = {
    "en": "The quick brown fox jumps over the lazy dog; measure joy, thin church, boy, now, there, fire, pure, little button.",
    "fr": "Un bon vin blanc, le peuple français est heureux; une petite fille mange du pain, la lune brille, agneau, oui, huit, coeur.",
    "de": "Die schönen Mädchen hören fröhliche Musik, Pfirsiche und Äpfel, ich auch, Zug, Schule, Häuser, über, küssen, Genie.",
    "es": "El niño pequeño llama a su perro, cerveza, guitarra, ayer, general, agua, huevo, mañana, bueno, vivir, dedo.",
    "ja": "こんにちは、とうきょうへようこそ。ちょっとまってください、ぎゅうにゅう、しんぶん、つくえ、ざっし、りょこう。",
    "zh": "你好，世界。今天天气很好，我们去公园吃饭。中国人喜欢喝茶，女儿学习日语，四十四只石狮子，春天绿色的雪。",
}


def letters(symbol):
    return [letter for letter in unicodedata.normalize("NFD", symbol) if unicodedata.category(letter) in ("Ll", "Lo", "Lu")]


@pytest.mark.parametrize("language", SAMPLES)
def test_every_symbol_espeak_writes_is_in_the_table(language):
    speech = speak(SAMPLES[language], voice="espeak", language=language)
    symbols = {phoneme.symbol for phoneme in speech.phonemes}
    assert len(symbols) > 15
    known = set("".join(VOWELS | CONSONANTS))
    for symbol in symbols:
        assert bool(visemes(symbol)) == bool(symbol), symbol
        assert set(letters(symbol)) <= known, symbol


@pytest.mark.parametrize(("written", "plain"), [("ˈɑː", "ɑ"), ("d͡ʒ", "dʒ"), ("tʃʰ", "tʃ"), ("n̩", "n"), ("A", "eɪ"), ("ʤ", "dʒ"), ("ɡ", "g"),
                                               ("tɕh", "tɕ"), ("ts.h", "ʈʂ"), ("ɕ5", "ɕ"), ("(en)m", "m"), ("Q", "əʊ"), ("ᵊ", "ə")])
def test_marks_and_alphabets_do_not_matter(written, plain):
    assert visemes(written) == visemes(plain) != ()


@pytest.mark.parametrize("pause", ["", " ", ",", ".", "…", "—", "ˈ", "?"])
def test_a_pause_has_no_viseme(pause):
    assert visemes(pause) == ()


@pytest.mark.parametrize("symbol", ["m", "b", "p", "mː", "pʰ", "b̥"])
def test_bilabials_shut_the_lips(symbol):
    (viseme,) = visemes(symbol)
    assert viseme.opening == 0
    assert viseme.closure == 1


def test_the_published_values_stand():
    for symbol, opening, width in (("ɑ", 1, 0), ("aɪ", 0.9, 0), ("ɔ", 0.7, -0.7), ("ɔɪ", 0.65, 0), ("ɛ", 0.6, 0.5), ("eɪ", 0.55, 0.7),
                                   ("oʊ", 0.55, -0.8), ("ə", 0.4, 0), ("ɪ", 0.35, 0.6), ("i", 0.3, 1), ("u", 0.2, -1), ("h", 0.45, 0),
                                   ("k", 0.3, 0), ("ɹ", 0.25, 0), ("t", 0.22, 0), ("tʃ", 0.2, -0.6), ("s", 0.15, 0.5), ("w", 0.12, -1),
                                   ("v", 0.08, 0), ("f", 0.06, 0), ("p", 0, 0)):
        (viseme,) = visemes(symbol)
        assert (viseme.opening, viseme.width) == (opening, width), symbol


def test_nasal_and_rounded_vowels_keep_their_lips():
    assert visemes("ɔ̃")[0].width < -0.5
    assert visemes("ɑ̃")[0].opening > visemes("ɔ̃")[0].opening
    assert visemes("y")[0].width < -0.5 < visemes("i")[0].width
    assert visemes("ˈɔø") == visemes("ɔ") + visemes("ø")


@given(st.text(max_size=6))
def test_no_text_breaks_it_and_all_values_are_in_range(symbol):
    for viseme in visemes(symbol):
        assert 0 <= viseme.opening <= 1
        assert -1 <= viseme.width <= 1
        assert viseme.closure in (0, 0.2, 1)
        assert 0 <= viseme.dental <= 1
