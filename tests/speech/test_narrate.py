"""A text of any length is spoken sentence by sentence, and only what changed is spoken again."""
import gc

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from talking_avatar.host.errors import Cancelled, InputError, ServerError
from talking_avatar.media.open import sound_of_array
from talking_avatar.speech.loudness import loudness
from talking_avatar.speech.speech import Speech
from talking_avatar.speech.voices import spoken_cache, voice_engine
from talking_avatar.speech.voices.cast import read_cast
from talking_avatar.speech.voices.narrate import narrate
from talking_avatar.speech.voices.script import Line, Pause, read_script
from talking_avatar.speech.voices.voice_engine import VoiceSettings, make_engine_voice
from voice_dialects import gpt_sovits
from voice_server import RATE, spoken, whole_wav

pytestmark = pytest.mark.usefixtures("own_cache")
REFERENCE = Speech(sound_of_array(spoken(4.0) / np.float32(32768), RATE), text="Words.")


class Steps:
    """A Progress that counts, and cancels at a step."""

    def __init__(self, stop_at=None):
        self.done, self.total, self.stop_at = 0, None, stop_at

    def stage(self, name, total=None):
        self.total = total if name == "speaking the text" else self.total
        self.is_speaking = name == "speaking the text"
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.is_speaking = True

    def advance(self, steps=1):
        self.done += steps if self.is_speaking else 0
        if self.done == self.stop_at:
            raise Cancelled

    def check(self):
        pass


@pytest.fixture
def asked(serve):
    server = serve(gpt_sovits)
    asked = VoiceSettings("gpt-sovits", language="en", server=server.url, reference=REFERENCE)
    return asked, lambda: [call.json["text"] for call in server.calls]


def test_only_the_changed_sentence_is_spoken_again(asked):
    settings, sent = asked
    first = narrate("One comes first. Two comes then. Three is last.", settings)
    second = narrate("One comes first. Now comes this. Three is last.", settings)
    assert sent() == ["One comes first.", "Two comes then.", "Three is last.", "Now comes this."]
    assert first.sound.n_samples == second.sound.n_samples
    again = narrate("One comes first. Two comes then. Three is last.", settings)
    assert again.sound.content_key == first.sound.content_key
    assert len(sent()) == 4


def test_a_run_that_was_cancelled_goes_on_where_it_ended(asked):
    settings, sent = asked
    with pytest.raises(Cancelled):
        narrate("One comes first. Two comes then. Three is last.", settings, Steps(stop_at=2))
    narrate("One comes first. Two comes then. Three is last.", settings)
    assert sent() == ["One comes first.", "Two comes then.", "Three is last."]


def test_what_a_server_failed_at_is_not_kept(serve):
    server = serve(lambda call: call.whole(whole_wav(np.zeros(16000), 16000)) if len(server.calls) == 1 else gpt_sovits(call))
    settings = VoiceSettings("gpt-sovits", language="en", server=server.url, reference=REFERENCE)
    with pytest.raises(ServerError):
        narrate("Hello there.", settings)
    assert narrate("Hello there.", settings).sound.seconds > 1


def test_a_damaged_file_of_the_cache_is_spoken_anew(asked, own_cache):
    settings, sent = asked
    whole = narrate("Hello there.", settings).sound.content_key
    (file,) = (own_cache / "voices").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert narrate("Hello there.", settings).sound.content_key == whole
    assert len(sent()) == 2


def test_the_cache_does_not_grow_without_end(asked, own_cache, monkeypatch):
    settings, _ = asked
    monkeypatch.setattr(spoken_cache, "MOST_BYTES", 400_000)
    monkeypatch.setattr(spoken_cache, "_PRUNE_EVERY", 0.0)
    narrate(" ".join(f"This is sentence number {one}." for one in "abcdefgh"), settings)
    assert 100_000 < sum(file.stat().st_size for file in (own_cache / "voices").iterdir()) <= 600_000


def test_sentences_come_out_equally_loud(serve):
    quiet_and_loud = {"Quiet is this sentence here.": 0.1, "Loud is this sentence here.": 3.0}
    server = serve(lambda call: call.whole(whole_wav(spoken(1.5, 32000) * quiet_and_loud[call.json["text"]], 32000)))
    settings = VoiceSettings("gpt-sovits", language="en", server=server.url, reference=REFERENCE)
    sound = np.concatenate(list(narrate(" ".join(quiet_and_loud), settings).sound.blocks()), 1)[0]
    levels = [loudness(sound_of_array(half, 32000)).integrated for half in np.split(sound, 2)]
    assert levels == pytest.approx([-23, -23], abs=0.5)
    assert np.abs(sound).max() <= 0.9


def test_pauses_last_as_long_as_they_say(asked):
    settings, _ = asked
    plain = narrate("One comes first. Two comes then.", settings)
    paused = narrate("[pause:0.2s] One comes first. [pause:800ms] Two comes then. [pause:1s]", settings)
    assert paused.sound.n_samples - plain.sound.n_samples == 2 * 32000
    sound = np.concatenate(list(paused.sound.blocks()), 1)[0]
    assert not sound[:6400].any() and not sound[-32000:].any()


def test_phoneme_times_stay_exact_with_pauses_and_speakers():
    cast = {"Bob": VoiceSettings(voice="espeak/m3")}
    speech = narrate("Hello there. [pause:0.7s] [Bob] I am Bob. [Alice] And I am not.", VoiceSettings(language="en"), None,
                     cast | {"Alice": VoiceSettings(voice="hibari")})
    assert speech.phonemes[0].start == 0 and speech.phonemes[-1].end == speech.sound.seconds
    assert all(one.end == other.start for one, other in zip(speech.phonemes, speech.phonemes[1:], strict=False))
    assert speech.sound.rate == 24000


def test_each_speaker_has_an_own_language_and_voice(serve):
    server = serve(gpt_sovits)
    base = VoiceSettings("gpt-sovits", server=server.url, reference=REFERENCE)
    other = Speech(REFERENCE.sound)
    cast = read_cast("# who speaks\nAnna = anna.wav | 你好。\n\nBert = /srv/bert.wav\n", base, lambda name: other)
    assert cast["Anna"].reference.text == "你好。"
    cast["Bert"] = VoiceSettings("gpt-sovits", server=server.url, reference=REFERENCE)
    narrate("[Anna] 今天天气很好。 [bert]: The weather is fine.", base, None, cast)
    assert [(call.json["text"], call.json["text_lang"]) for call in server.calls] == [
        ("今天天气很好。", "zh"), ("The weather is fine.", "en")]


def test_a_cast_may_name_other_engines():
    base = VoiceSettings("gpt-sovits", server="http://127.0.0.1:9880")
    cast = read_cast("A = edge-tts: en-GB-SoniaNeural\nB = embedded\nC = gpt-sovits: c.wav\nD = openai: tts-1/alloy", base,
                     lambda name: REFERENCE)
    assert [(one.engine, one.voice, one.server) for one in cast.values()] == [
        ("edge-tts", "en-GB-SoniaNeural", ""), ("embedded", "", ""), ("gpt-sovits", "", "http://127.0.0.1:9880"),
        ("openai", "tts-1/alloy", "")]
    for wrong in ("Alice", "= x", "Alice =", "A = x\na = y"):
        with pytest.raises(InputError):
            read_cast(wrong, base, None)


def test_progress_counts_sentences(asked):
    steps = Steps()
    narrate("One comes first. Two comes then. [pause:1s] Three is last.", asked[0], steps)
    assert (steps.done, steps.total) == (4, 4)


def test_a_long_text_needs_no_more_memory_than_a_short_one(monkeypatch):
    class Tireless:
        name, languages, licence, notes, rest, tags, cache_words = "tireless", (), "none", [], 0.0, False, ("tireless",)

        def unreadable(self, text):
            return ""

        def synthesize(self, text):
            return Speech(sound_of_array(spoken(6.0) / np.float32(32768), RATE), None, text, "en")

    monkeypatch.setitem(voice_engine._ENGINES, "tireless", lambda asked, progress: Tireless())
    asked = VoiceSettings("tireless", language="en")
    seconds = narrate("A sentence that lasts a while comes first. " * 5, asked).sound.seconds
    assert seconds == pytest.approx(30, abs=1)
    gc.collect()
    before = psutil.Process().memory_info().rss
    speech = narrate("".join(f"A sentence that lasts a while is number {number}. " for number in range(120)), asked)
    grown = psutil.Process().memory_info().rss - before
    assert speech.sound.seconds > 600
    assert grown < 0.3 * speech.sound.n_samples * 4
    assert sum(block.shape[1] for block in speech.sound.blocks()) == speech.sound.n_samples


@pytest.mark.parametrize(("text", "parts"), [
    ("Hello.", [Line("Hello.")]), ("[pause:0.8s]", [Pause(0.8)]), ("a [pause] b", [Line("a"), Pause(0.5), Line("b")]),
    ("a [PAUSE: 250 ms] b [pause=1,5]", [Line("a"), Pause(0.25), Line("b"), Pause(1.5)]),
    ("你好[停顿：1秒]再见", [Line("你好"), Pause(1.0), Line("再见")]),
    ("[Alice] Hi. [bob]: Hello.", [Line("Hi.", "Alice"), Line("Hello.", "Bob")]), ("So [laugh] it is.", [Line("So [laugh] it is.")]),
    ("See [1] and [Smith 2020].", [Line("See [1] and [Smith 2020].")]), ("a\x00b\x1b", [Line("a b")]),
])
def test_a_script_is_read_as_it_is_written(text, parts):
    assert read_script(text, ("Alice", "Bob")) == parts


@pytest.mark.parametrize("text", ["[pause:x]", "[pause:61s]", "[Carol] Hello.", "Hello.\n[Carol] Hi."])
def test_what_a_script_means_wrongly_is_told(text):
    with pytest.raises(InputError):
        read_script(text, ("Alice",))


@given(st.text(max_size=80))
def test_any_text_is_a_script_or_is_refused(text):
    try:
        parts = read_script(text)
    except InputError:
        return
    assert all(part.text.strip() for part in parts if isinstance(part, Line))


def test_letters_that_a_voice_leaves_out_are_told():
    notes = []
    narrate("The word 世界 means world, and everybody in this room knows it by heart.", VoiceSettings(), tell=notes.append)
    assert any("'hibari' does not know '世界'" in note for note in notes)
    notes.clear()
    narrate("Everybody knows it.", VoiceSettings(), tell=notes.append)
    assert notes == []


def test_wrong_settings_are_one_sentence():
    for settings, sentence in ((VoiceSettings("nobody"), "no voice engine"), (VoiceSettings(speed=3.0, language="en"), "out of range")):
        with pytest.raises(InputError, match=sentence):
            make_engine_voice(settings)
