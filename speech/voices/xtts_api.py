"""XTTS by daswer123/xtts-api-server (read at 5e8bc93 of 2024-07)."""
from __future__ import annotations

from urllib.parse import urlencode

from ...host.errors import InputError
from ...host.progress import Progress
from .http_client import Request
from .reference_file import path_on_server, reference_wav
from .server_voice import ServerVoice, json_request
from .voice_engine import VoiceSettings, voice_engine

LANGUAGES = ("ar", "pt", "zh", "cs", "nl", "en", "fr", "de", "it", "pl", "ru", "es", "tr", "ja", "ko", "hu", "hi")
LICENCE = "weights: Coqui Public Model Licence (non-commercial)"
SHORTEST, LONGEST = 1.0, 30.0


@voice_engine("xtts")
class XttsApi(ServerVoice):
    """asked.voice: a name from the server's speaker folder; else a recording, which the server reads from its disk. Its speed is a
    setting for all who use the server, so it is left alone and the sound is made faster here."""

    name, title, licence, usual = "xtts", "XTTS API server", LICENCE, "http://127.0.0.1:8020"
    languages, words = LANGUAGES, {"zh": "zh-cn"}
    has_speed = False
    hint = "A server started with --streaming-mode plays on its own loudspeaker and sends one second of silence: start it without."

    def __init__(self, asked: VoiceSettings, progress: Progress) -> None:
        super().__init__(asked, progress)
        if asked.voice:
            known = self.ask_or_none("/speakers_list")
            if isinstance(known, list) and known and asked.voice not in known and "/" not in asked.voice and "\\" not in asked.voice:
                raise InputError(f"The XTTS server has no speaker '{asked.voice}'. It has: {', '.join(map(str, known[:30]))}.")
            self._speaker = asked.voice
        elif asked.reference is not None:
            self._speaker = path_on_server(reference_wav(asked.reference, self.title, SHORTEST, LONGEST), self.address, self.title)
        else:
            raise InputError("XTTS needs a voice: connect a recording to `reference`, or write a name from its speaker folder into "
                             "`voice`.")

    def request(self, text: str, streamed: bool) -> Request:
        """The path ends in its slash: without it the server sends on to an address of its own making."""
        text = f"{text}." if text.lower().endswith(".txt") else text  # a file of that name on the server would be read out instead
        fields = {"text": text, "speaker_wav": self._speaker, "language": self.language}
        return Request("GET", "/tts_stream?" + urlencode(fields)) if streamed else json_request("/tts_to_audio/", fields)
