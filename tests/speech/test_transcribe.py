"""Speech of any length is written down in pieces, at the right times, and a cancel never waits for the recogniser."""
import threading
import time
import tracemalloc
from importlib.util import find_spec

import numpy as np
import pytest
from speech_sounds import noise, sound_16k
from talking_avatar.host.errors import Cancelled, InputError, MissingModel
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import sound_of_array
from talking_avatar.speech.recognisers import faster_whisper
from talking_avatar.speech.recognisers.faster_whisper import model_names
from talking_avatar.speech.recognisers.recogniser import Heard, Word, make_recogniser
from talking_avatar.speech.transcribe import LONGEST, transcribe
from talking_avatar.speech.voices.speak import speak


class Beeps:
    """A recogniser that hears bursts: a word "bN" for each, N counting in the piece, in the language it is told, else French."""

    name, licence = "beeps", "none"

    def __init__(self):
        self.pieces, self.languages = [], []

    def listen(self, samples, language):
        self.pieces.append(len(samples) / 16000)
        self.languages.append(language)
        loud = np.convolve(np.abs(samples), np.ones(320) / 320, "same") > 0.02
        edges = np.flatnonzero(np.diff(np.concatenate([[0], loud, [0]])))
        for at, (start, stop) in enumerate(zip(edges[::2] / 16000, edges[1::2] / 16000, strict=True)):
            yield Heard((Word(f" b{at}", float(start), float(stop)),), language or "fr")


def bursts(seconds, period=1.0):
    """Noise bursts of 0.4 s, one each period, in silence."""
    at = np.arange(int(seconds * 16000)) / 16000
    return noise(seconds) * 0.1 * ((at % period > 0.3) & (at % period < 0.7))


def test_words_of_a_long_sound_have_the_times_of_the_whole():
    ear = Beeps()
    heard = transcribe(sound_of_array(bursts(70), 16000), ear)
    assert len(heard.words) == 70
    assert [word.start for word in heard.words] == pytest.approx([second + 0.3 for second in range(70)], abs=0.05)
    assert [word.end for word in heard.words] == pytest.approx([second + 0.7 for second in range(70)], abs=0.05)
    assert len(ear.pieces) == 3 and max(ear.pieces) <= LONGEST + 0.01
    assert heard.text.startswith("b0 b1 b2")


def test_the_language_found_first_is_kept_for_the_rest():
    ear = Beeps()
    assert transcribe(sound_16k(bursts(60)), ear).language == "fr"
    assert ear.languages[0] is None and set(ear.languages[1:]) == {"fr"}
    assert transcribe(sound_16k(bursts(5)), ear, "de").language == "de"


@pytest.mark.parametrize("samples", [np.zeros(160000), noise(10) * 0.05, np.zeros(100)], ids=["silence", "noise", "shred"])
def test_where_nobody_speaks_nothing_is_asked_and_nothing_heard(samples):
    ear = Beeps()
    heard = transcribe(sound_16k(samples), ear)
    assert (heard.words, heard.text, heard.language, ear.pieces) == ((), "", "", [])


def test_long_pauses_are_not_listened_to():
    ear = Beeps()
    quiet = np.zeros(16000 * 60, np.float32)
    heard = transcribe(sound_16k(np.concatenate([bursts(5), quiet, bursts(5)])), ear)
    assert sum(ear.pieces) < 12
    assert [round(word.start - 0.3) for word in heard.words] == [0, 1, 2, 3, 4, 65, 66, 67, 68, 69]


def test_a_longer_sound_needs_no_more_memory():
    def peak(minutes):
        class Long(type(sound_16k(np.zeros(1)))):
            n_samples = minutes * 60 * 16000

            def blocks(self, seconds=10.0):
                for _ in range(minutes * 6):
                    yield bursts(10)[None].astype(np.float32)

        sound = Long(np.zeros((1, 1), np.float32), 16000)
        sound.n_samples, sound.channels = minutes * 60 * 16000, 1
        tracemalloc.start()
        transcribe(sound, Beeps())
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(4) < peak(1) + 8e6


class Stuck:
    """A recogniser that is busy until it is let go."""

    name, licence = "stuck", "none"

    def __init__(self):
        self.begun, self.go = threading.Event(), threading.Event()

    def listen(self, samples, language):
        self.begun.set()
        self.go.wait(20)
        yield Heard((), "en")


class Stopping(Silent):
    def __init__(self, when):
        self.when = when

    def check(self):
        if self.when.is_set():
            raise Cancelled


def test_a_cancel_does_not_wait_for_a_busy_recogniser():
    ear = Stuck()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        transcribe(sound_16k(bursts(5)), ear, progress=Stopping(ear.begun))
    assert time.monotonic() - began < 5
    ear.go.set()


def test_what_a_recogniser_raises_comes_out():
    class Deaf(Beeps):
        def listen(self, samples, language):
            raise InputError("No Klingon.")
            yield

    with pytest.raises(InputError, match="No Klingon"):
        transcribe(sound_16k(bursts(5)), Deaf())


@pytest.fixture
def no_models(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def put_model(folder):
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"nothing")
    (folder / "config.json").write_text("{}")


def test_without_a_model_the_sentence_says_what_to_get_and_where_to_put_it(no_models):
    with pytest.raises(MissingModel, match="faster-whisper-small.*484 MB, MIT.*models/faster-whisper/small"):
        make_recogniser()
    with pytest.raises(MissingModel, match="the model 'large-v3'"):
        make_recogniser(model="large-v3")
    with pytest.raises(InputError, match="no recogniser called 'ears'"):
        make_recogniser("ears")


def test_without_the_package_the_sentence_says_what_to_install(no_models, monkeypatch):
    put_model(no_models / "models" / "faster-whisper" / "small")
    monkeypatch.setattr(faster_whisper, "find_spec", lambda name: None)
    with pytest.raises(MissingModel, match="pip install faster-whisper"):
        make_recogniser()


def test_models_are_found_in_both_places_and_the_best_comes_first(no_models):
    put_model(no_models / "models" / "faster-whisper" / "tiny.en")
    put_model(no_models / "models" / "faster-whisper" / "faster-whisper-base")
    put_model(no_models / "hub" / "models--Systran--faster-whisper-large-v3" / "snapshots" / "abc")
    put_model(no_models / "hub" / "models--Systran--faster-whisper-base" / "snapshots" / "abc")
    (no_models / "models" / "faster-whisper" / "half").mkdir()
    assert model_names() == ["large-v3", "base", "tiny.en"]


def test_a_model_that_is_none_is_named(no_models, monkeypatch):
    put_model(no_models / "models" / "faster-whisper" / "small")
    if faster_whisper.find_spec("faster_whisper") is None:
        class Model:
            def __init__(self, *_, **__):
                raise RuntimeError("Unsupported model binary version")

        modules = {"faster_whisper": type("M", (), {"WhisperModel": Model}),
                   "ctranslate2": type("C", (), {"get_cuda_device_count": staticmethod(lambda: 0)})}
        monkeypatch.setattr(faster_whisper, "import_module", modules.__getitem__)
        monkeypatch.setattr(faster_whisper, "find_spec", lambda name: name)
    with pytest.raises(MissingModel, match="cannot be read"):
        transcribe(sound_16k(bursts(3)), make_recogniser(model="small"))


def models_here() -> list[str]:
    """Models of faster-whisper that can run on this machine."""
    return model_names() if find_spec("faster_whisper") else []


@pytest.mark.parametrize("model", models_here()[:1])
def test_a_real_model_hears_our_own_voice(model):
    said = speak("Seven small boats crossed the bay. The storm came later.", voice="hibari", language="en")
    heard = transcribe(said.sound, make_recogniser(model=model), "en")
    assert "boats crossed the bay" in heard.text.lower()
    boats = next(word for word in heard.words if "boats" in word.text.lower())
    assert 0.3 < boats.start < boats.end < 2.5
