"""A server is asked only where the user allows it, and a key goes nowhere else."""
import json

import pytest
from talking_avatar.host.errors import InputError
from talking_avatar.speech.voices.server_address import read_address, server_address, server_path

USUAL = "http://127.0.0.1:9880"


@pytest.fixture(autouse=True)
def nothing_allowed(monkeypatch):
    for name in ("TALKING_AVATAR_VOICE_SERVERS", "TALKING_AVATAR_VOICE_PATHS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("text", "scheme", "host", "port", "path"), [
    ("127.0.0.1:9880", "http", "127.0.0.1", 9880, ""), ("http://localhost:8880/v1", "http", "localhost", 8880, ""),
    ("http://localhost:8880/v1/", "http", "localhost", 8880, ""),
    ("https://api.example.com/tts/v1", "https", "api.example.com", 443, "/tts"),
    ("http://[::1]:9880/", "http", "::1", 9880, ""), ("HTTP://Host.Example", "http", "host.example", 80, ""),
])
def test_addresses_are_read_as_people_write_them(text, scheme, host, port, path):
    address = read_address(text)
    assert (address.scheme, address.host, address.port, address.path) == (scheme, host, port, path)
    assert address.host_header in ("127.0.0.1:9880", "localhost:8880", "api.example.com", "[::1]:9880", "host.example")


@pytest.mark.parametrize("text", [
    "file:///etc/passwd", "ftp://host/x", "gopher://host:1/x", "http://", "http://host:99999", "http://host:x", "http://host/a?b=c",
    "http://host/a#b", "http://host/../x", "http://user:word@host", "http://ho st", "http://host/a b", "javascript:alert(1)", "http://[::1",
    "http://host\r\nX-Evil: 1", "http://host/x\r\nX-Evil: 1"])
def test_what_is_no_address_of_a_server_is_refused(text):
    with pytest.raises(InputError):
        server_address(text, USUAL)


@pytest.mark.parametrize("text", ["", "127.0.0.1:1", "http://127.8.9.10:1", "localhost:1", "http://[::1]:1"])
def test_this_machine_may_always_be_asked_and_gets_no_key(text):
    assert server_address(text, USUAL).key is None


@pytest.mark.parametrize("text", ["http://192.168.1.20:9880", "http://evil.example", "https://169.254.169.254", "http://127.0.0.1.evil.example",
                                  "http://localhost.evil.example", "http://0x7f000001:1", "http://2130706433:1", "http://[::ffff:10.0.0.1]:1"])
def test_another_machine_must_be_allowed_by_the_user(text, monkeypatch):
    with pytest.raises(InputError, match="another machine.*allow it first"):
        server_address(text, USUAL)
    assert server_address(text, USUAL, typed=True).key is None, "what is typed at the terminal is allowed by that"
    monkeypatch.setenv("TALKING_AVATAR_VOICE_SERVERS", f"http://other:1, {text}")
    assert server_address(text, USUAL).host in text


def test_a_key_is_tied_to_scheme_host_and_port(monkeypatch):
    monkeypatch.setenv("MY_KEY", "from the environment")
    monkeypatch.setenv("TALKING_AVATAR_VOICE_SERVERS", "https://api.example.com=$MY_KEY, 127.0.0.1:8080=plain\n10.0.0.9:1=")
    assert server_address("https://api.example.com/v1", USUAL).key == "from the environment"
    assert server_address("http://127.0.0.1:8080/", USUAL).key == "plain"
    assert server_address("10.0.0.9:1", USUAL).key is None
    assert server_address("127.0.0.1:8081", USUAL).key is None
    for other in ("http://api.example.com", "https://api.example.com:444", "https://api.example.com.evil.example"):
        with pytest.raises(InputError):
            server_address(other, USUAL)
    assert "from the environment" not in repr(server_address("https://api.example.com", USUAL))


def test_comfyuis_settings_allow_and_no_workflow_does(comfyui, monkeypatch):
    with pytest.raises(InputError):
        server_address("10.0.0.9:9880", USUAL)
    (comfyui.user / "default").mkdir()
    (comfyui.user / "default" / "comfy.settings.json").write_text(json.dumps({
        "TalkingAvatar.VoiceServers": "10.0.0.9:9880=word", "TalkingAvatar.VoicePaths": "/home/me/ComfyUI=C:\\ComfyUI"}))
    assert server_address("10.0.0.9:9880", USUAL).key == "word"
    assert server_path("/home/me/ComfyUI/user/a.wav") == "C:\\ComfyUI\\user\\a.wav"
    assert server_path("/home/me/ComfyUI2/a.wav") is None
    for broken in ("nonsense", "[]", '{"TalkingAvatar.VoiceServers": 5}'):
        (comfyui.user / "default" / "comfy.settings.json").write_text(broken)
        with pytest.raises(InputError):
            server_address("10.0.0.9:9880", USUAL)
