"""`talking-avatar demo`: a first film from nothing but this pack: an astronaut says a sentence."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..host.errors import MissingModel

WORDS = "Hello! A minute ago I was only a photograph. Now give me your own words, and I will say them for you."


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add `demo` and its options."""
    parser = commands.add_parser("demo", help="make a first film: an astronaut says a sentence")
    parser.add_argument("-o", "--output", default="demo/out.mp4", metavar="FILE", help="default: demo/out.mp4")
    parser.add_argument("--text", default=WORDS, help="what is said")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the portrait beside the output, let it speak, write a contact sheet. Returns 0."""
    output = Path(chosen.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    portrait = output.parent / "astronaut.png"
    _write_portrait(portrait)
    sheet = output.with_name(output.stem + "_sheet.jpg")
    from .main import main

    code = main(["render", "--avatar", str(portrait), "--text", chosen.text, "-o", str(output), "--contact-sheet", str(sheet)])
    if code == 0:
        sys.stdout.write(f"Play {output}; twelve of its frames are in {sheet}.\n")
    return code


def _write_portrait(path: Path) -> None:
    """Eileen Collins, photographed by NASA (public domain), from scikit-image's sample pictures: head and shoulders, twice the size."""
    try:
        from skimage import data
    except ImportError:
        raise MissingModel("The demo's portrait comes with scikit-image, which is not installed; run: pip install scikit-image.") from None
    from PIL import Image

    Image.fromarray(data.astronaut()).crop((56, 0, 386, 330)).resize((660, 660), Image.Resampling.LANCZOS).save(path)
