"""Options that say who speaks a text, the same for `voice` and `render`."""
from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from ..host.errors import InputError
from ..host.progress import Progress


def add_voice_options(parser: argparse._ActionsContainer, engine: str = "--engine") -> None:
    """engine: the option's name, since `render` has an --engine of its own."""
    parser.add_argument("--voice", default="", help="a voice by its name: hibari/emma, espeak/f2, one of the server; default: by language")
    parser.add_argument(engine, dest="voice_engine", default="embedded", metavar="NAME",
                        help="embedded (default, no server), auto (what answers at --server), gpt-sovits, gpt-sovits-v1, fish-speech, "
                             "cosyvoice, openai, xtts, xtts-streaming, chatterbox-server, edge-tts, f5-tts, chatterbox")
    parser.add_argument("--server", default="", metavar="URL", help="address of the engine's server; default: where it usually is")
    parser.add_argument("--reference", metavar="FILE", help="a recording of the voice that shall speak")
    parser.add_argument("--matching", type=float, default=1.0, metavar="0..1",
                        help="how far the embedded voice goes toward the recording (default 1, as near as it gets; less is clearer)")
    parser.add_argument("--transcript", default="", help="what is said in the recording, or a text file with it")
    parser.add_argument("--speaker", action="append", default=[], metavar="NAME=VOICE",
                        help="who speaks behind [NAME] in the text: a voice, or FILE|TRANSCRIPT")
    parser.add_argument("--language", default="", help="en, fr, de, es, zh, ja, …; default: guessed from the text")
    parser.add_argument("--speed", type=float, default=1.0, help="1 is the voice's own speed")
    parser.add_argument("--voice-seed", type=int, default=0, metavar="N", help="another number, another take")
    parser.add_argument("--patience", type=float, default=300.0, metavar="SECONDS", help="how long a server may stay silent (default 300)")
    parser.add_argument("--sample-rate", type=int, default=0, metavar="HZ", help="of a server that sends bare samples at an unusual rate")


def spoken(chosen: argparse.Namespace, progress: Progress, tell):
    """The Speech of `chosen.text`. tell: called with sentences a user should know. Raises what `narrate` raises."""
    from ..speech.load import load_speech
    from ..speech.voices.cast import read_cast
    from ..speech.voices.narrate import narrate
    from ..speech.voices.voice_engine import VoiceSettings

    reference = replace(load_speech(chosen.reference), text=_text(chosen.transcript)) if chosen.reference else None
    asked = VoiceSettings(chosen.voice_engine, chosen.voice, chosen.language, chosen.speed, chosen.voice_seed, reference, chosen.server,
                          chosen.sample_rate, chosen.patience, typed=True, matching=chosen.matching)
    cast = read_cast("\n".join(chosen.speaker), asked, load_speech)
    return narrate(chosen.text, asked, progress, cast, tell)


def _text(given: str) -> str:
    """The words themselves, or those of a file of that name."""
    path = Path(given)
    try:
        if not given.endswith(".txt"):
            return given.strip()
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The transcript '{given}' cannot be read: give a text file in UTF-8, or the words themselves.") from error
