"""ROI Composite: the mouths are laid into the film."""
from __future__ import annotations

from typing import Any


class ROIComposite:
    """Joins avatar and mouths to a film that is pasted frame by frame, when it is written."""

    TITLE = "ROI Composite (Mouths into Film)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = "Lays the new mouths into the film. Nothing is decoded before a later node writes or shows the film."
    SEARCH_ALIASES = ["talking avatar", "paste back", "merge face", "composite"]
    FUNCTION = "composite"
    RETURN_TYPES = ("VIDEO", "MASK")
    RETURN_NAMES = ("video", "mask")
    OUTPUT_TOOLTIPS = ("The talking film with its sound, made frame by frame where it is written.", "What was replaced.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"avatar": ("AVATAR", {"tooltip": "The avatar the mouths were made for."}),
                             "mouths": ("FACE_PATCHES", {"tooltip": "From a lip-sync node."})}}

    def composite(self, avatar, mouths):
        from ..compose.composed_film import ComposedFilm
        from .lazy_video import LazyVideo

        return LazyVideo(ComposedFilm(avatar, mouths.take.timeline, mouths.spool, mouths.take.speech.sound)), None
