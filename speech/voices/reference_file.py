"""A reference recording as servers take it: a small WAV, as bytes or as a file whose name says what is in it."""
from __future__ import annotations

import base64
import hashlib
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from ...host.errors import InputError
from ...host.folders import cache_folder
from ..speech import Speech
from .reference import Limits, check_reference
from .server_address import PATHS, Address, server_path

MOST_RATE, LEAST_RATE = 48000, 16000
_HIGHEST = 0.95


def reference_wav(reference: Speech, engine: str, shortest: float = 0.5, longest: float = 30.0) -> bytes:
    """Mono, 16 bits, 16 to 48 kHz, with a comment that changes with the transcript: servers that know a recording again by its bytes then
    do not keep an old transcript. The silence around the voice goes; a recording without a transcript that is too long
    is cut in a pause. Raises InputError for one that this engine cannot take, or a silent one."""
    sound = check_reference(reference, Limits(engine, shortest, longest)).speech.sound
    rate = min(max(sound.rate, LEAST_RATE), MOST_RATE)
    samples = np.concatenate(list(sound.mono(rate)))
    peak = float(np.abs(samples).max(initial=0))
    data = np.round(samples * min(1.0, _HIGHEST / max(peak, 1e-6)) * 32767).astype("<i2").tobytes()
    note = hashlib.sha256((reference.text or "").encode()).hexdigest()[:16].encode()
    comment = b"INFOICMT" + struct.pack("<I", len(note)) + note
    chunks = (b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16) + b"LIST" + struct.pack("<I", len(comment)) + comment
              + b"data" + struct.pack("<I", len(data)) + data)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def reference_file(wav: bytes) -> Path:
    """The recording on disk under a name made of its content: servers that know a file by its path never take one for another."""
    path = cache_folder("references") / f"voice_{hashlib.sha256(wav).hexdigest()[:24]}.wav"
    if not path.is_file():
        with tempfile.NamedTemporaryFile(prefix=".partial-", dir=path.parent, delete=False) as file:
            file.write(wav)
        try:
            Path(file.name).chmod(0o644)  # the server may be another user
            Path(file.name).replace(path)
        finally:
            with suppress(OSError):
                Path(file.name).unlink()
    return path


def path_on_server(wav: bytes, address: Address, engine: str) -> str:
    """The recording's path as the server sees it: mapped by the user's table of folders, else this machine's own where the server is on it.

    Raises InputError where neither holds."""
    path = str(reference_file(wav))
    mapped = server_path(path)
    if mapped is not None:
        return mapped
    if not address.is_this_machine:
        raise InputError(f"{engine} reads the reference from its own disk, and {address.shown} is another machine: write the recording's "
                         f"path on that machine into `voice`, or say in {PATHS} how it sees this folder: {Path(path).parent}=FOLDER.")
    return path


def data_url(wav: bytes) -> str:
    """The recording inside a text."""
    return "data:audio/wav;base64," + base64.b64encode(wav).decode()
