"""Voices say the text, know when each phoneme sounds, and say plainly what they cannot do."""
import subprocess
import sys
import time

import numpy as np
import pytest
from speech_sounds import SENTENCE, samples_16k
from talking_avatar.host.errors import Cancelled, InputError, MissingModel
from talking_avatar.speech.visemes import visemes
from talking_avatar.speech.voices import espeak, hibari
from talking_avatar.speech.voices.hibari import timed_phonemes
from talking_avatar.speech.voices.onnx_output import session_with_output
from talking_avatar.speech.voices.readable import guess_language
from talking_avatar.speech.voices.script import Line, read_script
from talking_avatar.speech.voices.sentences import sentences
from talking_avatar.speech.voices.speak import speak
from talking_avatar.speech.voices.voice import make_voice, register, voice_names

TEXTS = {"en": "Hello there. How are you today?", "fr": "Bonjour tout le monde. Comment ça va?", "de": "Guten Morgen. Wie geht es dir?",
         "es": "Hola a todos. ¿Cómo está usted?", "pt": "Olá, como você está?", "ru": "Привет. Как дела?",
         "ja": "こんにちは。おげんきですか。", "zh": "你好，世界。今天天气很好。", "ko": "안녕하세요. 반갑습니다."}


def assert_times_tile_the_sound(speech):
    seconds = speech.sound.n_samples / speech.sound.rate
    assert speech.phonemes[0].start == 0
    assert speech.phonemes[-1].end == seconds
    for one, following in zip(speech.phonemes, speech.phonemes[1:], strict=False):
        assert one.start < one.end == following.start


@pytest.mark.parametrize("language", TEXTS)
def test_espeak_speaks_with_phoneme_times(language):
    speech = speak(TEXTS[language], voice="espeak", language=language)
    assert_times_tile_the_sound(speech)
    assert speech.language == language
    assert speech.sound.seconds > 0.8
    assert sum(bool(visemes(one.symbol)) for one in speech.phonemes) > 8


def test_hibari_speaks_with_phoneme_times(spoken):
    assert_times_tile_the_sound(spoken)
    assert spoken.sound.rate == 24000
    assert spoken.text == SENTENCE
    assert "".join(one.symbol for one in spoken.phonemes).startswith("bɑbmeɪdɐmæpmeɪbi")


def test_sound_is_where_the_phonemes_say(spoken):
    samples = samples_16k(spoken.sound)

    def power(*symbols):
        chosen = [slice(int(one.start * 16000), int(one.end * 16000)) for one in spoken.phonemes if one.symbol in symbols]
        return [float((samples[piece] ** 2).mean()) for piece in chosen]

    assert np.median(power("")) < 0.2 * np.median(power("ɑ", "æ", "eɪ", "aɪ"))
    assert np.median(power("p", "k", "t")) < 0.3 * np.median(power("ɑ", "æ", "eɪ", "aɪ"))


def test_the_same_text_gives_the_same_sound():
    first, second = (speak("Say it again.", voice="hibari", language="en") for _ in range(2))
    assert first.sound.content_key == second.sound.content_key
    assert first.phonemes == second.phonemes


@pytest.mark.parametrize(("voice", "language"), [("hibari", "en"), ("espeak", "de")])
def test_speed_makes_it_longer_or_shorter(voice, language):
    slow, plain, fast = (speak("One two three four five.", voice, language, speed).sound.seconds for speed in (0.7, 1.0, 1.6))
    assert slow > 1.2 * plain
    assert fast < 0.85 * plain


@pytest.mark.parametrize("voice", ["hibari", "espeak"])
def test_a_stream_is_sentence_by_sentence_and_adds_up_to_the_whole(voice):
    text = "First comes this. Then comes that! And is that all?"
    made = make_voice(voice, "en")
    parts, whole = list(made.stream(text)), made.synthesize(text)
    assert [part.text for part in parts] == ["First comes this.", "Then comes that!", "And is that all?"]
    assert sum(part.sound.n_samples for part in parts) == whole.sound.n_samples
    np.testing.assert_array_equal(np.concatenate([block for part in parts for block in part.sound.blocks()], 1),
                                  np.concatenate(list(whole.sound.blocks()), 1))
    assert_times_tile_the_sound(whole)
    for part in parts:
        assert_times_tile_the_sound(part)


def test_stress_belongs_to_the_vowel_and_spaces_to_their_neighbours():
    found = timed_phonemes("ˈɑm ˈi, bː", [1, 1, 2, 3, 2, 1, 4, 5, 6, 7, 1, 3])
    assert [(one.symbol, one.start, one.end) for one in found] == [
        ("", 0, 1), ("ɑ", 1, 4), ("m", 4, 8), ("i", 8, 14), ("", 14, 25), ("b", 25, 33), ("", 33, 36)]


def test_long_texts_are_spoken_in_pieces_without_a_gap_in_the_times():
    speech = speak("and so on " * 150, voice="hibari", language="en")
    assert_times_tile_the_sound(speech)
    assert speech.sound.seconds > 60


@pytest.mark.parametrize(("text", "settings", "message"), [
    ("", {}, "empty"), ("  \n", {}, "empty"), ("…!?", {}, "nothing to say"), ("🙂🙂", {}, "nothing to say"),
    ("你好世界", {"voice": "hibari", "language": "en"}, "cannot read '你好世界'"),
    ("Привет, мир", {"voice": "hibari", "language": "en"}, "cannot read"),
    ("日本語は難しい", {"language": "ja"}, "cannot read '日本語難'"),
    ("Guten Tag", {"voice": "hibari", "language": "de"}, "English only"),
    ("Hello", {"speed": 5}, "0.5"), ("Hello", {"speed": float("nan")}, "out of range"), ("Hello", {"voice": "nobody"}, "espeak, hibari"),
    ("Hello", {"voice": "hibari/nobody"}, "heart"), ("Hello", {"language": "xx"}, "no voice for the language 'xx'"),
    ("Hello", {"voice": "espeak", "language": "../../etc"}, "not the name"),
    ("Hello", {"voice": "espeak/../x", "language": "en"}, "not the name"),
])
def test_what_cannot_be_said_is_refused_in_one_sentence(text, settings, message):
    with pytest.raises(InputError, match=message):
        speak(text, **settings)


def test_left_out_letters_are_told_and_a_few_do_not_stop_the_speech():
    voice = make_voice("hibari", "en")
    text = "The word 世界 means world, and everybody in this room knows it by heart."
    assert voice.unreadable(text) == "世界"
    assert voice.unreadable("Café Müller, ½ £3 @ 7:30pm – naïve") == ""
    assert voice.synthesize(text).sound.seconds > 2


def test_numbers_times_and_money_are_read_out():
    assert len(speak("It costs $3.50 at 7:30pm.", voice="hibari", language="en").phonemes) > 30


def test_a_voice_that_is_not_installed_names_what_to_install(monkeypatch):
    monkeypatch.setattr(hibari, "find_spec", lambda name: None)
    monkeypatch.setattr(espeak, "find_spec", lambda name: None)
    monkeypatch.setattr(espeak, "find_library", lambda name: None)
    with pytest.raises(MissingModel, match="pip install hibari-tts"):
        speak("Hello.", language="en")
    with pytest.raises(MissingModel, match="pip install espeakng-loader"):
        speak("Bonjour.", language="fr")


def test_a_voice_file_that_is_missing_is_named_and_never_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path))
    hibari._loaded.cache_clear()
    with pytest.raises(MissingModel, match="bf_emma"):
        speak("Hello.", voice="hibari/emma", language="en")
    assert not list(tmp_path.iterdir())


def test_an_export_without_durations_speaks_without_phoneme_times(monkeypatch):
    monkeypatch.setattr(hibari, "DURATIONS", "/no/such/tensor")
    hibari._loaded.cache_clear()
    try:
        speech = speak("Hello there.", voice="hibari", language="en")
    finally:
        hibari._loaded.cache_clear()
    assert speech.phonemes is None
    assert speech.sound.seconds > 0.5


def test_a_broken_network_is_no_session(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    with pytest.raises(LookupError, match="broken.onnx"):
        session_with_output(tmp_path / "broken.onnx", "x", 1)


def test_a_library_that_does_not_load_is_named(monkeypatch):
    monkeypatch.setattr(espeak, "_library", lambda: ("/nowhere/libespeak-ng.so", None))
    with pytest.raises(MissingModel, match="/nowhere/libespeak-ng.so"):
        speak("Bonjour.", language="fr")


def test_a_voice_process_that_dies_gives_a_sentence(monkeypatch, tmp_path):
    script = tmp_path / "dead.py"
    script.write_text("raise SystemExit(3)")
    monkeypatch.setattr(espeak, "SCRIPT", script)
    with pytest.raises(MissingModel, match="stopped"):
        speak("Bonjour.", language="fr")


def test_the_gpl_library_stays_out_of_this_process():
    code = ("from talking_avatar.speech.voices.speak import speak; from pathlib import Path; speak('Bonjour.', language='fr'); "
            "maps = Path('/proc/self/maps'); print('libespeak' in (maps.read_text() if maps.exists() else ''))")
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "False"


def test_the_language_is_guessed_from_script_and_common_words():
    for language, text in TEXTS.items():
        assert guess_language(text) == language, text
    assert guess_language("Supercalifragilistic") == "en"
    assert guess_language("東京は大きい") == "ja"


@pytest.mark.parametrize(("text", "parts"), [
    ("Dr. Smith met J. K. Rowling. She left!", ["Dr. Smith met J. K. Rowling.", "She left!"]),
    ('He said: "No!" Then he left.', ['He said: "No!"', "Then he left."]),
    ("你好。再见！", ["你好。", "再见！"]), ("It cost 3.5 million... or so.", ["It cost 3.5 million... or so."]),
    ("One line\nAnother line\n\n", ["One line", "Another line"]), ("", []),
])
def test_sentences_end_where_they_end(text, parts):
    assert list(sentences(text)) == parts


def test_a_text_of_a_megabyte_is_read_in_a_moment():
    texts = ("word " * 200_000, "Mr. A " * 160_000, "[laugh] so it is. " * 50_000, "[pause:1s] Hello.\n" * 50_000, "x" * 1_000_000,
             "一二三，" * 100_000, "She said 你好 to him. " * 20_000)
    begun = time.process_time()
    for text in texts:
        parts = read_script(text)
        assert guess_language(text) in ("en", "zh")
        assert sum(1 for part in parts if isinstance(part, Line) for _ in sentences(part.text)) >= 1
    assert time.process_time() - begun < 60


def test_a_foreign_word_does_not_change_the_language():
    assert guess_language("The word 世界 means world, and everybody knows it.") == "en"
    assert guess_language("The letter π is Greek.") == "en"
    assert guess_language("我用 Stable Diffusion 和 ComfyUI 做视频") == "zh"
    assert guess_language("Hello there, how are you all today? 你好。") == "zh", "a whole sentence wants a voice that can read it"


def test_no_sentence_is_endless_and_nothing_is_lost():
    for text in ("word " * 500, "x" * 2000, "一二三，" * 400, "Mr. A " * 500):
        parts = list(sentences(text))
        assert max(map(len, parts)) <= 600
        assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_registered_voice_is_spoken_by_name():
    @register("echo")
    class Echo:
        name, languages, licence = "echo", ("en",), "none"

        def __init__(self, language, speed, variant):
            self.inner = make_voice("espeak", language, speed)

        def stream(self, text):
            yield from self.inner.stream(text)

    assert voice_names() == ["echo", "espeak", "hibari"]
    assert speak("Hello.", voice="echo").sound.n_samples == speak("Hello.", voice="espeak", language="en").sound.n_samples


def test_cancel_stops_between_sentences():
    class StopsAtTheSecond:
        count = 0

        def stage(self, name, total=None):
            return self

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def advance(self, steps=1):
            self.count += 1
            if self.count == 2:
                raise Cancelled

    with pytest.raises(Cancelled):
        speak("One. Two. Three.", language="en", progress=StopsAtTheSecond())


@pytest.mark.parametrize(("text", "language"), [
    ("Hello there! I am only a photograph, but now I can speak.", "en"), ("Do it as I say.", "en"), ("Peter Piper picked a peck.", "en"),
    ("Bonjour, comment allez-vous ? Je suis une photo.", "fr"), ("Dzień dobry, jak się masz? To jest zdjęcie.", "pl"),
    ("Guten Tag, ich bin ein Foto und kann sprechen.", "de"), ("Hallo, ik ben een foto en ik kan praten.", "nl")])
def test_everyday_sentences_are_taken_for_their_own_language(text, language):
    assert guess_language(text) == language
