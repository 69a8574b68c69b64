"""What the tests of voice servers ask for."""
import numpy as np
from talking_avatar.media.open import sound_of_array
from talking_avatar.speech.speech import Speech
from talking_avatar.speech.voices.voice_engine import VoiceSettings, make_engine_voice
from voice_server import RATE, spoken

TEXT = "Hello there, this is a voice."


def recording(seconds=5.0, text="What I say here.", rate=RATE):
    return Speech(sound_of_array(spoken(seconds, rate) / np.float32(32768), rate), text=text)


def voice(engine, server, **more):
    return make_engine_voice(VoiceSettings(**{"engine": engine, "server": server.url, "language": "en", "reference": recording()} | more))


def heard(speech):
    return np.concatenate([block[0] for block in speech.sound.blocks()])
