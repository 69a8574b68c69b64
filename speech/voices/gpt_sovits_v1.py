"""GPT-SoVITS by its first API, `api.py`, still in bundles (RVC-Boss/GPT-SoVITS, read at 48b1a01 of 2026-08).

Form, rate and streaming of the answer are options the server was started with: only the bytes tell them."""
from __future__ import annotations

from ...host.errors import InputError
from ...host.progress import Progress
from .gpt_sovits import LONGEST, SHORTEST, reference_path
from .http_client import Request
from .readable import guess_language
from .server_voice import ServerVoice, json_request
from .voice_engine import VoiceSettings, voice_engine


@voice_engine("gpt-sovits-v1")
class GptSovitsV1(ServerVoice):
    """Without a recording and `voice` the reference that the server was started with speaks."""

    name, title, licence, usual = "gpt-sovits-v1", "GPT-SoVITS (first API)", "MIT (code); weights by their makers", "http://127.0.0.1:9880"
    languages = ("auto", "en", "zh", "yue", "zh-hk", "ja", "ko")
    words = {"zh-hk": "yue"}
    rate = 32000
    hint = "Every failure of this API looks like an answer that breaks off: the server's log tells the reason."

    def __init__(self, asked: VoiceSettings, progress: Progress) -> None:
        super().__init__(asked, progress)
        self._path, self._transcript = reference_path(self, SHORTEST, LONGEST)
        if self._path and not self._transcript:
            raise InputError("GPT-SoVITS (first API) needs the reference's transcript: without it the server would speak in its own "
                             "default voice.")

    def request(self, text: str, streamed: bool) -> Request:
        """All three reference fields or none, since one that is empty makes the server take its own three."""
        fields = {"text": text, "text_language": self.language, "speed": self.asked.speed, "cut_punc": ""}
        if self._path:
            fields |= {"refer_wav_path": self._path, "prompt_text": self._transcript,
                       "prompt_language": self._language_word(guess_language(self._transcript))}
        return json_request("/", fields)
