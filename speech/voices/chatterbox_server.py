"""Chatterbox by devnen/Chatterbox-TTS-Server, by its own path `/tts`."""
from __future__ import annotations

import hashlib

from ...host.errors import ServerError
from .http_client import Request
from .reference_file import reference_wav
from .server_voice import ServerVoice, form_request, json_request
from .voice_engine import voice_engine

LANGUAGES = ("ar", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "it", "ja", "ko", "ms", "nl", "no", "nb", "pl", "pt", "ru", "sv",
             "sw", "tr", "zh")


@voice_engine("chatterbox-server")
class ChatterboxServer(ServerVoice):
    """asked.voice: a voice file of the server's; else a recording is uploaded, under a name made of its content."""

    name, title, licence, usual = "chatterbox-server", "Chatterbox-TTS-Server", "MIT; its sound carries a watermark", "http://127.0.0.1:8004"
    languages, words = LANGUAGES, {"nb": "no"}
    _file = ""

    def request(self, text: str, streamed: bool) -> Request:
        """The server does not stream, and shall not cut the sentence again."""
        fields = {"text": text, "output_format": "wav", "split_text": False, "seed": self.asked.seed, "speed_factor": self.asked.speed,
                  "language": self.language}
        if self.asked.voice:
            return json_request("/tts", fields | {"voice_mode": "predefined", "predefined_voice_id": self.asked.voice})
        if self.asked.reference is None:
            return json_request("/tts", fields)
        self._file = self._file or self._uploaded()
        return json_request("/tts", fields | {"voice_mode": "clone", "reference_audio_filename": self._file})

    def _uploaded(self) -> str:
        """Its answer is 200 even for a file it did not take."""
        wav = reference_wav(self.asked.reference, self.title, 1.0, 30.0)
        name = f"voice_{hashlib.sha256(wav).hexdigest()[:24]}.wav"
        said = self.ask(form_request("/upload_reference", {}, {"files": (name, wav)}))
        taken = said.get("uploaded_files", []) + said.get("all_reference_files", []) if isinstance(said, dict) else []
        if name not in taken:
            raise ServerError(f"{self.title} at {self.address.shown} did not take the reference recording: {str(said)[:200]}")
        return name
