"""A speech from a file."""
from __future__ import annotations

from pathlib import Path

from ..media.open import open_sound
from .speech import Speech


def load_speech(path: str | Path) -> Speech:
    """The sound of any sound file or film as a Speech without phoneme times. Raises InputError if there is none in it."""
    return Speech(open_sound(path))
