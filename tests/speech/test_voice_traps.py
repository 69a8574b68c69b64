"""What voice servers of any kind are known to do to their clients, one test a trap; those of one kind are in `test_voice_cloners`,
`test_voice_openai` and `test_voice_packages`."""
import base64
import json
import re
import socket
import struct
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import InputError, ServerError
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import sound_of_array
from talking_avatar.speech.speech import Speech
from talking_avatar.speech.voices.http_client import Request, Timeouts, Unreachable, exchange
from talking_avatar.speech.voices.narrate import narrate
from talking_avatar.speech.voices.reference_file import reference_wav
from talking_avatar.speech.voices.reply_errors import sentence_of
from talking_avatar.speech.voices.server_address import read_address
from talking_avatar.speech.voices.voice_engine import VoiceSettings, make_engine_voice
from voice_asking import TEXT, heard, recording, voice
from voice_dialects import DIALECTS, SECONDS, bytes_of, cosyvoice, cut, fish_speech, gpt_sovits, kokoro, vllm_omni, xtts
from voice_server import RATE, spoken, wav_header, whole_wav

pytestmark = pytest.mark.usefixtures("own_cache")


def events_of(rate):
    """Server-sent events that tell the rate first, then bare samples."""
    told = [{"type": "speech.audio.info", "sample_rate": rate, "channels": 1, "bits_per_sample": 16}]
    told += [{"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()} for piece in cut(bytes_of(rate))]
    return [f"data: {json.dumps(one)}\n\n".encode() for one in [*told, {"type": "speech.audio.done"}]]


@pytest.mark.parametrize(("engine", "answer", "more", "rate"), [
    ("fish-speech", lambda call: call.chunked([bytes_of(44100)]), {}, 44100),
    ("cosyvoice", lambda call: call.chunked([bytes_of(24000)], None), {}, 24000),
    ("cosyvoice", lambda call: call.chunked([bytes_of(22050)], None), {"voice": "中文女"}, 22050),
    ("cosyvoice", lambda call: call.chunked([bytes_of(22050)], None), {"sample_rate": 22050}, 22050),
    ("openai", lambda call: call.chunked([bytes_of(22050)], "audio/pcm;rate=22050"), {"voice": "alloy"}, 22050),
    ("openai", lambda call: call.chunked([bytes_of(16000)], "audio/pcm", X_Sample_Rate="16000"), {"voice": "alloy"}, 16000),
    ("openai", lambda call: call.chunked([bytes_of(24000)], "audio/pcm"), {"voice": "alloy"}, 24000),
    ("openai", lambda call: call.chunked(events_of(22050), "text/event-stream"), {"voice": "alloy"}, 22050),
])
def test_bare_samples_have_the_rate_that_is_told_else_the_usual(serve, engine, answer, more, rate):
    server = serve(lambda call: answer(call) if call.method == "POST" else call.say(404, {"detail": "Not Found"}))
    speech = voice(engine, server, **more).synthesize(TEXT)
    assert speech.sound.rate == rate
    assert speech.sound.seconds == pytest.approx(SECONDS, abs=0.001)


def test_words_that_go_by_too_fast_make_the_rate_doubted(serve):
    made = voice("cosyvoice", serve(lambda call: call.chunked([spoken(1.0).tobytes()], None)))
    made.synthesize("One two three four five six seven eight nine ten words in a single second.")
    assert any("set `sample_rate`" in note for note in made.notes)
    made = voice("cosyvoice", serve(cosyvoice))
    made.synthesize(TEXT)
    assert not any("sample_rate" in note for note in made.notes)


@pytest.mark.parametrize(("engine", "answer", "language", "field", "word"), [
    ("gpt-sovits", gpt_sovits, "ZH", "text_lang", "zh"), ("gpt-sovits", gpt_sovits, "zh-hk", "text_lang", "yue"),
    ("gpt-sovits", gpt_sovits, "en-GB", "text_lang", "en"), ("xtts", xtts, "zh", "language", "zh-cn"),
    ("xtts", xtts, "pt-br", "language", "pt"),
    ("openai", kokoro, "en-gb", "lang_code", "b"), ("openai", kokoro, "zh", "lang_code", "z"),
    ("openai", vllm_omni, "ja", "language", "Japanese"), ("openai", vllm_omni, "sv", "language", "Auto")])
def test_a_language_goes_out_in_the_words_of_the_server(serve, engine, answer, language, field, word):
    server = serve(answer)
    voice(engine, server, language=language, voice="af_heart" if answer is kokoro else "").synthesize("Hello there.")
    assert server.calls[-1].json[field] == word


def test_a_host_that_swallows_connections_is_given_up_after_the_connect_time():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        time.sleep(0.05)
        address, begun = read_address(f"127.0.0.1:{full.getsockname()[1]}"), time.monotonic()
        with pytest.raises(ServerError), exchange(address, Request("GET", "/"), Timeouts(connect=0.3, read=0.5), Silent()):
            pass
        assert time.monotonic() - begun < 10
        for one in waiting:
            one.close()


def test_an_answer_without_end_is_given_up_when_its_whole_time_is_over(serve):
    server = serve(lambda call: call.chunked([wav_header(), *[0.05, bytes_of(RATE)[:480]] * 100]))
    address = read_address(server.url)
    with pytest.raises(ServerError, match="longer than 0.5 s"), \
            exchange(address, Request("GET", "/"), Timeouts(read=5, total=0.5), Silent()) as reply:
        list(reply.chunks)


def test_joints_do_not_click(serve):
    loud = np.full(24000, 12000, "<i2") + spoken(1.0)
    server = serve(lambda call: call.whole(whole_wav(loud)) if call.method == "POST" else xtts(call))
    speech = narrate("One is here. Two is here.", VoiceSettings("xtts", server=server.url, language="en", reference=recording()))
    samples = heard(speech)
    assert abs(samples[0]) < 0.01 and abs(samples[-1]) < 0.001
    assert abs(samples.mean()) < 0.01, "what is not sound but a shift is taken away"
    assert np.abs(np.diff(samples)).max() < 0.25


@pytest.mark.parametrize(("body", "line"), [
    ({"message": "tts failed", "Exception": "CUDA error"}, "CUDA error."),
    ({"message": "tts failed", "Exception": ""}, "tts failed without a reason."),
    ({"code": 400, "message": "no reference"}, "no reference."),
    ({"statusCode": 401, "message": None, "error": "Unauthorized"}, "Unauthorized."),
    ({"statusCode": 500, "message": "Failed to generate speech", "error": "Internal Server Error"}, "Failed to generate speech."),
    ({"detail": "Reference audio file not found"}, "Reference audio file not found."),
    ({"detail": [{"loc": ["body", "text"], "msg": "Field required"}]}, "text: Field required."),
    ({"detail": {"error": {"message": "too long", "type": "x"}}}, "too long."),
    ({"error": {"message": "no model", "code": 404}}, "no model."),
    ({"detail": {"error": "validation_error", "message": "bad voice", "type": "y"}}, "bad voice."),
    ({"message": "flat", "code": "x"}, "flat."),
    ([{"type": "missing", "loc": ["text"], "msg": "Field required", "input": {}}], "text: Field required."),
    ({"status": "error", "error": "Traceback (most recent call last):\n  File \"a.py\", line 3\nKeyError: 'model'"}, "KeyError: 'model'."),
    ({"message": "tts failed", "Exception": "参考音频在3~10秒范围外，请更换！"}, "the reference must last 3 to 10 seconds."),
    ({"message": "tts failed", "Exception": "/a/b.wav not exists"}, "there is no file /a/b.wav on the server's own disk."),
    ({}, "it does not say why."),
    ("Internal Server Error", "Internal Server Error."), ("", "it does not say why."),
    ("<html><head><title>504 Gateway Time-out</title></head><body>x</body></html>", "504 Gateway Time-out."),
])
def test_every_form_of_error_becomes_one_line(body, line):
    assert sentence_of(body.encode() if isinstance(body, str) else json.dumps(body).encode()) == line


def test_a_line_of_error_is_short_and_has_no_control_characters():
    said = sentence_of(json.dumps({"detail": "x\x1b[31m" * 2000}).encode())
    assert len(said) <= 301 and said.isprintable()


def test_localhost_is_found_at_whichever_of_its_addresses_listens(serve):
    server = serve(gpt_sovits)
    url = server.url.replace("127.0.0.1", "localhost")
    assert make_engine_voice(VoiceSettings("gpt-sovits", server=url + "/", language="en", reference=recording())).synthesize(TEXT)


def test_proxies_of_the_environment_do_not_catch_it(serve, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert voice("gpt-sovits", serve(gpt_sovits)).synthesize(TEXT)


@pytest.mark.parametrize(("engine", "answer", "known", "listed"), [
    ("fish-speech", fish_speech, "anna", "anna, bert"), ("openai", kokoro, "af_bella(2)+af_heart", "af_bella, af_heart"),
    ("xtts", xtts, "male", "calm_female, male")])
def test_an_unknown_voice_is_refused_with_the_names_there_are(serve, engine, answer, known, listed):
    server = serve(answer)
    assert voice(engine, server, reference=None, voice=known).synthesize(TEXT)
    with pytest.raises(InputError, match=f"'nobody'.*{listed}"):
        voice(engine, server, reference=None, voice="nobody").synthesize(TEXT)


def test_nothing_that_changes_a_server_for_others_is_ever_called(serve):
    for dialect in DIALECTS:
        server = serve(dialect.answer)
        voice(dialect.engine, server, speed=1.3, **dialect.more).synthesize(TEXT)
        assert not [call.path for call in server.calls if re.search("set_|control|switch|change|add|delete|update", call.path)]


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_speed_works_everywhere(serve, dialect):
    server = serve(dialect.answer)
    seconds = voice(dialect.engine, server, speed=1.5, **dialect.more).synthesize(TEXT).sound.seconds
    fields = server.calls[-1].json or {}
    if any(fields.get(name) == 1.5 for name in ("speed", "speed_factor")):
        assert seconds == pytest.approx(SECONDS, abs=0.01), "these small servers take the number and let it be"
    else:
        assert seconds == pytest.approx(SECONDS / 1.5, rel=0.1)


@pytest.mark.parametrize("text", ["", "  \n", "😀", "@# !", "。。。", "[pause:1s]", "[laugh]"])
def test_a_text_of_signs_alone_is_refused_before_anything_is_sent(serve, text):
    server = serve(gpt_sovits)
    with pytest.raises(InputError):
        narrate(text, VoiceSettings("gpt-sovits", server=server.url, language="en", reference=recording()))
    assert not server.calls


def test_tags_reach_only_those_who_know_them_and_control_characters_nobody(serve):
    text = "Well \x07then, [laugh] here it is."
    for engine, answer, sent in (("gpt-sovits", gpt_sovits, "Well then, here it is."),
                                 ("fish-speech", fish_speech, "Well then, [laugh] here it is.")):
        server = serve(answer)
        narrate(text, VoiceSettings(engine, server=server.url, language="en", reference=recording()))
        assert " ".join(server.calls[-1].json["text"].split()) == sent


def test_licences_are_shown_where_they_bind_the_user(serve):
    notes = []
    narrate(TEXT, VoiceSettings("fish-speech", server=serve(fish_speech).url, language="en", reference=recording()), tell=notes.append)
    assert any("non-commercial" in note for note in notes)


def test_a_reference_goes_out_small():
    stereo = np.tile(spoken(29.0, 96000) / np.float32(32768), (2, 1))
    wav = reference_wav(Speech(sound_of_array(stereo, 96000), text="x"), "Any")
    assert len(wav) < 10e6
    assert struct.unpack("<HHIIHH", wav[20:36]) == (1, 1, 48000, 96000, 2, 16)
    low = reference_wav(recording(rate=8000), "Any")
    assert int.from_bytes(low[24:28], "little") == 16000, "CosyVoice refuses lower ones"
    with pytest.raises(InputError, match="silent"):
        reference_wav(Speech(sound_of_array(np.zeros(48000, np.float32), 16000)), "Any")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 9000), min_size=1, max_size=6), form=st.sampled_from(["wav", "bare", "mp3", "kokoro"]))
def test_the_same_bytes_give_the_same_samples_however_the_server_cuts_them(serve, sizes, form):
    from voice_server import encoded

    sound = spoken(0.4, 44100)
    body = {"wav": wav_header(44100) + sound.tobytes(), "bare": sound.tobytes(), "mp3": encoded(sound, 44100, "MP3"),
            "kokoro": wav_header(44100, 0xFFFFFFFF, 0xFFFFFFFF, list_chunk=True) + sound.tobytes()}[form]
    sizes = [max(size, len(body) // 300) for size in sizes]

    def answer(call):
        if not call.json["streaming"]:
            return call.whole(body)
        pieces, at = [], 0
        while at < len(body):
            pieces.append(body[at : at + sizes[len(pieces) % len(sizes)]])
            at += len(pieces[-1])
        return call.chunked(pieces)

    made = voice("fish-speech", serve(answer))
    whole = heard(made.synthesize(TEXT))
    np.testing.assert_array_equal(np.concatenate([heard(piece) for piece in made.stream(TEXT)]), whole)
    if form != "mp3":
        np.testing.assert_array_equal(whole, sound / np.float32(32768))


def test_nobody_at_an_address_is_its_own_kind_of_error():
    with pytest.raises(Unreachable), exchange(read_address("127.0.0.1:9"), Request("GET", "/"), Timeouts(), Silent()):
        pass
