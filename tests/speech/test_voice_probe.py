"""What a server is, it is asked; its port says nothing."""
import pytest
from talking_avatar.host.errors import InputError, ServerError
from talking_avatar.speech.voices.probe import probe
from talking_avatar.speech.voices.voice_engine import VoiceSettings, make_engine_voice
from voice_dialects import DIALECTS
from voice_server import dead_port

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_each_dialect_is_known_without_a_word_of_speech(serve, dialect):
    server = serve(dialect.answer)
    found = probe(server.url)
    assert found.engine == dialect.engine
    assert not [call for call in server.calls if call.method != "GET"]
    voices = {"kokoro": "af_heart", "vllm_omni": "vivian", "xtts": "male", "xtts_streaming": "Ana", "fish_speech": "anna"}
    assert voices.get(dialect.answer.__name__, "") in ("", *found.voices)


def without_description(answer):
    return lambda call: call.say(404, {"detail": "Not Found"}) if call.path == "/openapi.json" else answer(call)


def test_servers_that_do_not_describe_themselves_are_known_by_their_answers(serve):
    def gpt_sovits(call):
        if call.path == "/set_gpt_weights":
            return call.say(400, {"message": "gpt weight path is required"})
        return call.say(500, "Internal Server Error", "text/plain")

    def gpt_sovits_v1(call):
        wrong = {"code": 400, "message": '缺少任意一项以下参数: "path", "text", "language"'}
        return call.say(400, wrong) if call.path == "/change_refer" else call.say(404, {"detail": "Not Found"})

    def locked_fish(call):
        return call.say(401, {"statusCode": 401, "message": "Invalid token", "error": "Unauthorized"})

    def local_ai(call):
        return call.say(200, {"object": "list", "data": [{"id": "tts-1"}]}) if call.path == "/v1/models" else call.say(404, {"error": {}})

    for answer, engine in ((gpt_sovits, "gpt-sovits"), (gpt_sovits_v1, "gpt-sovits-v1"), (locked_fish, "fish-speech"),
                           (local_ai, "openai")):
        assert probe(serve(without_description(answer)).url).engine == engine


def test_something_else_is_said_to_be_something_else(serve):
    for other in (lambda call: call.say(404, {"detail": "Not Found"}), lambda call: call.say(200, "<html>hello</html>", "text/html"),
                  lambda call: call.say(200, {"paths": {"/prompt": {}}})):
        with pytest.raises(ServerError, match="no voice server known here"):
            probe(serve(other).url)
    with pytest.raises(ServerError, match="There is no voice server"):
        probe(f"127.0.0.1:{dead_port()}")
    with pytest.raises(InputError, match="another machine"):
        probe("http://192.168.1.5:9880")


def test_the_engine_auto_speaks_as_what_answers(serve):
    server = serve(next(one.answer for one in DIALECTS if str(one) == "kokoro"))
    assert make_engine_voice(VoiceSettings("auto", language="en", server=server.url)).synthesize("Hello there, you.").sound.seconds > 1
    with pytest.raises(InputError, match="write the server's address"):
        make_engine_voice(VoiceSettings("auto", language="en"))
