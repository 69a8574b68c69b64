"""Who speaks for which name in a script, as users write it down."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath

from ...host.errors import InputError
from ..speech import Speech
from .voice_engine import VoiceSettings, voice_engine_names

_SOUNDS = {".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".aac", ".mp4", ".mov", ".mkv", ".webm"}


def read_cast(lines: str, base: VoiceSettings, load: Callable[[str], Speech]) -> dict[str, VoiceSettings]:
    """The voices of the speakers that `lines` name, one a line:

        Alice = hibari/emma
        Bob = bob.wav | what Bob says in it
        Carol = edge-tts: en-GB-SoniaNeural

    A name of a voice, a recording of it (`load` opens it), either with another engine in front. What a line leaves open is as in `base`.
    Lines that are empty or begin with # are left out. Raises InputError for a line that says neither, and for a name given twice."""
    cast: dict[str, VoiceSettings] = {}
    for line in lines.splitlines():
        if not line.strip() or line.strip().startswith("#"):
            continue
        name, equals, wanted = (part.strip() for part in line.partition("="))
        name = name.strip("[]").strip()
        if not equals or not name or not wanted:
            raise InputError(f"'{line.strip()}' is not a speaker: write NAME = VOICE, such as Alice = hibari/emma.")
        if name.casefold() in (known.casefold() for known in cast):
            raise InputError(f"The speaker '{name}' is named twice: keep one of the lines.")
        cast[name] = _voice(wanted, base, load)
    return cast


def _voice(wanted: str, base: VoiceSettings, load: Callable[[str], Speech]) -> VoiceSettings:
    engine, colon, rest = (part.strip() for part in wanted.partition(":"))
    if wanted in voice_engine_names():
        return replace(base, engine=wanted, voice="", server=base.server if wanted == base.engine else "")
    if colon and engine in voice_engine_names():
        base = replace(base, engine=engine, server=base.server if engine == base.engine else "")
        wanted = rest
    path, _, transcript = (part.strip() for part in wanted.partition("|"))
    if PurePath(path).suffix.lower() in _SOUNDS:
        return replace(base, voice="", reference=replace(load(path), text=transcript))
    return replace(base, voice=wanted, reference=None)
