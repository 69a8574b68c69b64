"""Avatar Frames: a few frames of an avatar as IMAGE."""
from __future__ import annotations

from typing import Any

from ..host.node_progress import node_progress


class AvatarFrames:
    """Decodes a bounded range of frames, and says what it costs before it does."""

    TITLE = "Avatar Frames (to Images)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Gives some frames of an avatar to nodes that work on images. Each pixel takes 12 bytes there, so the range is bounded: "
                   "more than the limit is refused with numbers, before anything is decoded.")
    SEARCH_ALIASES = ["talking avatar", "video to images", "get frames", "extract frames"]
    FUNCTION = "frames"
    RETURN_TYPES = ("IMAGE", "STRING")
    RETURN_NAMES = ("images", "cost")
    OUTPUT_TOOLTIPS = ("The frames.", "How many frames of which size they are and how much memory they take.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {"avatar": ("AVATAR", {"tooltip": "The avatar whose frames are wanted."})},
            "optional": {
                "start_frame": ("INT", {"default": 0, "min": 0, "max": 10_000_000, "tooltip": "First frame, from 0."}),
                "frames": ("INT", {"default": 16, "min": 1, "max": 100_000, "tooltip": "How many frames; fewer where the film ends."}),
                "every_nth": ("INT", {"default": 1, "min": 1, "max": 10_000, "tooltip": "Take only every so many frames."}),
                "limit_mb": ("INT", {"default": 4096, "min": 64, "max": 1_000_000, "step": 64,
                                     "tooltip": "The most memory the images may take, in megabytes."}),
            },
        }

    def frames(self, avatar, start_frame: int = 0, frames: int = 16, every_nth: int = 1, limit_mb: int = 4096):
        from .images import images_of

        with node_progress() as progress:
            images, cost = images_of(avatar.source, range(start_frame, start_frame + frames * every_nth, every_nth), limit_mb, progress)
        return {"ui": {"text": [cost]}, "result": (images, cost)}
