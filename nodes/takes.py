"""From a node's inputs to the take an engine works on."""
from __future__ import annotations

from ..compose.face_check import hardness
from ..engines.engine import Take
from ..engines.excerpt import excerpt, spot
from ..faces.avatar import Avatar
from ..media.timeline import lay_out
from ..speech.speech import Speech


def take_of(avatar: Avatar, speech: Speech, length: str, preview_seconds: float = 0.0) -> Take:
    """The whole take, or the `preview_seconds` of it that are hardest to do. Raises InputError for a sound that is too short."""
    take = Take(avatar, speech, lay_out(avatar.source, speech.sound, mode=length))
    if preview_seconds <= 0:
        return take
    return excerpt(take, *spot(take, hardness(avatar), preview_seconds))
