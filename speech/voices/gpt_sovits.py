"""GPT-SoVITS by its second API, `api_v2.py` (RVC-Boss/GPT-SoVITS, read at 48b1a01 of 2026-08)."""
from __future__ import annotations

from ...host.errors import InputError
from ...host.progress import Progress
from .http_client import Request
from .readable import guess_language
from .reference_file import path_on_server, reference_wav
from .server_voice import ServerVoice, json_request
from .voice_engine import VoiceSettings, voice_engine

SHORTEST, LONGEST = 3.0, 10.0
"""Seconds of reference; the server refuses others."""


@voice_engine("gpt-sovits")
class GptSovits(ServerVoice):
    """asked.voice: path of a reference on the server's own disk, instead of a recording."""

    name, title, licence, usual = "gpt-sovits", "GPT-SoVITS", "MIT (code); weights by their makers", "http://127.0.0.1:9880"
    languages = ("auto", "en", "zh", "yue", "zh-hk", "ja", "ko")
    words = {"zh-hk": "yue"}
    rate = 32000
    rest = 0.0
    """The server itself puts 0.3 s behind every piece."""
    hint = ("If the text is plain words, look at the server's log: GPT-SoVITS answers with silence when its model fails, and breaks off "
            "when a streamed answer fails before its first sound.")

    def __init__(self, asked: VoiceSettings, progress: Progress) -> None:
        super().__init__(asked, progress)
        self._path, transcript = reference_path(self, SHORTEST, LONGEST)
        if not self._path:
            raise InputError("GPT-SoVITS clones a voice: connect a recording of 3 to 10 s to `reference`, or write a recording's path on "
                             "the server into `voice`.")
        self._transcript = transcript
        self._prompt_language = self._language_word(guess_language(transcript)) if transcript else self.language

    def request(self, text: str, streamed: bool) -> Request:
        """The server shall not cut the sentence again; languages in lower case, or its POST fails without a reason."""
        return json_request("/tts", {
            "text": text, "text_lang": self.language.lower(), "ref_audio_path": self._path, "prompt_text": self._transcript,
            "prompt_lang": self._prompt_language.lower(), "text_split_method": "cut0", "batch_size": 1, "speed_factor": self.asked.speed,
            "seed": self.asked.seed, "media_type": "wav", "streaming_mode": streamed,
        })


def reference_path(voice: ServerVoice, shortest: float, longest: float) -> tuple[str, str]:
    """Where the server finds the reference, and what is said in it; ("", "") if there is none."""
    asked = voice.asked
    transcript = (asked.reference.text or "").strip() if asked.reference else ""
    if asked.voice:
        return asked.voice, transcript
    if asked.reference is None:
        return "", ""
    return path_on_server(reference_wav(asked.reference, voice.title, shortest, longest), voice.address, voice.title), transcript
