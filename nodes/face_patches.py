"""FACE_PATCHES: the mouths an engine made for a take, on disk."""
from __future__ import annotations

from dataclasses import dataclass

from ..compose.spool import Spool
from ..engines.engine import Take


@dataclass(frozen=True, eq=False)
class FacePatches:
    """take: what they were made for. spool: the finished patches; their file goes with the last reference to it."""

    take: Take
    spool: Spool
