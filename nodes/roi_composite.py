"""ROI Composite: the mouths are laid into the film."""
from __future__ import annotations

from typing import Any

from ..host.node_progress import node_progress
from .connected import is_connected

_MASK = 1
_NUMBERS = (2, 3, 4)
_FURTHER = "Mouths of a further person of the same film: another Load Avatar with another face, and a speech of its own."


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
            "optional": {
                **{f"mouths_{number}": ("FACE_PATCHES", {"tooltip": _FURTHER}) for number in _NUMBERS},
                "mask": ("MASK", {"tooltip": "What of the new mouths is seen, instead of the shape made from the face: one mask for all "
                                             "frames, or one for each frame of the avatar (repeated)."}),
                "match_colour": ("BOOLEAN", {"default": True, "tooltip": "Bring the colours of a network's mouth to the skin around it."}),
                "match_grain": ("BOOLEAN", {"default": True, "tooltip": "Give a network's mouth the sharpness and grain of the film."}),
                "keep_in_front": ("BOOLEAN", {"default": True,
                                              "tooltip": "Leave hands and microphones in front of a network's mouth, as far as they can "
                                                         "be told."}),
            },
            "hidden": {"prompt": "PROMPT", "unique_id": "UNIQUE_ID"},
        }

    @classmethod
    def IS_CHANGED(cls, prompt=None, unique_id=None, **_) -> str:
        return "with mask" if is_connected(prompt, unique_id, _MASK) else ""

    def composite(self, avatar, mouths, mask=None, match_colour: bool = True, match_grain: bool = True, keep_in_front: bool = True,
                  prompt=None, unique_id=None, **further):
        from ..compose.composed_film import ComposedFilm
        from ..compose.dress import DressSettings
        from ..compose.layers import Layer
        from ..engines.ensemble import ensemble
        from .lazy_video import LazyVideo
        from .masks import mouth_masks

        others = [given for number in _NUMBERS if (given := further.get(f"mouths_{number}")) is not None]
        settings = DressSettings(None if mask is None else mask.numpy(), match_colour, match_grain, keep_in_front)
        with node_progress() as progress:
            timeline, sound = ensemble([mouths.take, *(one.take for one in others)])
            layers = [Layer(one.take.avatar.track, one.spool) for one in others]
            film = ComposedFilm(avatar, timeline, mouths.spool, sound, layers, settings)
            seen = mouth_masks(film, progress) if is_connected(prompt, unique_id, _MASK) else None
        return LazyVideo(film), seen
