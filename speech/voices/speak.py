"""Text becomes a speech, by the voice that suits its language."""
from __future__ import annotations

from ...host.errors import InputError
from ...host.progress import Progress
from ..speech import Speech
from .readable import guess_language
from .recording import joined
from .voice import make_voice


def speak(text: str, voice: str | None = None, language: str | None = None, speed: float = 1.0, progress: Progress | None = None) -> Speech:
    """Speak a text of any length.

    voice: a name of `voice_names()` or a variant ("hibari/emma", "espeak/f2"); None: hibari for English, espeak for other languages.
    language: a tag ("en", "pt-br"); None: guessed. speed: 0.5 slow .. 2 fast. Raises InputError for a text or setting the voice cannot
    use, MissingModel naming what to install, Cancelled."""
    if not text.strip():
        raise InputError("The text is empty: give the words that shall be spoken.")
    language = language or guess_language(text)
    chosen = voice or ("hibari" if language.split("-")[0].lower() == "en" else "espeak")
    return joined(make_voice(chosen, language, speed).stream(text), text, language, progress)
