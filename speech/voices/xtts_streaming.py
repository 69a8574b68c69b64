"""XTTS by coqui-ai/xtts-streaming-server, the container LiveTalking uses."""
from __future__ import annotations

from typing import Any

from ...host.errors import InputError, ServerError
from .http_client import Request
from .reference_file import reference_wav
from .server_voice import ServerVoice, form_request, json_request
from .voice_engine import voice_engine
from .xtts_api import LANGUAGES, LICENCE, LONGEST, SHORTEST


@voice_engine("xtts-streaming")
class XttsStreaming(ServerVoice):
    """asked.voice: one of the server's studio speakers; else a recording is uploaded once and becomes latents."""

    name, title, licence, usual = "xtts-streaming", "XTTS streaming server", LICENCE, "http://127.0.0.1:8000"
    languages, words = LANGUAGES, {"zh": "zh-cn"}
    has_speed = False
    _latents: dict[str, Any] | None = None

    def request(self, text: str, streamed: bool) -> Request:
        """Latents go out with every sentence. The whole answer is WAV as base64 in a JSON string."""
        if self._latents is None:
            self._latents = self._found()
        fields = {**self._latents, "text": text, "language": self.language}
        if streamed:
            return json_request("/tts_stream", fields | {"add_wav_header": True, "stream_chunk_size": "20"})
        return json_request("/tts", fields)

    def _found(self) -> dict[str, Any]:
        if self.asked.voice:
            speakers = self.ask(Request("GET", "/studio_speakers"))
            if self.asked.voice not in speakers:
                raise InputError(f"The XTTS server has no speaker '{self.asked.voice}'. It has: {', '.join(list(speakers)[:30])}.")
            found = speakers[self.asked.voice]
        elif self.asked.reference is not None:
            wav = reference_wav(self.asked.reference, self.title, SHORTEST, LONGEST)
            found = self.ask(form_request("/clone_speaker", {}, {"wav_file": ("voice.wav", wav)}))
        else:
            raise InputError("XTTS needs a voice: connect a recording to `reference`, or write a studio speaker's name into `voice`.")
        if not isinstance(found, dict) or not {"gpt_cond_latent", "speaker_embedding"} <= set(found):
            raise ServerError(f"The server at {self.address.shown} did not make a voice of the recording.")
        return {name: found[name] for name in ("gpt_cond_latent", "speaker_embedding")}
