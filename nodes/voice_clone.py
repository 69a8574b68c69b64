"""Voice Clone: words become a speech, by a voice of this machine or of a server the user runs."""
from __future__ import annotations

from contextlib import suppress
from typing import Any

from ..host.errors import TalkingAvatarError
from ..host.node_progress import node_progress
from .files import named_file, stamp
from .voice_inputs import ENGINES, LANGUAGES


class VoiceClone:
    """A text, and perhaps a recording of a voice, become AUDIO and a speech for the lip-sync nodes."""

    TITLE = "Voice Clone (Text to Speech)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Speaks a text. The embedded voice works at once, without a server; the other engines speak in the voice of a "
                   "recording, or in a voice of their own. [pause:0.8s] is a pause, [Alice] lets another speaker go on. Sentences are "
                   "kept: after a change only what is new is spoken.")
    SEARCH_ALIASES = ["talking avatar", "text to speech", "tts", "voice clone", "voice cloning", "narrate", "speak", "gpt-sovits",
                      "fish-speech", "cosyvoice", "xtts", "kokoro", "openai tts", "edge tts", "f5-tts", "chatterbox", "espeak"]
    FUNCTION = "speak"
    RETURN_TYPES = ("AUDIO", "SPEECH_FEATURES")
    RETURN_NAMES = ("audio", "speech")
    OUTPUT_TOOLTIPS = ("The sound.", "The speech, for the lip-sync nodes; with the time of each phoneme where the voice knows it.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "text": ("STRING", {"default": "Hello! I am only a photograph, but now I can speak.", "multiline": True,
                                    "tooltip": "What shall be said, of any length. [pause:0.8s] is a pause; [Alice] lets a speaker go on "
                                               "who is named in `speakers`."}),
            },
            "optional": {
                "reference": ("AUDIO", {"tooltip": "A recording of the voice that shall speak, 3 to 10 s of clean speech by one person who "
                                                   "agreed to it. Not needed where `voice` names one."}),
                "transcript": ("STRING", {"default": "", "multiline": True,
                                          "tooltip": "What is said in the recording, word for word. Most engines clone better with it, "
                                                     "some only with it."}),
                "engine": (ENGINES, {"default": "embedded",
                                     "tooltip": "Who speaks. 'embedded' needs no server; 'auto' asks the server what it is; edge-tts, "
                                                "f5-tts and chatterbox are packages you install; the others are servers you run."}),
                "server": ("STRING", {"default": "",
                                      "tooltip": "Address of the engine's server, such as http://127.0.0.1:9880; empty: where it usually "
                                                 "is on this machine. Other machines must be allowed in the settings."}),
                "voice": ("STRING", {"default": "",
                                     "tooltip": "A voice by its name in the engine, such as espeak/f2, af_heart or a speaker of the "
                                                "server; empty: the recording's, or the engine's own."}),
                "language": (LANGUAGES, {"default": "auto", "tooltip": "Language of the text; 'auto' reads it from the text."}),
                "speed": ("FLOAT", {"default": 1.0, "min": 0.5, "max": 2.0, "step": 0.05, "tooltip": "1 is the voice's own speed."}),
                "voice_seed": ("INT", {"default": 0, "min": 0, "max": 2**31 - 1,
                                       "tooltip": "Another number gives another take, where the engine can; the same number the same."}),
                "speakers": ("STRING", {"default": "", "multiline": True,
                                        "tooltip": "Voices of several speakers, one a line: Alice = espeak/f2, or a recording in the input "
                                                   "folder: Bob = bob.wav | what Bob says in it."}),
                "patience": ("INT", {"default": 300, "min": 5, "max": 3600,
                                     "tooltip": "Seconds a server may stay silent before it is given up."}),
                "sample_rate": ("INT", {"default": 0, "min": 0, "max": 192000,
                                        "tooltip": "For servers that send bare samples and do not tell their rate (too fast or too slow a "
                                                   "voice): 0 is the engine's usual."}),
                "matching": ("FLOAT", {"default": 1.0, "min": 0.0, "max": 1.0, "step": 0.05,
                                       "tooltip": "How far the embedded voice goes toward the recording: 0 is its own sound, 1 as near as "
                                                  "it gets; less is clearer. The other engines clone and have no use for it."}),
            },
        }

    @classmethod
    def IS_CHANGED(cls, speakers="", **_) -> str:
        """Recordings that the speakers name may change under their names."""
        stamps = []
        for line in (speakers or "").splitlines():
            name = line.partition("=")[2].partition("|")[0].strip()
            with suppress(TalkingAvatarError):
                stamps.append(stamp(named_file(name)))
        return " ".join(stamps)

    def speak(self, text: str, reference=None, transcript: str = "", engine: str = "embedded", server: str = "", voice: str = "",
              language: str = "auto", speed: float = 1.0, voice_seed: int = 0, speakers: str = "", patience: int = 300,
              sample_rate: int = 0, matching: float = 1.0):
        import logging

        from ..speech.load import load_speech
        from ..speech.speech import Speech
        from ..speech.voices.cast import read_cast
        from ..speech.voices.narrate import narrate
        from ..speech.voices.voice_engine import VoiceSettings
        from .lazy_audio import LazyAudio, sound_of

        recording = None if reference is None else Speech(sound_of(reference), text=transcript.strip())
        asked = VoiceSettings(engine, voice.strip(), "" if language == "auto" else language, speed, voice_seed, recording, server.strip(),
                              sample_rate, patience, matching=matching)
        with node_progress() as progress:
            cast = read_cast(speakers, asked, lambda name: load_speech(named_file(name)))
            speech = narrate(text, asked, progress, cast, logging.getLogger(__name__).warning)
        return LazyAudio(speech.sound), speech
