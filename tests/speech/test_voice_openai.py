"""Servers in OpenAI's style and Chatterbox's: what they are known to do to their clients, one test a trap."""
import pytest
from talking_avatar.host.errors import InputError, ServerError
from voice_asking import TEXT, voice
from voice_dialects import DIALECTS, SECONDS, bytes_of, kokoro
from voice_server import spoken, whole_wav

pytestmark = pytest.mark.usefixtures("own_cache")


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
