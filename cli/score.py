"""`talking-avatar score`: how well the lips of a film follow its sound."""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .face import face_choice


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add `score` and its options."""
    parser = commands.add_parser("score", help="measure how well lips follow the sound", description=(
        "Measure how well the lips of a film follow its sound: offset, agreement, motion in pauses, trembling; LSE-C and LSE-D with a "
        "SyncNet checkpoint (talking-avatar models get syncnet_v2). A positive offset says that the sound comes before the lips."))
    parser.add_argument("film", metavar="FILE", help="the film to judge")
    parser.add_argument("--audio", metavar="FILE", help="compare with this sound instead of the film's own")
    parser.add_argument("--against", metavar="ORIGINAL", help="the film or photo it was made from: what changed outside the mouth")
    parser.add_argument("--checkpoint", metavar="NAME", help="a SyncNet file by name or path; syncnet_v2.model is taken where it is there; "
                                                             "none: do without")
    parser.add_argument("--face", default="largest", metavar="WHICH", help="largest, centre, left:N, size:N (from 0) or point:X,Y")
    parser.add_argument("--picture", metavar="FILE", help="also write the curves as a picture (.png or .jpg)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Measure, print lines or JSON. Returns 0."""
    from ..engines.score import in_figures, in_words, score_film
    from ..media.open import open_sound, open_source
    from .progress import TerminalProgress

    film = open_source(chosen.film)
    sound = open_sound(chosen.audio) if chosen.audio else None
    original = open_source(chosen.against) if chosen.against else None
    with TerminalProgress() as progress:
        score = score_film(film, progress, sound, original, _checkpoint(chosen.checkpoint), face_choice(chosen.face))
    if chosen.picture:
        from ..engines.score_picture import score_picture
        from ..media.picture_files import write_picture

        write_picture(chosen.picture, score_picture(score))
    sys.stdout.write((json.dumps(in_figures(score), ensure_ascii=False) if chosen.json else "\n".join(in_words(score))) + "\n")
    return 0


def _checkpoint(name: str | None) -> Path | None:
    """The file of `--checkpoint`; without the option the published one where it is there."""
    from ..models.catalogue import rows_named
    from ..models.find import find_checkpoint, find_row

    if name is None:
        return find_row(rows_named("syncnet_v2")[0])
    if name == "none":
        return None
    return Path(name) if Path(name).is_file() else find_checkpoint("syncnet", name)
