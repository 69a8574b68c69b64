"""Every dialect's contract: clean sound, whole and streamed alike, or one clear sentence; nothing hangs."""
import threading
import time

import numpy as np
import pytest
from talking_avatar.host.errors import Cancelled, InputError, ServerError
from talking_avatar.media.open import sound_of_array
from talking_avatar.nodes.voice_inputs import ENGINES
from talking_avatar.speech.speech import Speech
from talking_avatar.speech.voices.voice_engine import VoiceSettings, make_engine_voice, voice_engine_names
from voice_dialects import DIALECTS, SECONDS, bytes_of
from voice_server import RATE, dead_port, spoken, wav_header, whole_wav

TEXT = "Hello there, this is a voice."
REFERENCE = Speech(sound_of_array(spoken(3.2) / np.float32(32768), RATE), text="What I say here.")


pytestmark = pytest.mark.usefixtures("own_cache")


def settings(dialect, server, **more):
    url = server if isinstance(server, str) else server.url
    return VoiceSettings(**{"engine": dialect.engine, "server": url, "language": "en", "reference": REFERENCE} | dialect.more | more)


def samples_of(speech):
    return np.concatenate([block[0] for block in speech.sound.blocks()])


def streamed(voice, text=TEXT):
    return np.concatenate([samples_of(piece) for piece in voice.stream(text)])


def failing(dialect, fail):
    """The dialect's server, which answers like itself but where it should speak."""
    return lambda call: fail(call) if call.path in dialect.speech else dialect.answer(call)


every_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=str)


def test_the_node_offers_every_engine():
    assert sorted(voice_engine_names()) == sorted(ENGINES)


@every_dialect
def test_whole_and_streamed_are_the_same_clean_sound(serve, dialect):
    server = serve(dialect.answer)
    speech = make_engine_voice(settings(dialect, server)).synthesize(TEXT)
    assert speech.sound.rate == dialect.rate
    assert (speech.text, speech.phonemes) == (TEXT, None)
    np.testing.assert_allclose(samples_of(speech), spoken(SECONDS, dialect.rate) / np.float32(32768), atol=1e-6)
    np.testing.assert_array_equal(streamed(make_engine_voice(settings(dialect, server))), samples_of(speech))
    assert server.most_at_once == 1


@every_dialect
def test_a_key_goes_to_the_address_it_is_tied_to_and_is_never_shown(serve, dialect, monkeypatch):
    server = serve(dialect.answer)
    make_engine_voice(settings(dialect, server)).synthesize(TEXT)
    assert {call.headers.get("Authorization") for call in server.calls} == {"Bearer secret"}
    other = serve(lambda call: call.say(401, {"statusCode": 401, "message": "Invalid token", "error": "Unauthorized"}))
    monkeypatch.setenv("TALKING_AVATAR_VOICE_SERVERS", f"{server.url}=secret")
    with pytest.raises(ServerError, match="wants a key") as refused:
        make_engine_voice(settings(dialect, other, voice="" if dialect.engine != "openai" else "x")).synthesize(TEXT)
    assert "secret" not in str(refused.value)
    assert {call.headers.get("Authorization") for call in other.calls} == {None}


@every_dialect
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_language_it_does_not_speak_is_refused_before_anything_is_sent(serve, dialect, stream):
    server = serve(dialect.answer)
    if dialect.engine == "fish-speech" or dialect.answer.__name__ == "vllm_omni":
        make_engine_voice(settings(dialect, server, language="sw")).synthesize(TEXT)
        assert server.calls[-1].json.get("language", "Auto") == "Auto"  # these read the language from the text
        return
    language = "xx" if dialect.engine == "chatterbox-server" else "sw"
    with pytest.raises(InputError, match=f"'{language}'.* It speaks: "):
        voice = make_engine_voice(settings(dialect, server, language=language))
        streamed(voice) if stream else voice.synthesize(TEXT)
    assert not [call for call in server.calls if call.path in dialect.speech]


@every_dialect
def test_a_dead_server_is_told_at_once(dialect):
    begun = time.monotonic()
    address = f"http://127.0.0.1:{dead_port()}"
    with pytest.raises(ServerError, match=f"There is no voice server at {address} .connection refused.: start it"):
        make_engine_voice(settings(dialect, address)).synthesize(TEXT)
    assert time.monotonic() - begun < 10


def dies(call):
    call.chunked([wav_header(RATE), bytes_of(RATE)[: RATE]], end=False)


def dies_short(call):
    call._begin(200, "audio/wav", {"Content-Length": "100000"})
    call.send(whole_wav(spoken(2.0))[:50044])


def dies_before_the_first_sound(call):
    call.chunked([], end=False)


@every_dialect
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("fail", "sentence"), [
    (dies, "in the middle of its answer"), (dies_short, "in the middle of its answer"), (dies_before_the_first_sound, "before its answer"),
    (lambda call: call.chunked([]), "sent no sound"), (lambda call: call.whole(b""), "sent no sound"),
    (lambda call: call.whole(whole_wav(np.zeros(16000), 16000)), "1.0 s of silence"),
    (lambda call: call.whole(whole_wav(spoken(0.05))), "only 0.05 s"),
    (lambda call: call.whole(np.random.default_rng(1).integers(0, 256, 60000, np.uint8).tobytes()), "noise"),
    (lambda call: call.say(200, {"error": {"message": "CUDA out of memory"}}), "CUDA out of memory"),
    (lambda call: call.say(200, "<html><head><title>502 Bad Gateway</title></head></html>", "text/html"), "502 Bad Gateway"),
    (lambda call: call.say(500, "Internal Server Error", "text/plain"), r"\(500\): Internal Server Error"),
    (lambda call: call.say(400, {"message": "tts failed", "Exception": "boom"}), r"\(400\): boom"),
    (lambda call: call.say(422, {"detail": [{"loc": ["body", "text"], "msg": "Field required"}]}), "text: Field required"),
    (lambda call: call.say(302, "", "text/plain", Location="http://elsewhere.example/tts"), "sends us on to http://elsewhere"),
    (lambda call: call.send(b"SSH-2.0-OpenSSH_9.6\r\n"), "does not speak HTTP"),
], ids=["dies", "dies short", "dies first", "empty chunked", "empty whole", "silence", "too short", "garbage", "json", "page", "500", "400",
        "422", "redirect", "not http"])
def test_what_goes_wrong_is_one_sentence(serve, dialect, stream, fail, sentence):
    server = serve(failing(dialect, fail))
    voice = make_engine_voice(settings(dialect, server, patience=30))
    begun = time.monotonic()
    with pytest.raises(ServerError, match=sentence) as error:
        streamed(voice) if stream else voice.synthesize(TEXT)
    assert time.monotonic() - begun < 15
    assert "\n" not in str(error.value) and len(str(error.value)) < 700


@every_dialect
def test_a_server_that_never_answers_is_given_up_when_patience_ends(serve, dialect):
    server = serve(failing(dialect, lambda call: call.hang()))
    voice = make_engine_voice(settings(dialect, server, patience=0.3))
    begun = time.monotonic()
    with pytest.raises(ServerError, match="did not answer for 0.3 s"):
        voice.synthesize(TEXT)
    assert time.monotonic() - begun < 5


@every_dialect
def test_a_server_that_stops_in_mid_stream_is_given_up_when_patience_ends(serve, dialect):
    def stalls(call):
        call.chunked([wav_header(RATE), bytes_of(RATE)[: RATE]], end=False)
        call.hang()

    voice = make_engine_voice(settings(dialect, serve(failing(dialect, stalls)), patience=0.6))
    with pytest.raises(ServerError, match="sent nothing more for 0.6 s"):
        streamed(voice)


@every_dialect
def test_a_slow_server_is_waited_for(serve, dialect):
    def slow(call):
        time.sleep(0.15)
        call.chunked([wav_header(dialect.rate), 0.15, bytes_of(dialect.rate)])

    speech = make_engine_voice(settings(dialect, serve(failing(dialect, slow)), patience=30)).synthesize(TEXT)
    assert speech.sound.seconds == pytest.approx(SECONDS, abs=0.001)


class StoppedByTheUser:
    """A Progress that the user stops at `moment`, which may be set while the work goes on."""

    moment = float("inf")

    def check(self):
        if time.monotonic() >= self.moment:
            raise Cancelled


@every_dialect
@pytest.mark.parametrize("begin", [[], [wav_header(RATE), bytes_of(RATE)[:RATE]]], ids=["before the answer", "in mid-stream"])
def test_a_cancel_closes_the_socket_within_a_second(serve, dialect, begin):
    user = StoppedByTheUser()

    def stalls(call):
        if begin:
            call.chunked(begin, end=False)
        user.moment = time.monotonic() + 0.1
        call.hang()

    server = serve(failing(dialect, stalls))
    voice = make_engine_voice(settings(dialect, server), user)
    with pytest.raises(Cancelled):
        streamed(voice)
    assert time.monotonic() - user.moment < 1
    while not server.hung_up and time.monotonic() < user.moment + 10:
        time.sleep(0.01)
    assert server.hung_up[0] - user.moment < 1


def test_two_at_once_take_turns_at_one_server(serve):
    def slow(call):
        time.sleep(0.1)
        DIALECTS[0].answer(call)

    server = serve(slow)
    urls = (server.url, server.url, server.url.replace("127.0.0.1", "localhost"))
    voices = [make_engine_voice(settings(DIALECTS[0], url)) for url in urls]
    threads = [threading.Thread(target=voice.synthesize, args=(TEXT,)) for voice in voices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(server.calls), server.most_at_once) == (3, 1)
