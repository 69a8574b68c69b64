"""Servers that speak as OpenAI's `/v1/audio/speech` does: Kokoro-FastAPI, openedai-speech, vLLM-Omni, LocalAI, chatterbox-tts-api,
index-tts-vllm, and OpenAI's own. They agree on the request and differ in all else, so the server is asked first what it is."""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...host.errors import InputError
from ...host.progress import Progress
from .http_client import Request
from .reference_file import data_url, reference_wav
from .server_voice import Refused, ServerVoice, form_request, json_request
from .voice_engine import VoiceSettings, voice_engine

OFFICIAL_VOICES = ("alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse", "marin", "cedar")
KOKORO_LANGUAGES = {"en": "a", "en-gb": "b", "es": "e", "fr": "f", "hi": "h", "it": "i", "ja": "j", "pt": "p", "zh": "z"}
"""Kokoro's own letters, with which its voices' names begin; it reads a text of another language with the wrong phonemes, silently."""
KOKORO_USUAL = "af_heart"
VLLM_LANGUAGES = {"zh": "Chinese", "en": "English", "ja": "Japanese", "ko": "Korean", "de": "German", "fr": "French", "ru": "Russian",
                  "pt": "Portuguese", "es": "Spanish", "it": "Italian"}
FORMATS = ("wav", "pcm", "flac", "mp3")
"""In the order in which they are asked for: many servers default to mp3, some know no wav."""


@dataclass(frozen=True)
class Flavour:
    """kind: "kokoro", "vllm", "chatterbox", "index-tts", "openai" or "plain". voices, models: names the server tells, () if it does not."""

    kind: str
    voices: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


@voice_engine("openai")
class OpenaiSpeech(ServerVoice):
    """asked.voice: "VOICE" or "MODEL/VOICE"; "" what the server offers first. A recording is cloned by vLLM-Omni and chatterbox-tts-api."""

    name, title, licence, usual = "openai", "OpenAI-style speech", "of the server's model", "http://127.0.0.1:8880"
    rate = 24000

    def __init__(self, asked: VoiceSettings, progress: Progress) -> None:
        super().__init__(asked, progress)
        self._flavour: Flavour | None = None
        self._formats = FORMATS

    def request(self, text: str, streamed: bool) -> Request:
        """Raises InputError for a voice or language the server does not have, before anything is spoken."""
        if self._flavour is None:
            self._flavour = self._found()
            self._model, self._voice = self._chosen(self._flavour)
            self.has_speed = self._flavour.kind not in ("chatterbox", "vllm")
        kind = self._flavour.kind
        fields: dict[str, Any] = {"model": self._model, "input": text, "response_format": self._formats[0]}
        if self._voice:
            fields["voice"] = self._voice
        if self.has_speed:
            fields["speed"] = self.asked.speed
        if kind == "openai":
            return json_request("/v1/audio/speech", fields)
        fields["stream"] = streamed
        if kind == "kokoro":
            fields["lang_code"] = self._kokoro_letter()
        elif kind == "vllm":
            fields |= {"language": VLLM_LANGUAGES.get(self.language, "Auto")} | ({"stream_format": "audio"} if streamed else {})
            fields |= self._vllm_reference()
        elif kind == "chatterbox" and self._clones:
            wav = reference_wav(self.asked.reference, self.title)
            return form_request("/v1/audio/speech/upload", {"input": text}, {"voice_file": ("voice.wav", wav)})
        elif kind == "plain" and self.language != "auto":
            fields["language"] = self.language
        return json_request("/audio/speech" if kind == "index-tts" else "/v1/audio/speech", fields)

    def _pieces(self, text: str, streamed: bool) -> Iterator[bytes]:
        """As of every server; but a format it does not know is asked for as the next one."""
        while True:
            try:
                yield from super()._pieces(text, streamed)
                return
            except Refused as refused:
                if refused.status not in (400, 415, 422) or "format" not in str(refused) or len(self._formats) == 1:
                    raise
                self._formats = self._formats[1:]

    def _found(self) -> Flavour:
        if self.address.host == "api.openai.com":
            return Flavour("openai", OFFICIAL_VOICES)
        described = self.ask_or_none("/openapi.json")
        paths = set(described.get("paths", ())) if isinstance(described, dict) else set()
        if "/audio/speech" in paths and "/v1/audio/speech" not in paths:
            return Flavour("index-tts")
        listed, models = self.ask_or_none("/v1/audio/voices"), self.ask_or_none("/v1/models")
        voices = tuple(_names(listed, "voices") + _names(listed, "uploaded_voices"))
        kind = "plain"
        if "/dev/captioned_speech" in paths:
            kind = "kokoro"
        elif isinstance(listed, dict) and "uploaded_voices" in listed:
            kind = "vllm"
        elif "/v1/audio/speech/upload" in paths:
            kind = "chatterbox"
        return Flavour(kind, voices, tuple(_names(models, "data")))

    @property
    def _clones(self) -> bool:
        return self.asked.reference is not None and not self.asked.voice

    def _chosen(self, flavour: Flavour) -> tuple[str, str]:
        """Model and voice."""
        model, voice = _parted(self.asked.voice, flavour)
        model = model or _usual_model(flavour)
        if self._clones:
            if flavour.kind not in ("vllm", "chatterbox"):
                raise InputError(f"The server at {self.address.shown} speaks in its own voices only and cannot clone a recording: write "
                                 f"one of them into `voice`{_list(flavour.voices)}.")
            return model, ""
        if voice and flavour.voices and not _is_known(voice, flavour):
            raise InputError(f"The server at {self.address.shown} has no voice '{voice}'{_list(flavour.voices)}.")
        return model, voice or self._usual_voice(flavour)

    def _usual_voice(self, flavour: Flavour) -> str:
        if flavour.kind == "kokoro":
            letter = self._kokoro_letter()
            fitting = sorted(name for name in flavour.voices if name.startswith(letter))
            return KOKORO_USUAL if letter == "a" and KOKORO_USUAL in flavour.voices or not fitting else fitting[0]
        return flavour.voices[0] if flavour.voices else "alloy"

    def _kokoro_letter(self) -> str:
        for tag in (self.asked.language.lower(), self.language, self.language.split("-")[0]):
            if tag in KOKORO_LANGUAGES:
                return KOKORO_LANGUAGES[tag]
        raise InputError(f"Kokoro does not speak '{self.asked.language}'. It speaks: {', '.join(KOKORO_LANGUAGES)}.")

    def _vllm_reference(self) -> dict[str, Any]:
        if not self._clones:
            return {}
        transcript = (self.asked.reference.text or "").strip()
        wav = reference_wav(self.asked.reference, self.title)
        said = {"ref_text": transcript} if transcript else {"x_vector_only_mode": True}
        return {"task_type": "Base", "ref_audio": data_url(wav)} | said


def _parted(voice: str, flavour: Flavour) -> tuple[str, str]:
    """ "MODEL/VOICE" apart; models' names may hold slashes themselves."""
    for model in flavour.models:
        if voice.startswith(model + "/"):
            return model, voice[len(model) + 1 :]
    if "://" in voice or voice in flavour.voices:
        return "", voice
    model, _, voice = voice.rpartition("/")
    return model, voice


def _usual_model(flavour: Flavour) -> str:
    if not flavour.models or "tts-1" in flavour.models:
        return "tts-1" if flavour.kind != "openai" else "gpt-4o-mini-tts"
    return next((name for name in flavour.models if re.search("tts|kokoro|voice|speech", name, re.IGNORECASE)), flavour.models[0])


def _is_known(voice: str, flavour: Flavour) -> bool:
    """A name, an alias of OpenAI's where the server has those, or a mixture: a(2)+b."""
    parts = [re.sub(r"\([\d.]+\)$", "", part.strip()) for part in re.split(r"[+]|(?<=\w)-(?=[a-z]{2}_)", voice)]
    aliases = OFFICIAL_VOICES if flavour.kind in ("kokoro", "openai", "plain") else ()
    return all(part in flavour.voices or part in aliases for part in parts)


def _names(listed: Any, field: str) -> list[str]:
    """Names of an answer that is a list, or holds one, of texts or of objects with an id or name."""
    found = listed.get(field) if isinstance(listed, dict) else listed if isinstance(listed, list) and field != "uploaded_voices" else None
    names = [one if isinstance(one, str) else (one.get("id") or one.get("name")) if isinstance(one, dict) else None for one in found or []]
    return [name for name in names if isinstance(name, str)]


def _list(names: tuple[str, ...]) -> str:
    return f"; it has: {', '.join(names[:30])}{' …' if len(names) > 30 else ''}" if names else ""
