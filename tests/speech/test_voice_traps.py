"""What voice servers are known to do to their clients, one test a trap."""
import json
import random
import re
import socket
import struct
import sys
import time
import types

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import InputError, MissingModel, ServerError
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import sound_of_array
from talking_avatar.speech.speech import Speech
from talking_avatar.speech.voices import package_voice
from talking_avatar.speech.voices.http_client import Request, Timeouts, Unreachable, exchange
from talking_avatar.speech.voices.narrate import narrate
from talking_avatar.speech.voices.reference_file import reference_wav
from talking_avatar.speech.voices.reply_errors import sentence_of
from talking_avatar.speech.voices.server_address import read_address
from talking_avatar.speech.voices.voice_engine import VoiceSettings, make_engine_voice
from voice_dialects import DIALECTS, SECONDS, bytes_of, cosyvoice, fish_speech, gpt_sovits, gpt_sovits_v1, kokoro, vllm_omni, xtts
from voice_server import RATE, spoken, wav_header, whole_wav

TEXT = "Hello there, this is a voice."
pytestmark = pytest.mark.usefixtures("own_cache")


def recording(seconds=5.0, text="What I say here.", rate=RATE):
    return Speech(sound_of_array(spoken(seconds, rate) / np.float32(32768), rate), text=text)


def voice(engine, server, **more):
    return make_engine_voice(VoiceSettings(**{"engine": engine, "server": server.url, "language": "en", "reference": recording()} | more))


def heard(speech):
    return np.concatenate([block[0] for block in speech.sound.blocks()])


# 1: success that is none

def test_silence_of_a_server_that_failed_inside_is_told_with_its_likely_cause(serve):
    for engine, answer, path, cause in (("gpt-sovits", gpt_sovits, "/tts", "when its model fails"),
                                        ("xtts", xtts, "/tts_to_audio/", "--streaming-mode")):
        zeros = whole_wav(np.zeros(16000 if engine == "gpt-sovits" else 24000), 16000 if engine == "gpt-sovits" else 24000)
        server = serve(lambda call, answer=answer, path=path, zeros=zeros: call.whole(zeros) if call.path == path else answer(call))
        with pytest.raises(ServerError, match=f"1.0 s of silence.*{cause}"):
            voice(engine, server).synthesize(TEXT)


def test_no_bytes_of_cosyvoice_are_told_with_its_likely_cause(serve):
    server = serve(lambda call: call.chunked([], content_type=None, end=False))
    with pytest.raises(ServerError, match="cannot\\s+read uploaded references"):
        voice("cosyvoice", server).synthesize(TEXT)


# 2: broken bodies

def test_a_broken_answer_is_asked_for_again_only_if_nothing_came(serve):
    def dies_once(call):
        call.chunked([], end=False) if len(server.calls) == 1 else gpt_sovits(call)

    server = serve(dies_once)
    assert voice("gpt-sovits", server).synthesize(TEXT).sound.seconds == pytest.approx(SECONDS)
    assert len(server.calls) == 2
    server = serve(lambda call: call.chunked([wav_header(32000), bytes_of(32000)[:32000]], end=False))
    with pytest.raises(ServerError, match=r"0\.[45] s of sound had come and are not used"):
        voice("gpt-sovits", server).synthesize(TEXT)
    assert len(server.calls) == 1


# 3: rates nobody tells

@pytest.mark.parametrize(("engine", "answer", "more", "rate"), [
    ("fish-speech", lambda call: call.chunked([bytes_of(44100)]), {}, 44100),
    ("cosyvoice", lambda call: call.chunked([bytes_of(24000)], None), {}, 24000),
    ("cosyvoice", lambda call: call.chunked([bytes_of(22050)], None), {"voice": "中文女"}, 22050),
    ("cosyvoice", lambda call: call.chunked([bytes_of(22050)], None), {"sample_rate": 22050}, 22050),
    ("openai", lambda call: call.chunked([bytes_of(22050)], "audio/pcm;rate=22050"), {"voice": "alloy"}, 22050),
    ("openai", lambda call: call.chunked([bytes_of(16000)], "audio/pcm", X_Sample_Rate="16000"), {"voice": "alloy"}, 16000),
    ("openai", lambda call: call.chunked([bytes_of(24000)], "audio/pcm"), {"voice": "alloy"}, 24000),
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


# 4, 5: paths on the server

def test_the_reference_lies_where_the_server_can_read_it_under_a_name_of_its_content(serve, own_cache, monkeypatch):
    server = serve(gpt_sovits)
    for reference in (recording(), recording(6.0), recording(text="Other words.")):
        voice("gpt-sovits", server, reference=reference).synthesize(TEXT)
    voice("gpt-sovits", server).synthesize(TEXT)
    paths = [call.json["ref_audio_path"] for call in server.calls]
    assert len(set(paths)) == 3 and paths[3] == paths[0]
    assert all(path.startswith(str(own_cache)) for path in paths)
    monkeypatch.setenv("TALKING_AVATAR_VOICE_PATHS", f"{own_cache}=D:\\shared")
    sent = json.loads(voice("gpt-sovits", server).request(TEXT, False).body)["ref_audio_path"]
    assert re.fullmatch(r"D:\\shared\\references\\voice_\w+\.wav", sent)


def test_a_server_on_another_machine_needs_a_path_or_a_table_of_folders(monkeypatch, own_cache):
    monkeypatch.setenv("TALKING_AVATAR_VOICE_SERVERS", "10.0.0.9:9880")
    asked = VoiceSettings("gpt-sovits", language="en", server="10.0.0.9:9880", reference=recording())
    with pytest.raises(InputError, match="reads the reference from its own disk.*into `voice`.*TALKING_AVATAR_VOICE_PATHS"):
        make_engine_voice(asked)
    monkeypatch.setenv("TALKING_AVATAR_VOICE_PATHS", f"/elsewhere=/x, {own_cache}=/srv/voices")
    assert b'"/srv/voices/references/voice_' in make_engine_voice(asked).request(TEXT, False).body
    asked = VoiceSettings("gpt-sovits", "/srv/anna.wav", "en", server="10.0.0.9:9880")
    assert b'"ref_audio_path": "/srv/anna.wav"' in make_engine_voice(asked).request(TEXT, False).body


# 6: lengths of references

@pytest.mark.parametrize(("engine", "answer", "seconds", "limits"), [
    ("gpt-sovits", gpt_sovits, 2.5, "3 to 10 s"), ("gpt-sovits", gpt_sovits, 10.5, "3 to 10 s"), ("cosyvoice", cosyvoice, 31, "1 to 30 s"),
    ("fish-speech", fish_speech, 0.4, "1 to 30 s")])
def test_a_reference_that_a_server_would_refuse_is_refused_before(serve, engine, answer, seconds, limits):
    server = serve(answer)
    with pytest.raises(InputError, match=f"{limits}, but this recording lasts {seconds:.1f} s"):
        voice(engine, server, reference=recording(seconds)).synthesize(TEXT)
    assert not [call for call in server.calls if call.method == "POST"]


# 7: languages

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


def test_the_transcript_has_its_own_language(serve):
    server = serve(gpt_sovits)
    voice("gpt-sovits", server, reference=recording(text="今天天气很好。")).synthesize(TEXT)
    assert (server.calls[0].json["text_lang"], server.calls[0].json["prompt_lang"]) == ("en", "zh")


# 8: time-outs

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
        assert time.monotonic() - begun < 3
        for one in waiting:
            one.close()


def test_an_answer_without_end_is_given_up_when_its_whole_time_is_over(serve):
    server = serve(lambda call: call.chunked([wav_header(), *[0.05, bytes_of(RATE)[:480]] * 100]))
    address = read_address(server.url)
    with pytest.raises(ServerError, match="longer than 0.5 s"), \
            exchange(address, Request("GET", "/"), Timeouts(read=5, total=0.5), Silent()) as reply:
        list(reply.chunks)


# 9: long texts

def test_a_long_text_goes_out_in_sentences_that_the_server_shall_not_cut(serve):
    server = serve(gpt_sovits)
    text = "It costs 3.50 euros, 1,000,000 people say; Dr. Smith agrees. " * 3 + "and so on, " * 60
    speech = narrate(text, VoiceSettings("gpt-sovits", server=server.url, language="en", reference=recording()))
    sent = [call.json["text"] for call in server.calls]
    assert max(map(len, sent)) <= 200
    assert "".join("".join(dict.fromkeys(sent)).split()) in "".join(text.split()) or len(sent) > 4
    assert {call.json["text_split_method"] for call in server.calls} == {"cut0"}
    assert not any(re.search(r"\d$", one) or re.match(r"[\d.,]", one) for one in sent)
    assert speech.sound.seconds > SECONDS * len(set(sent))
    server = serve(gpt_sovits)
    narrate("一二三四五六七八九十，" * 20, VoiceSettings("gpt-sovits", server=server.url, language="zh", reference=recording()))
    assert max(len(call.json["text"]) for call in server.calls) <= 67


def test_joints_do_not_click(serve):
    loud = np.full(24000, 12000, "<i2") + spoken(1.0)
    server = serve(lambda call: call.whole(whole_wav(loud)) if call.method == "POST" else xtts(call))
    speech = narrate("One is here. Two is here.", VoiceSettings("xtts", server=server.url, language="en", reference=recording()))
    samples = heard(speech)
    assert abs(samples[0]) < 0.01 and abs(samples[-1]) < 0.001
    assert abs(samples.mean()) < 0.01, "what is not sound but a shift is taken away"
    assert np.abs(np.diff(samples)).max() < 0.25


# 11: errors

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


# 13: addresses

def test_localhost_is_found_at_whichever_of_its_addresses_listens(serve):
    server = serve(gpt_sovits)
    url = server.url.replace("127.0.0.1", "localhost")
    assert make_engine_voice(VoiceSettings("gpt-sovits", server=url + "/", language="en", reference=recording())).synthesize(TEXT)


def test_proxies_of_the_environment_do_not_catch_it(serve, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert voice("gpt-sovits", serve(gpt_sovits)).synthesize(TEXT)


# 14: defaults that surprise

def test_wav_is_asked_for_and_what_a_server_does_not_know_is_asked_for_otherwise(serve):
    def knows_no_wav(call):
        if call.path == "/v1/audio/speech" and call.json["response_format"] == "wav":
            return call.say(400, {"error": {"message": "response_format 'wav' is not supported", "type": "invalid"}})
        return call.chunked([bytes_of(24000)], "audio/pcm") if call.path == "/v1/audio/speech" else call.say(404, {})

    server = serve(knows_no_wav)
    made = voice("openai", server, voice="alloy")
    assert made.synthesize(TEXT).sound.seconds == pytest.approx(SECONDS)
    made.synthesize("Once more.")
    asked = [call.json["response_format"] for call in server.calls if call.path == "/v1/audio/speech"]
    assert asked == ["wav", "pcm", "pcm"]


def test_a_server_without_v1_in_its_paths_is_spoken_to(serve):
    def index_tts(call):
        if call.path == "/openapi.json":
            return call.say(200, {"paths": {"/audio/speech": {}, "/tts": {}, "/tts_url": {}}})
        return call.whole(whole_wav(spoken(1.0))) if call.path == "/audio/speech" else call.say(404, {})

    assert voice("openai", serve(index_tts), voice="jay").synthesize(TEXT).sound.seconds == 1.0


def test_a_server_that_loads_its_model_is_asked_again(serve):
    def loading(call):
        if len([one for one in server.calls if one.path == "/tts"]) == 1 and call.path == "/tts":
            return call.say(503, {"detail": "loading"}, Retry_After="1")
        return gpt_sovits(call)

    server = serve(loading)
    assert voice("gpt-sovits", server).synthesize(TEXT)
    server = serve(lambda call: call.say(503, {"detail": "The model is loading"}))
    with pytest.raises(ServerError, match=r"\(503\): The model is loading"):
        voice("gpt-sovits", server).synthesize(TEXT)


# 15: names that would become another voice silently

@pytest.mark.parametrize(("engine", "answer", "known", "listed"), [
    ("fish-speech", fish_speech, "anna", "anna, bert"), ("openai", kokoro, "af_bella(2)+af_heart", "af_bella, af_heart"),
    ("xtts", xtts, "male", "calm_female, male")])
def test_an_unknown_voice_is_refused_with_the_names_there_are(serve, engine, answer, known, listed):
    server = serve(answer)
    assert voice(engine, server, reference=None, voice=known).synthesize(TEXT)
    with pytest.raises(InputError, match=f"'nobody'.*{listed}"):
        voice(engine, server, reference=None, voice="nobody").synthesize(TEXT)


def test_the_first_api_never_falls_back_to_the_servers_own_reference(serve):
    with pytest.raises(InputError, match="needs the reference's transcript"):
        voice("gpt-sovits-v1", serve(gpt_sovits_v1), reference=recording(text=""))
    with pytest.raises(ServerError, match="未指定参考音频"):
        voice("gpt-sovits-v1", serve(gpt_sovits_v1), reference=None).synthesize(TEXT)


def test_a_server_that_cannot_clone_says_so_instead_of_speaking_in_another_voice(serve):
    with pytest.raises(InputError, match="cannot clone a recording.*af_bella"):
        voice("openai", serve(kokoro)).synthesize(TEXT)


def test_kokoro_speaks_by_a_voice_of_the_language(serve):
    server = serve(kokoro)
    voice("openai", server, reference=None, language="zh").synthesize("你好，世界。")
    assert (server.calls[-1].json["voice"], server.calls[-1].json["lang_code"]) == ("zf_xiaobei", "z")
    with pytest.raises(InputError, match="Kokoro does not speak 'de'"):
        voice("openai", server, reference=None, language="de").synthesize("Guten Tag.")


def test_chatterbox_servers_get_the_recording_by_upload(serve):
    def chatterbox_api(call):
        if call.path == "/openapi.json":
            return call.say(200, {"paths": {"/v1/audio/speech": {}, "/v1/audio/speech/upload": {}}})
        if call.path == "/v1/audio/speech/upload":
            assert call.form["input"] == TEXT and call.form["voice_file"][:4] == b"RIFF"
            return call.whole(whole_wav(spoken(1.0)))
        return call.say(404, {})

    assert voice("openai", serve(chatterbox_api)).synthesize(TEXT).sound.seconds == 1.0
    refuses = next(one for one in DIALECTS if one.engine == "chatterbox-server")
    server = serve(lambda call: call.say(200, {"uploaded_files": [], "errors": [{"error": "too long"}]})
                   if call.path == "/upload_reference" else refuses.answer(call))
    with pytest.raises(ServerError, match="did not take the reference.*too long"):
        voice("chatterbox-server", server).synthesize(TEXT)


# 16: settings that live in the server

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


# 17: nothing to say

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


# 18: seeds

def test_a_seed_is_always_sent_and_another_speaks_anew(serve):
    server = serve(gpt_sovits)
    for seed in (0, 0, 7):
        narrate("Hello there.", VoiceSettings("gpt-sovits", server=server.url, language="en", seed=seed, reference=recording()))
    assert [call.json["seed"] for call in server.calls] == [0, 7]


# 19, 20: licences, sizes

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


# the same bytes over a real line, cut anyhow

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


# packages in this process

@pytest.fixture
def installed(monkeypatch):
    """installed(**modules): packages that are there, with their weights."""

    def install(**modules):
        for name, module in modules.items():
            made = types.ModuleType(name)
            made.__dict__.update(module)
            monkeypatch.setitem(sys.modules, name.replace("__", "."), made)
        monkeypatch.setattr(package_voice, "find_spec", lambda name: object())
        monkeypatch.setattr(package_voice.Path, "is_dir", lambda self: True)

    return install


def test_packages_that_are_missing_name_themselves_their_licence_and_what_to_type(monkeypatch, tmp_path):
    for engine, words in (("f5-tts", "pip install f5-tts.*non-commercial"), ("chatterbox", "pip install chatterbox-tts.*watermark"),
                          ("edge-tts", "pip install edge-tts.*Microsoft")):
        with pytest.raises(MissingModel, match=words):
            make_engine_voice(VoiceSettings(engine, language="en", reference=recording() if engine == "f5-tts" else None))
    monkeypatch.setattr(package_voice, "find_spec", lambda name: object())
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingModel, match="hf download SWivid/F5-TTS"):
        make_engine_voice(VoiceSettings("f5-tts", language="en", reference=recording()))


def test_f5_gets_a_recording_it_will_not_cut_with_its_transcript(installed):
    import torch

    calls = []

    class F5TTS:
        def __init__(self, device):
            pass

        def infer(self, ref_file, ref_text, gen_text, show_info=print, speed=1.0, seed=None):
            random.seed(seed)
            torch.manual_seed(seed)
            calls.append((ref_file, ref_text, gen_text, speed, seed))
            return spoken(1.5) / np.float32(32768), 24000, None

    installed(f5_tts={}, f5_tts__api={"F5TTS": F5TTS})
    asked = VoiceSettings("f5-tts", language="en", speed=1.2, seed=5, reference=recording())
    before = random.getstate(), torch.random.get_rng_state()
    speech = make_engine_voice(asked).synthesize("Hello there. How are you?")
    assert random.getstate() == before[0] and torch.equal(torch.random.get_rng_state(), before[1]), "other nodes' chance is left alone"
    assert speech.sound.seconds == 3.0
    assert [call[1:] for call in calls] == [("What I say here.", text, 1.2, 5) for text in ("Hello there.", "How are you?")]
    for wrong, sentence in ((recording(text=""), "transcript"), (recording(13.0), "2 to 12 s"), (None, "connect a recording")):
        with pytest.raises(InputError, match=sentence):
            make_engine_voice(VoiceSettings("f5-tts", language="en", reference=wrong))


def test_chatterbox_forgets_the_last_voice_and_tells_when_it_was_cut(installed):
    import torch

    class ChatterboxTTS:
        sr = 24000

        @classmethod
        def from_pretrained(cls, device):
            made = cls()
            made.conds = "own"
            return made

        def generate(self, text, audio_prompt_path=None):
            self.conds = "cloned" if audio_prompt_path else self.conds
            used.append(self.conds)
            seconds = 40.0 if "endless" in text else 1.0
            return torch.from_numpy(spoken(seconds) / np.float32(32768))[None]

    used = []
    installed(chatterbox={}, chatterbox__tts={"ChatterboxTTS": ChatterboxTTS})
    state = torch.random.get_rng_state()
    for reference in (recording(), None):
        make_engine_voice(VoiceSettings("chatterbox", language="en", reference=reference)).synthesize("Hello there.")
    assert used == ["cloned", "own"]
    assert torch.equal(state, torch.random.get_rng_state())
    with pytest.raises(ServerError, match="stops at 40 s"):
        make_engine_voice(VoiceSettings("chatterbox", language="en")).synthesize("An endless sentence.")
    with pytest.raises(InputError, match="does not speak 'cs'"):
        make_engine_voice(VoiceSettings("chatterbox", language="cs"))


def test_edge_tts_is_read_to_its_end_and_its_failures_are_told(monkeypatch):
    import importlib.util

    from voice_server import encoded

    class NoAudioReceived(Exception):
        pass

    class Communicate:
        def __init__(self, text, voice, **options):
            calls.append((text, voice, options))
            self.voice = voice

        async def stream(self):
            if "Nobody" in self.voice:
                raise NoAudioReceived
            for at in range(0, len(mp3), 700):
                yield {"type": "audio", "data": mp3[at : at + 700]}
            yield {"type": "SentenceBoundary", "offset": 0, "duration": 1, "text": "x"}

    calls, mp3 = [], encoded(spoken(1.0), 24000, "MP3")
    module = types.ModuleType("edge_tts")
    module.Communicate, module.__spec__ = Communicate, importlib.util.spec_from_loader("edge_tts", None)
    monkeypatch.setitem(sys.modules, "edge_tts", module)
    speech = make_engine_voice(VoiceSettings("edge-tts", language="en", speed=1.1)).synthesize("Hello there. Bye now.")
    assert (speech.sound.rate, round(speech.sound.seconds)) == (24000, 2)
    assert [(text, voice, options["rate"]) for text, voice, options in calls] == [
        ("Hello there.", "en-US-EmmaMultilingualNeural", "+10%"), ("Bye now.", "en-US-EmmaMultilingualNeural", "+10%")]
    with pytest.raises(ServerError, match="no such voice"):
        make_engine_voice(VoiceSettings("edge-tts", "en-XX-NobodyNeural", "en")).synthesize("Hello.")
    with pytest.raises(InputError, match="does not speak 'fr'"):
        make_engine_voice(VoiceSettings("edge-tts", "en-GB-SoniaNeural", "fr"))
    with pytest.raises(InputError, match="cannot clone"):
        make_engine_voice(VoiceSettings("edge-tts", language="en", reference=recording()))


def test_nobody_at_an_address_is_its_own_kind_of_error():
    with pytest.raises(Unreachable), exchange(read_address("127.0.0.1:9"), Request("GET", "/"), Timeouts(), Silent()):
        pass
