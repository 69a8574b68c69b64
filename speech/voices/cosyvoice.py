"""CosyVoice's FastAPI server, `runtime/python/fastapi/server.py` (FunAudioLLM/CosyVoice, read at ace7c47 of 2026-03)."""
from __future__ import annotations

from ...host.errors import InputError
from ...host.progress import Progress
from .http_client import Request
from .reference_file import reference_wav
from .server_voice import ServerVoice, form_request
from .voice_engine import VoiceSettings, voice_engine

SHORTEST, LONGEST = 1.0, 30.0
FIRST_MODEL_RATE, LATER_RATE = 22050, 24000


@voice_engine("cosyvoice")
class CosyVoice(ServerVoice):
    """asked.voice: a speaker of the first model's; else a recording is cloned, with its transcript or across languages.

    The answer never tells its rate: speakers with names come with the first model (22050 Hz), clones are taken for the later ones'
    (24000 Hz); `sample_rate` says otherwise."""

    name, title, licence, usual = "cosyvoice", "CosyVoice", "Apache-2.0", "http://127.0.0.1:50000"
    languages = ("auto", "zh", "en", "ja", "yue", "zh-hk", "ko", "de", "es", "fr", "it", "ru")
    tags = True
    has_speed = False
    hint = ("An answer without sound means, as its log will tell: a speaker this model does not have, or a server of 2026-03, which cannot "
            "read uploaded references (older and mended ones can).")

    def __init__(self, asked: VoiceSettings, progress: Progress) -> None:
        super().__init__(asked, progress)
        if asked.reference is None and not asked.voice:
            raise InputError("CosyVoice needs a voice: connect a recording of up to 30 s to `reference`, or write one of its speakers' "
                             "names into `voice`.")
        self.rate = FIRST_MODEL_RATE if asked.voice else LATER_RATE
        self._wav = b"" if asked.voice else reference_wav(asked.reference, self.title, SHORTEST, LONGEST)

    def request(self, text: str, streamed: bool) -> Request:
        """Forms, as the server reads no JSON; its answer is always streamed."""
        if self.asked.voice:
            return form_request("/inference_sft", {"tts_text": text, "spk_id": self.asked.voice})
        upload = {"prompt_wav": ("voice.wav", self._wav)}
        transcript = (self.asked.reference.text or "").strip()
        if transcript:
            return form_request("/inference_zero_shot", {"tts_text": text, "prompt_text": transcript}, upload)
        return form_request("/inference_cross_lingual", {"tts_text": text}, upload)
