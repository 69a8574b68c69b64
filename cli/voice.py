"""`talking-avatar voice`: a text becomes a sound file, by the voice of this machine or of a server."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..host.errors import InputError
from .voice_options import add_voice_options, spoken


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add `voice` and its options."""
    usage = "talking-avatar voice --text WORDS -o FILE [options]\n       talking-avatar voice probe URL"
    parser = commands.add_parser("voice", help="speak a text into a sound file", usage=usage,
                                 description="Speak a text of any length; [pause:0.8s] is a pause, [NAME] lets another --speaker go on.")
    parser.add_argument("what", nargs="*", metavar="probe URL", help="say which kind of voice server answers at an address")
    said = parser.add_mutually_exclusive_group()
    said.add_argument("--text", help="what shall be said")
    said.add_argument("--text-file", metavar="FILE", help="a text file (UTF-8) of what shall be said; - reads standard input")
    parser.add_argument("-o", "--output", metavar="FILE", help="the sound to write; its ending chooses the format: .wav, .flac, .mp3, …")
    add_voice_options(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the sound, or probe a server. Returns 0."""
    from .progress import TerminalProgress

    if chosen.what:
        return _probe(chosen.what)
    if chosen.text_file:
        chosen.text = _read(chosen.text_file)
    if chosen.text is None or not chosen.output:
        raise InputError("Say what shall be spoken and where to: talking-avatar voice --text \"Hello.\" -o hello.wav.")
    from ..media.write_sound import check_sound_output, write_sound

    check_sound_output(chosen.output)
    notes: list[str] = []
    with TerminalProgress() as progress:
        speech = spoken(chosen, progress, notes.append)
        write_sound(speech.sound, chosen.output, progress)
    for note in notes:
        sys.stderr.write(f"talking-avatar: {note}\n")
    sys.stdout.write(f"{chosen.output}: {speech.sound.seconds:.2f} s, {speech.sound.rate} Hz"
                     f"{'' if speech.phonemes is None else f', {len(speech.phonemes)} phonemes timed'}\n")
    return 0


def _probe(words: list[str]) -> int:
    if len(words) != 2 or words[0] != "probe":
        raise InputError(f"'{' '.join(words)}' is nothing that `talking-avatar voice` does: write `talking-avatar voice probe URL`.")
    from ..speech.voices.probe import probe

    found = probe(words[1], typed=True)
    sys.stdout.write(f"{words[1]}: {found.kind}; use it with --engine {found.engine} --server {words[1]}\n")
    if found.voices:
        sys.stdout.write(f"voices: {', '.join(found.voices)}\n")
    return 0


def _read(name: str) -> str:
    if name == "-":
        return sys.stdin.read()
    try:
        return Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The text file '{name}' cannot be read: give a text file in UTF-8.") from error
