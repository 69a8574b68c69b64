"""`talking-avatar doctor`: what is there, what is missing, and what to do about it."""
from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from importlib.util import find_spec

from ..host.errors import TalkingAvatarError


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. state: "ok", "missing" (needed) or "optional". cure: what to type, or empty."""

    state: str
    what: str
    cure: str = ""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add `doctor` and its options."""
    parser = commands.add_parser("doctor", help="say what is installed, what is missing and what to do")
    parser.add_argument("--fix", action="store_true", help="fetch the face networks that are missing (7 MB, Apache-2.0)")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print a line for each finding. Returns 0 if nothing needed is missing, else 3."""
    if chosen.fix:
        _fix()
    missing = 0
    for look in (_packages, _device, _face_networks, _checkpoints, _voices, _formats):
        for finding in look():
            missing += finding.state == "missing"
            sys.stdout.write(f"{_MARKS[finding.state]} {finding.what}" + (f"\n      {finding.cure}" if finding.cure else "") + "\n")
    sys.stdout.write("Everything that is needed is there.\n" if not missing else f"{missing} thing(s) needed are missing; see above.\n")
    return 3 if missing else 0


_MARKS = {"ok": "[ok]     ", "missing": "[missing]", "optional": "[option] "}


def _fix() -> None:
    from ..models.mediapipe.fetch import fetch_mediapipe

    sys.stdout.write(f"The face networks are in {fetch_mediapipe()[0].parent}.\n")


def _packages() -> Iterator[Finding]:
    needed = {"torch": "torch", "numpy": "numpy", "av": "av", "soxr": "soxr", "safetensors": "safetensors", "PIL": "pillow", "rich": "rich"}
    for module, distribution in needed.items():
        if find_spec(module):
            yield Finding("ok", f"{distribution} {_version(distribution)}")
        else:
            yield Finding("missing", distribution, f"pip install {distribution}")
    if find_spec("cv2"):
        yield Finding("ok", "opencv (cv2), whichever build is there")
    else:
        yield Finding("missing", "opencv (cv2)", "pip install opencv-python-headless")


def _device() -> Iterator[Finding]:
    if not find_spec("torch"):
        return
    from ..host.device import torch_device

    yield Finding("ok", f"networks run on: {torch_device()}")


def _face_networks() -> Iterator[Finding]:
    yield from _tried("face networks (BlazeFace, face mesh, iris)", _load_face_networks, "missing", "talking-avatar doctor --fix")


def _load_face_networks() -> str:
    from ..models.mediapipe.load import load_network

    for name in ("short", "full", "back", "mesh", "iris"):
        load_network(name)
    return "are whole"


def _checkpoints() -> Iterator[Finding]:
    """A line for each checkpoint that is there, and one for each family of which there is none."""
    from ..models.catalogue import checkpoints
    from ..models.find import find_row

    rows = checkpoints()
    for family in dict.fromkeys(row.family for row in rows):
        there = [row for row in rows if row.family == family and find_row(row) is not None]
        for row in there:
            yield from _tried(f"checkpoint {row.name}", partial(_recognised, row), "optional", f"talking-avatar models get {row.name}")
        if not there:
            first = next(row for row in rows if row.family == family)
            get = f"talking-avatar models get {first.bundle or first.name}" if first.sources else first.page
            yield Finding("optional", f"no checkpoint of {family} is there (`talking-avatar models list` shows them)",
                          f"{get}   ({first.readable_size}, licence: {first.licence})")


def _recognised(row) -> str:
    from ..models.download import recognise
    from ..models.find import find_row

    path = find_row(row)
    recognise(row, path)
    return f"is whole ({path})"


def _voices() -> Iterator[Finding]:
    yield (Finding("ok", f"English voice: hibari-tts {_version('hibari-tts')}") if find_spec("hibari")
           else Finding("optional", "English voice for --text", "pip install hibari-tts scipy"))
    yield (Finding("ok", "voices for other languages: espeak-ng") if find_spec("espeakng_loader")
           else Finding("optional", "voices for other languages", "pip install espeakng-loader   (GPL-3, runs in a process of its own)"))
    for module, name in (("edge_tts", "edge-tts"), ("f5_tts", "f5-tts"), ("chatterbox", "chatterbox")):
        if find_spec(module):
            yield Finding("ok", f"voice engine: {name}")


def _formats() -> Iterator[Finding]:
    if not find_spec("av"):
        return
    from ..media.encoders import formats

    for one in formats():
        yield Finding("ok" if one.works else "optional", f"writes {one.name} ({one.title})" + ("" if one.works else f": {one.reason}"))


def _tried(what: str, look: Callable[[], str], otherwise: str, cure: str) -> Iterator[Finding]:
    try:
        yield Finding("ok", f"{what} {look()}")
    except TalkingAvatarError as error:
        yield Finding(otherwise, f"{what}: {error}", cure)


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
