"""Fixtures of the speech tests; helpers are in `speech_sounds`."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture(scope="session")
def spoken():
    """A sentence by hibari, with phoneme times."""
    from speech_sounds import SENTENCE
    from talking_avatar.speech.voices.speak import speak

    return speak(SENTENCE, voice="hibari", language="en")


@pytest.fixture(scope="session")
def spoken_samples(spoken):
    """The same as float32 [n] at 16 kHz, about 5 s."""
    from speech_sounds import samples_16k

    return samples_16k(spoken.sound)


@pytest.fixture
def serve(monkeypatch):
    """serve(answer) -> a VoiceServer (see `voice_server`) whose address is tied to the key "secret"."""
    from voice_server import VoiceServer

    running = []

    def serve(answer):
        running.append(VoiceServer(answer))
        monkeypatch.setenv("TALKING_AVATAR_VOICE_SERVERS", f"{running[-1].url}=secret")
        return running[-1]

    yield serve
    for server in running:
        server.close()


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    """An empty cache of this test alone."""
    monkeypatch.setenv("TALKING_AVATAR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
