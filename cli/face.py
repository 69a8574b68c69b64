"""`--face`: whose mouth shall speak, in words."""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..host.errors import InputError

if TYPE_CHECKING:
    from ..faces.settings import FaceChoice


def face_choice(words: str) -> FaceChoice:
    """"largest", "centre", "left:N", "size:N" (N from 0) or "point:X,Y" (pixels) as a FaceChoice. Raises InputError."""
    from ..faces.settings import FaceChoice

    rule, _, rest = words.partition(":")
    try:
        if rule in ("largest", "centre") and not rest:
            return FaceChoice(rule)
        if rule == "left":
            return FaceChoice("left to right", index=_count(rest))
        if rule == "size":
            return FaceChoice("by size", index=_count(rest))
        if rule == "point":
            x, y = map(float, rest.split(","))
            return FaceChoice("point", point=(x, y))
    except ValueError:
        pass
    raise InputError(f"--face '{words}' is not a choice of face; write largest, centre, left:0, size:1 or point:320,200.")


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number
