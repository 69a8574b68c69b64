"""`talking-avatar render`: an avatar and a speech become a film."""
from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engines.engine import Engine, Take, make_engine
from ..host.errors import InputError
from ..host.progress import Progress
from .face import face_choice
from .voice_options import add_voice_options, spoken

if TYPE_CHECKING:
    from ..media.film import FrameSource
    from ..media.timeline import Timeline

SPARE_SECONDS = 60.0
LENGTHS = ("bounce", "loop", "hold", "cut off", "silence", "remap")


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add `render` and its options."""
    parser = commands.add_parser("render", help="make a talking film", description="Make a talking film from a photo or film and speech.")
    parser.add_argument("--avatar", required=True, metavar="FILE", help="photo or film of the person")
    said = parser.add_mutually_exclusive_group(required=True)
    said.add_argument("--audio", metavar="FILE", help="speech: any sound file, or a film whose sound is taken")
    said.add_argument("--text", help="words to be spoken by a voice that needs no server")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the film to write; its ending chooses the format")
    parser.add_argument("--engine", default="embedded", help="who makes the mouth (default: embedded, which needs no checkpoint)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the engine; --set help lists them")
    add_voice_options(parser.add_argument_group("voice, with --text"), "--voice-engine")
    film = parser.add_argument_group("film")
    film.add_argument("--face", default="largest", metavar="WHICH", help="largest, centre, left:N, size:N (from 0) or point:X,Y")
    film.add_argument("--length", choices=LENGTHS, default="bounce", help="when film and speech differ in length (default: bounce)")
    film.add_argument("--start", type=float, default=0.0, metavar="SECONDS", help="begin the avatar's film there")
    film.add_argument("--duration", type=float, default=0.0, metavar="SECONDS", help="use only so much of the avatar's film")
    film.add_argument("--fps", type=_rate, metavar="RATE", help="rate of a photo's film (default 25), or retime a film, e.g. 30000/1001")
    film.add_argument("--max-side", type=int, metavar="PIXELS", help="shrink the avatar to this longest side")
    out = parser.add_argument_group("output")
    out.add_argument("--format", help="a format by name instead of by the ending; `talking-avatar doctor` lists them")
    out.add_argument("--crf", type=int, help="quality of the codec, lower is better")
    out.add_argument("--preset", help="speed of the encoder, e.g. veryfast, medium")
    out.add_argument("--pix-fmt", help="pixel format, e.g. yuv420p10le")
    out.add_argument("--encoder", choices=("auto", "hardware"), default="auto", help="hardware: the graphics card's, where it works")
    out.add_argument("--sound", choices=("copy", "encode", "none"), default="copy", help="copy: not re-encoded where the container allows")
    out.add_argument("--contact-sheet", metavar="FILE", help="also write a picture of twelve frames (.jpg or .png)")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Render what the parsed options ask for; print one summary line. Returns 0."""
    engine = make_engine(chosen.engine)
    settings = engine_settings(engine, chosen.set)
    if settings is None:
        return 0
    _refuse_to_overwrite_inputs(chosen)
    from .progress import TerminalProgress

    with TerminalProgress() as progress:
        summary = render_film(chosen, engine, settings, progress)
    sys.stdout.write(summary + "\n")
    return 0


def render_film(chosen: argparse.Namespace, engine: Engine, settings: Any, progress: Progress) -> str:
    """The work itself. Returns the summary line."""
    from ..engines.render import render
    from ..media.write import WriteSettings, check_output

    how = WriteSettings(format=chosen.format, crf=chosen.crf, preset=chosen.preset, pix_fmt=chosen.pix_fmt,
                        encoder=chosen.encoder, sound=chosen.sound)
    check_output(chosen.output, how)
    take = _take(chosen, progress)
    sheet = _sheet_tap(take) if chosen.contact_sheet else None
    report = render(take, engine, settings, chosen.output, how, progress, watch=sheet)
    if sheet is not None:
        sheet.write(Path(chosen.contact_sheet))
    return f"{chosen.output}: {report}; {report.written}"


def _sheet_tap(take: Take):
    from .sheet import SheetTap

    return SheetTap(take.timeline.n_frames)


def engine_settings(engine: Engine, pairs: list[str]) -> Any:
    """The engine's settings with NAME=VALUE pairs applied; None after `help` listed them. Raises InputError for a wrong pair."""
    known = {one.name: one for one in fields(engine.settings_type)}
    if "help" in pairs:
        for one in known.values():
            sys.stdout.write(f"{one.name}={one.default}  {one.metadata.get('words', '')}\n")
        return None
    values = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or name not in known:
            raise InputError(f"'{pair}' is not a setting of the engine '{engine.name}'. It has: {', '.join(known)} (as NAME=VALUE).")
        kind = type(known[name].default)
        try:
            values[name] = text.lower() in ("1", "true", "yes", "on") if kind is bool else kind(text)
        except ValueError:
            raise InputError(f"'{text}' is not a value for {name}; the default is {known[name].default}.") from None
    return engine.settings_type(**values)


def _take(chosen: argparse.Namespace, progress: Progress) -> Take:
    from ..faces.avatar import make_avatar
    from ..faces.settings import TrackSettings
    from ..media.kept_film import kept
    from ..media.open import open_source
    from ..media.timeline import lay_out
    from ..media.trimmed import trimmed

    source = trimmed(open_source(chosen.avatar, fps=chosen.fps, max_side=chosen.max_side), chosen.start, chosen.duration)
    speech = _speech(chosen, progress)
    timeline = lay_out(source, speech.sound, mode=chosen.length, fps=chosen.fps)
    source = kept(_as_much_as_helps(source, timeline))
    return Take(make_avatar(source, TrackSettings(choice=face_choice(chosen.face)), progress), speech, timeline)


def _as_much_as_helps(source: FrameSource, timeline: Timeline) -> FrameSource:
    """The film without what lies far behind the last frame that will be seen: nobody waits for an hour to be tracked for a sentence.
    What is left gives the engine a minute more to choose mouths from."""
    from ..media.trimmed import trimmed

    if source.is_still:
        return source
    seen = float(source.clock.time(int(timeline.source.max()) + 1))
    return trimmed(source, 0.0, seen + SPARE_SECONDS)


def _speech(chosen: argparse.Namespace, progress: Progress):
    if chosen.text is None:
        from ..speech.load import load_speech

        return load_speech(Path(chosen.audio))
    return spoken(chosen, progress, lambda note: sys.stderr.write(f"talking-avatar: {note}\n"))


def _refuse_to_overwrite_inputs(chosen: argparse.Namespace) -> None:
    output = Path(chosen.output)
    for given in (chosen.avatar, chosen.audio):
        if given and output.exists() and Path(given).exists() and output.samefile(given):
            raise InputError(f"'{given}' is both input and output; give the result another name with -o.")


def _rate(text: str) -> Fraction:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"'{text}' is no frame rate; write 25, 23.976 or 30000/1001") from None
    if not 1 <= rate <= 240:
        raise argparse.ArgumentTypeError(f"{text} frames a second is outside 1 to 240")
    broadcast = Fraction(round(rate) * 1000, 1001)
    return broadcast if rate.denominator > 1 and abs(rate - broadcast) < Fraction(1, 200) else rate
