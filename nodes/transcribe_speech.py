"""Transcribe Speech: what is said in a sound, as text and as subtitles."""
from __future__ import annotations

from typing import Any

from ..host.node_progress import node_progress
from .voice_inputs import LANGUAGES


class TranscribeSpeech:
    """Takes AUDIO of any length."""

    TITLE = "Transcribe Speech"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Writes down what is said in a sound, as text and as SubRip subtitles timed by the words. Uses faster-whisper, if it is "
                   "installed, with a model that is on this machine; nothing is downloaded.")
    SEARCH_ALIASES = ["talking avatar", "speech to text", "stt", "asr", "whisper", "faster-whisper", "subtitles", "captions", "srt",
                      "transcript"]
    FUNCTION = "transcribe"
    RETURN_TYPES = ("STRING", "STRING")
    RETURN_NAMES = ("text", "srt")
    OUTPUT_TOOLTIPS = ("What is said, in one line.", "Subtitles with times, for Save SRT.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        from ..speech.recognisers.faster_whisper import model_names

        return {
            "required": {
                "audio": ("AUDIO", {"tooltip": "The sound that is listened to; of a batch the first."}),
            },
            "optional": {
                "language": (LANGUAGES, {"default": "auto", "tooltip": "Language that is spoken; 'auto' hears it from the beginning."}),
                "model": (["auto", *model_names()], {
                    "default": "auto",
                    "tooltip": "A model in models/faster-whisper, or one that Hugging Face's tools have fetched; 'auto' takes the best."}),
            },
        }

    @classmethod
    def VALIDATE_INPUTS(cls, model="auto") -> bool:
        """A model that a workflow names and that is not there is explained when the node runs."""
        return True

    def transcribe(self, audio, language: str = "auto", model: str = "auto"):
        from ..speech.recognisers.recogniser import make_recogniser
        from ..speech.subtitles import srt_text, subtitles_of
        from ..speech.transcribe import transcribe
        from .lazy_audio import sound_of

        sound = sound_of(audio)
        with node_progress() as progress:
            heard = transcribe(sound, make_recogniser(model=model), None if language == "auto" else language, progress)
        return heard.text, srt_text(subtitles_of(heard.words))
