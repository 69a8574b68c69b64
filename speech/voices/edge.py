"""Edge TTS: Microsoft's voices over the internet, by the `edge-tts` library (rany2/edge-tts, LGPL-3).

Free, unofficial, at times throttled: never the only voice one has."""
from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from ...host.errors import InputError, MissingModel, ServerError
from ...host.progress import Progress
from ...media.open import sound_of_array
from ..speech import Speech
from .byte_stream import ByteStream
from .recording import in_memory
from .riff_stream import PcmFormat
from .sentences import sentences
from .sound_sanity import require_speech
from .sound_stream import sound_of_bytes
from .voice_engine import VoiceSettings, voice_engine

_TICK = 0.1
VOICES = {
    "en": "en-US-EmmaMultilingualNeural", "en-gb": "en-GB-SoniaNeural", "zh": "zh-CN-XiaoxiaoNeural", "zh-tw": "zh-TW-HsiaoChenNeural",
    "yue": "zh-HK-HiuMaanNeural", "zh-hk": "zh-HK-HiuMaanNeural", "ja": "ja-JP-NanamiNeural", "ko": "ko-KR-SunHiNeural",
    "fr": "fr-FR-DeniseNeural", "de": "de-DE-KatjaNeural", "es": "es-ES-ElviraNeural", "it": "it-IT-ElsaNeural",
    "pt": "pt-BR-FranciscaNeural", "nl": "nl-NL-ColetteNeural", "pl": "pl-PL-ZofiaNeural", "ru": "ru-RU-SvetlanaNeural",
    "uk": "uk-UA-PolinaNeural", "cs": "cs-CZ-VlastaNeural", "sk": "sk-SK-ViktoriaNeural", "sv": "sv-SE-SofieNeural",
    "nb": "nb-NO-PernilleNeural", "no": "nb-NO-PernilleNeural", "da": "da-DK-ChristelNeural", "fi": "fi-FI-NooraNeural",
    "hu": "hu-HU-NoemiNeural", "ro": "ro-RO-AlinaNeural", "el": "el-GR-AthinaNeural", "tr": "tr-TR-EmelNeural",
    "ar": "ar-SA-ZariyahNeural", "fa": "fa-IR-DilaraNeural", "he": "he-IL-HilaNeural", "hi": "hi-IN-SwaraNeural",
    "bn": "bn-BD-NabanitaNeural", "ta": "ta-IN-PallaviNeural", "vi": "vi-VN-HoaiMyNeural", "id": "id-ID-GadisNeural",
    "ms": "ms-MY-YasminNeural", "th": "th-TH-PremwadeeNeural", "sw": "sw-KE-ZuriNeural",
}


@voice_engine("edge-tts")
class EdgeTts:
    """asked.voice: "en-GB-SoniaNeural" and the like; "" one that speaks the language. It clones nobody."""

    name, licence, languages = "edge-tts", "a free service of Microsoft's; the library is LGPL-3", tuple(VOICES)
    rest, tags = 0.0, False
    longest = 400

    def __init__(self, asked: VoiceSettings, progress: Progress) -> None:
        if find_spec("edge_tts") is None:
            raise MissingModel("Edge TTS is not installed: run `pip install edge-tts` (your text goes to Microsoft over the internet).")
        if asked.reference is not None and not asked.voice:
            raise InputError("Edge TTS has voices of its own and cannot clone a recording: write one of them into `voice`, such as "
                             "en-GB-SoniaNeural, or disconnect `reference`.")
        self._asked, self._progress = asked, progress
        self._voice = asked.voice or _voice_for(asked.language)
        _refuse_other_language(self._voice, asked.language)
        self.notes: list[str] = []
        self.cache_words = (self.name, self._voice, f"{asked.speed:g}")

    def unreadable(self, text: str) -> str:
        """See `Voice.unreadable`; left to the service."""
        return ""

    def synthesize(self, text: str) -> Speech:
        """See `Voice.synthesize`; no phoneme times. Raises ServerError, Cancelled."""
        return in_memory(self.stream(text), text, self._asked.language)

    def stream(self, text: str) -> Iterator[Speech]:
        """The same samples in pieces as they come."""
        for sentence in sentences(text, self.longest):
            heard = []
            pieces = self._mp3(sentence)
            try:
                sound = sound_of_bytes(ByteStream(pieces), PcmFormat())
                for block in sound.blocks:
                    heard.append(block)
                    yield Speech(sound_of_array(block, sound.rate), None, None, self._asked.language)
                require_speech(np.concatenate(heard), sound.rate, is_bare=False)
            finally:
                pieces.close()

    def _mp3(self, text: str) -> Iterator[bytes]:
        """What the service sends, read by a thread with a loop of its own, so that a cancel need not wait for it."""
        edge_tts = import_module("edge_tts")
        speech = edge_tts.Communicate(text, self._voice, rate=f"{round(100 * (self._asked.speed - 1)):+d}%", connect_timeout=10,
                                      receive_timeout=max(1, int(self._asked.patience)))
        items: queue.Queue = queue.Queue()
        loop = asyncio.new_event_loop()
        task = loop.create_task(_collect(speech, items))
        threading.Thread(target=_run, args=(loop, task), name="talking-avatar edge-tts", daemon=True).start()
        try:
            while (item := self._next(items)) is not None:
                if isinstance(item, Exception):
                    raise _in_words(item, self._voice) from item
                yield item
        finally:
            if not loop.is_closed():
                loop.call_soon_threadsafe(task.cancel)

    def _next(self, items: queue.Queue) -> Any:
        while True:
            self._progress.check()
            try:
                return items.get(timeout=_TICK)
            except queue.Empty:
                continue


async def _collect(speech, items: queue.Queue) -> None:
    try:
        async for chunk in speech.stream():
            if chunk["type"] == "audio":
                items.put(chunk["data"])
        items.put(None)
    except Exception as error:  # told where it is waited for
        items.put(error)


def _run(loop: asyncio.AbstractEventLoop, task: asyncio.Task) -> None:
    try:
        loop.run_until_complete(asyncio.wait([task]))
    finally:
        loop.close()


def _voice_for(language: str) -> str:
    tag = language.lower().replace("_", "-")
    for known in (tag, tag.split("-")[0]):
        if known in VOICES:
            return VOICES[known]
    raise InputError(f"No voice of Edge TTS is known here for '{language}': write one into `voice`; `edge-tts --list-voices` lists them.")


def _refuse_other_language(voice: str, language: str) -> None:
    """A voice of another language sends nothing, or reads the text with a foreign accent."""
    speaks, reads = voice.split("-")[0].lower(), language.split("-")[0].lower().replace("yue", "zh").replace("no", "nb")
    if speaks != reads and "Multilingual" not in voice:
        raise InputError(f"The voice '{voice}' does not speak '{language}': choose one whose name begins with {reads}-, or a Multilingual "
                         "one.")


def _in_words(error: Exception, voice: str) -> ServerError:
    kind = type(error).__name__
    if kind == "NoAudioReceived":
        return ServerError(f"Edge TTS sent no sound for the voice '{voice}': there is no such voice, it does not read this language, or "
                           "the service is closed to your region.")
    return ServerError(f"Edge TTS failed ({kind}: {str(error)[:200]}): it needs the internet and is throttled at times; try again later or "
                       "use another engine.")
