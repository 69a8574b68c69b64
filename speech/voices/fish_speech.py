"""Fish-Speech (fishaudio/fish-speech, read at 3dd1f85 of 2026-04)."""
from __future__ import annotations

import base64
import re

from ...host.errors import InputError
from ...host.progress import Progress
from .http_client import Request
from .reference_file import reference_wav
from .server_voice import ServerVoice, json_request
from .voice_engine import VoiceSettings, voice_engine

SHORTEST, LONGEST = 1.0, 30.0
_NAME = re.compile(r"[A-Za-z0-9\-_ ]{1,255}")


@voice_engine("fish-speech")
class FishSpeech(ServerVoice):
    """asked.voice: the name of a voice that the server keeps, instead of a recording."""

    name, title, licence, usual = "fish-speech", "Fish-Speech", "weights: research and non-commercial", "http://127.0.0.1:8080"
    rate = 44100
    tags = True
    has_speed = False
    hint = "The server's log tells more."

    def __init__(self, asked: VoiceSettings, progress: Progress) -> None:
        super().__init__(asked, progress)
        self._references: list[dict[str, str]] = []
        if asked.voice:
            self._refuse_unknown(asked.voice)
        elif asked.reference is not None:
            wav = reference_wav(asked.reference, self.title, SHORTEST, LONGEST)
            self._references = [{"audio": base64.b64encode(wav).decode(), "text": (asked.reference.text or "").strip()}]

    def request(self, text: str, streamed: bool) -> Request:
        """Streamed answers are bare samples in most builds and WAV in others: their bytes tell."""
        return json_request("/v1/tts", {
            "text": text, "format": "wav", "streaming": streamed, "references": self._references, "reference_id": self.asked.voice or None,
            "seed": self.asked.seed, "use_memory_cache": "on" if self._references else "off", "normalize": True,
        })

    def _refuse_unknown(self, voice: str) -> None:
        """The server speaks in a random voice if it does not know the name. An old one that has no list is believed."""
        if not _NAME.fullmatch(voice):
            raise InputError(f"'{voice}' is no name of a Fish-Speech voice: letters, digits, - and _ only.")
        listed = self.ask_or_none("/v1/references/list?format=json")
        known = listed.get("reference_ids") if isinstance(listed, dict) else None
        if known is not None and voice not in known:
            raise InputError(f"The Fish-Speech server has no voice '{voice}'. It has: {', '.join(known) or 'none'}.")
