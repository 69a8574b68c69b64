"""`talking-avatar voice` speaks a text into a file, and says what a server is."""
import re
import sys
from pathlib import Path

import av
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "speech"))
from voice_dialects import fish_speech, kokoro  # noqa: E402
from voice_server import VoiceServer, spoken, whole_wav  # noqa: E402


@pytest.fixture
def serve(monkeypatch):
    running = []

    def serve(answer):
        running.append(VoiceServer(answer))
        monkeypatch.setenv("TALKING_AVATAR_VOICE_SERVERS", f"{running[-1].url}=secret")
        return running[-1].url

    yield serve
    for server in running:
        server.close()


@pytest.mark.parametrize(("name", "codec", "rate"), [("a.wav", "pcm_s16le", 24000), ("a.flac", "flac", 24000), ("a.mp3", "mp3float", 24000),
                                                     ("a.m4a", "aac", 24000), ("a.ogg", "opus", 48000), ("folder/a.opus", "opus", 48000)])
def test_a_text_becomes_a_sound_file(run, tmp_path, name, codec, rate):
    code, out, _ = run("voice", "--text", "Hello there.", "-o", tmp_path / name)
    assert code == 0 and "24000 Hz" in out and "phonemes timed" in out
    with av.open(str(tmp_path / name)) as file:
        stream = file.streams.audio[0]
        assert stream.codec_context.codec.name.startswith(codec.removesuffix("float")) and stream.rate == rate
        assert sum(frame.samples for frame in file.decode(audio=0)) / rate == pytest.approx(1.3, abs=0.5)


def test_a_file_of_text_and_several_speakers(run, tmp_path):
    (tmp_path / "words.txt").write_text("﻿[Ann] Hello. [pause:2s] [Bob] Hello you.", encoding="utf-8")
    code, out, _ = run("voice", "--text-file", tmp_path / "words.txt", "--speaker", "Ann=hibari", "--speaker", "Bob=espeak/m3",
                       "--language", "en", "-o", tmp_path / "a.wav")
    assert code == 0 and float(out.split(": ")[1].split(" s")[0]) > 3


def test_a_server_speaks_in_the_voice_of_a_file(run, tmp_path, serve):
    (tmp_path / "me.wav").write_bytes(whole_wav(spoken(4.0)))
    (tmp_path / "me.txt").write_text("What I say.", encoding="utf-8")
    code, out, notes = run("voice", "--text", "Hello there, you.", "--engine", "fish-speech", "--server", serve(fish_speech), "--reference",
                           tmp_path / "me.wav", "--transcript", tmp_path / "me.txt", "-o", tmp_path / "a.wav")
    assert (code, "44100 Hz" in out) == (0, True)
    assert "non-commercial" in notes and "secret" not in notes + out


def test_probe_says_what_answers_and_how_to_use_it(run, serve):
    url = serve(kokoro)
    code, out, _ = run("voice", "probe", url)
    assert code == 0
    assert out == f"{url}: Kokoro-FastAPI; use it with --engine openai --server {url}\nvoices: af_bella, af_heart, bf_emma, zf_xiaobei\n"


def test_render_speaks_by_a_server_too(run, tmp_path, serve, astronaut_photo):
    code, out, _ = run("render", "--avatar", astronaut_photo, "--text", "Hello there, you.", "--voice-engine", "openai",
                       "--server", serve(kokoro), "--max-side", 256, "-o", tmp_path / "a.mp4")
    assert code == 0 and "1.4" in out


@pytest.mark.parametrize(("words", "code", "sentence"), [
    (["--text", "Hello."], 2, "where to"), (["-o", "a.wav"], 2, "what shall be spoken"),
    (["--text", "Hello.", "-o", "a.doc"], 2, "ending in .wav"),
    (["--text", " ", "-o", "a.wav"], 2, "text is empty"), (["listen", "x"], 2, "voice probe URL"), (["probe"], 2, "voice probe URL"),
    (["probe", "file:///etc/passwd"], 2, "http://"), (["probe", "127.0.0.1:9"], 5, "no voice server"),
    (["--text", "Hello.", "--engine", "gpt-sovits", "-o", "a.wav"], 2, "connect a recording"),
    (["--text", "Hello.", "--reference", "none.wav", "-o", "a.wav"], 2, "none.wav"),
    (["--text-file", "none.txt", "-o", "a.wav"], 2, "none.txt"),
    (["--text", "Hello.", "--reference", "none", "-o", "a.wav"], 2, "no file"),
])
def test_what_cannot_be_done_is_one_sentence_and_leaves_nothing(run, tmp_path, monkeypatch, names_in, words, code, sentence):
    monkeypatch.chdir(tmp_path)
    found, _, err = run("voice", *words)
    assert found == code and re.search(sentence, err) and err.count("\n") == 1
    assert [name for name in names_in(tmp_path) if name != "cache"] == []
