"""ROI Composite: the mouths are laid into the film."""
from __future__ import annotations

from typing import Any

from ..host.node_progress import node_progress
from .connected import is_connected

_MASK = 1


class ROIComposite:
    """Joins avatar and mouths to a film that is pasted frame by frame, when it is written."""

    TITLE = "ROI Composite (Mouths into Film)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Lays the new mouths into the film. Nothing is decoded here: the film is made frame by frame where a later node writes "
                   "or shows it, and every pixel outside the mask stays as it was.")
    SEARCH_ALIASES = ["talking avatar", "paste back", "merge face", "composite", "roi"]
    FUNCTION = "composite"
    RETURN_TYPES = ("VIDEO", "MASK")
    RETURN_NAMES = ("video", "mask")
    OUTPUT_TOOLTIPS = ("The talking film with its sound, made frame by frame where it is written.",
                       "What was replaced in each frame (1 all, 0 nothing). Only made when it is connected: 4 bytes a pixel and frame.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "avatar": ("AVATAR", {"tooltip": "The avatar the mouths were made for."}),
                "mouths": ("FACE_PATCHES", {"tooltip": "The mouths, from a lip-sync node."}),
            },
            "hidden": {"prompt": "PROMPT", "unique_id": "UNIQUE_ID"},
        }

    @classmethod
    def IS_CHANGED(cls, prompt=None, unique_id=None, **_) -> str:
        return "with mask" if is_connected(prompt, unique_id, _MASK) else ""

    def composite(self, avatar, mouths, prompt=None, unique_id=None):
        from ..compose.composed_film import ComposedFilm
        from .lazy_video import LazyVideo
        from .masks import mouth_masks

        with node_progress() as progress:
            film = ComposedFilm(avatar, mouths.take.timeline, mouths.spool, mouths.take.speech.sound)
            mask = mouth_masks(film, mouths.spool, progress) if is_connected(prompt, unique_id, _MASK) else None
        return LazyVideo(film), mask
