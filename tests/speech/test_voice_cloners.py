"""GPT-SoVITS, XTTS, CosyVoice and Fish-Speech: what these servers are known to do to their clients, one test a trap."""
import json
import re

import numpy as np
import pytest
from talking_avatar.host.errors import InputError, ServerError
from talking_avatar.speech.voices.narrate import narrate
from talking_avatar.speech.voices.voice_engine import VoiceSettings, make_engine_voice
from voice_asking import TEXT, recording, voice
from voice_dialects import SECONDS, bytes_of, cosyvoice, fish_speech, gpt_sovits, gpt_sovits_v1, xtts
from voice_server import wav_header, whole_wav

pytestmark = pytest.mark.usefixtures("own_cache")


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


@pytest.mark.parametrize(("engine", "answer", "seconds", "limits"), [
    ("gpt-sovits", gpt_sovits, 2.5, "3 to 10 s"), ("gpt-sovits", gpt_sovits, 10.5, "3 to 10 s"), ("cosyvoice", cosyvoice, 31, "1 to 30 s"),
    ("fish-speech", fish_speech, 0.4, "1 to 30 s")])
def test_a_reference_that_a_server_would_refuse_is_refused_before(serve, engine, answer, seconds, limits):
    server = serve(answer)
    with pytest.raises(InputError, match=f"{limits}, but this recording lasts {seconds:.1f} s"):
        voice(engine, server, reference=recording(seconds)).synthesize(TEXT)
    assert not [call for call in server.calls if call.method == "POST"]


def test_the_transcript_has_its_own_language(serve):
    server = serve(gpt_sovits)
    voice("gpt-sovits", server, reference=recording(text="今天天气很好。")).synthesize(TEXT)
    assert (server.calls[0].json["text_lang"], server.calls[0].json["prompt_lang"]) == ("en", "zh")


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


def test_the_first_api_never_falls_back_to_the_servers_own_reference(serve):
    with pytest.raises(InputError, match="needs the reference's transcript"):
        voice("gpt-sovits-v1", serve(gpt_sovits_v1), reference=recording(text=""))
    with pytest.raises(ServerError, match="未指定参考音频"):
        voice("gpt-sovits-v1", serve(gpt_sovits_v1), reference=None).synthesize(TEXT)


def test_a_seed_is_always_sent_and_another_speaks_anew(serve):
    server = serve(gpt_sovits)
    for seed in (0, 0, 7):
        narrate("Hello there.", VoiceSettings("gpt-sovits", server=server.url, language="en", seed=seed, reference=recording()))
    assert [call.json["seed"] for call in server.calls] == [0, 7]
