"""F5-TTS, Chatterbox and Edge TTS, packages in this process: what they are known to do to their callers."""
import random
import sys
import types

import numpy as np
import pytest
from talking_avatar.host.errors import InputError, MissingModel, ServerError
from talking_avatar.speech.voices import package_voice
from talking_avatar.speech.voices.voice_engine import VoiceSettings, make_engine_voice
from voice_asking import recording
from voice_server import spoken

pytestmark = pytest.mark.usefixtures("own_cache")


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
