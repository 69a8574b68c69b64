"""Which kind of voice server answers at an address. Asked for by its own paths, never guessed from a port; no speech is made."""
from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from ...host.errors import InputError, ServerError
from ...host.progress import Progress, Silent
from .http_client import Request, Timeouts, exchange
from .server_address import Address, server_address
from .voice import Voice
from .voice_engine import VoiceSettings, make_engine_voice, voice_engine

_PATHS = (
    (("/tts", "/set_gpt_weights"), "gpt-sovits", "GPT-SoVITS, second API"),
    (("/change_refer", "/set_model"), "gpt-sovits-v1", "GPT-SoVITS, first API"),
    (("/change_refer",), "gpt-sovits-v1", "GPT-SoVITS, first API"),
    (("/inference_zero_shot",), "cosyvoice", "CosyVoice"),
    (("/tts_to_audio/",), "xtts", "XTTS API server"),
    (("/clone_speaker",), "xtts-streaming", "XTTS streaming server"),
    (("/dev/captioned_speech",), "openai", "Kokoro-FastAPI"),
    (("/upload_reference", "/tts"), "chatterbox-server", "Chatterbox-TTS-Server"),
    (("/v1/audio/speech/upload",), "openai", "chatterbox-tts-api"),
    (("/v1/references/list",), "fish-speech", "Fish-Speech"),
    (("/v1/audio/speech",), "openai", "OpenAI-style speech"),
    (("/audio/speech",), "openai", "index-tts-vllm"),
)
"""Paths that an OpenAPI description holds, the engine that speaks so, what the server is called."""
_TIMEOUTS = Timeouts(connect=5.0, read=10.0, total=20.0)


@dataclass(frozen=True)
class Found:
    """engine: the name to choose. kind: what the server calls itself. voices: names it tells, () if it tells none."""

    engine: str
    kind: str
    voices: tuple[str, ...] = ()


@voice_engine("auto")
def auto(asked: VoiceSettings, progress: Progress) -> Voice:
    """Whatever answers at `asked.server`."""
    if not asked.server:
        raise InputError("With the engine 'auto' write the server's address into `server`, such as http://127.0.0.1:9880.")
    found = probe(asked.server, progress, asked.typed)
    return make_engine_voice(replace(asked, engine=found.engine), progress)


def probe(server: str, progress: Progress | None = None, typed: bool = False) -> Found:
    """What answers at the address. Raises ServerError if nothing does, or something that is no voice server known here."""
    address = server_address(server, server, typed)
    ask = _Asker(address, progress or Silent())
    described = ask.json("/openapi.json")
    paths = set(described.get("paths", ())) if isinstance(described, dict) else set()
    for wanted, engine, kind in _PATHS:
        if paths.issuperset(wanted):
            return Found(engine, kind, ask.voices(engine))
    found = None if paths else _by_answers(ask)
    if found is None:
        raise ServerError(f"Something answers at {address.shown}, but it is no voice server known here: name its engine yourself, if it "
                          "speaks like one of them.")
    return found


def _by_answers(ask: _Asker) -> Found | None:
    """Servers without an OpenAPI description, by what they say to harmless questions."""
    status, body = ask.status("/v1/health")
    if (status == 200 and ask.json("/v1/health") == {"status": "ok"}) or (status == 401 and b"statusCode" in body):
        return Found("fish-speech", "Fish-Speech", ask.voices("fish-speech"))
    for path in ("/v1/audio/voices", "/v1/models"):
        if isinstance(ask.json(path), (dict, list)):
            return Found("openai", "OpenAI-style speech", ask.voices("openai"))
    status, body = ask.status("/set_gpt_weights")
    if status in (400, 422) and (b"weight" in body):
        return Found("gpt-sovits", "GPT-SoVITS, second API")
    status, body = ask.status("/change_refer")
    if status == 400 and b'"code"' in body:
        return Found("gpt-sovits-v1", "GPT-SoVITS, first API")
    return None


class _Asker:
    """GET requests to one address."""

    def __init__(self, address: Address, progress: Progress) -> None:
        self._address, self._progress = address, progress

    def status(self, path: str) -> tuple[int, bytes]:
        with exchange(self._address, Request("GET", path, accept="application/json"), _TIMEOUTS, self._progress) as reply:
            return reply.status, reply.body(4 << 20)

    def json(self, path: str) -> Any:
        """The JSON of a good answer, else None."""
        status, body = self.status(path)
        try:
            return json.loads(body) if status == 200 else None
        except ValueError:
            return None

    def voices(self, engine: str) -> tuple[str, ...]:
        where = {"openai": "/v1/audio/voices", "xtts": "/speakers_list", "xtts-streaming": "/studio_speakers",
                 "fish-speech": "/v1/references/list?format=json"}.get(engine)
        found = self.json(where) if where else None
        if isinstance(found, dict):
            found = found.get("voices") or found.get("reference_ids") or (list(found) if engine == "xtts-streaming" else [])
        names = [one if isinstance(one, str) else one.get("id") or one.get("name") for one in found or [] if isinstance(one, (str, dict))]
        return tuple(name for name in names if isinstance(name, str))
