"""Lip Sync (Embedded): mouths without a download, on any machine."""
from __future__ import annotations

from functools import partial
from typing import Any

from ..engines.embedded.settings import EmbeddedSettings
from ..host.node_progress import node_progress
from .lengths import LENGTHS, LENGTHS_TOOLTIP
from .setting_inputs import setting_inputs, settings_of


class LipSyncEmbedded:
    """Films speak by their own mouths, photos are bent."""

    TITLE = "Lip Sync (Embedded)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Makes the mouths that say the speech: a film speaks by its own mouths, a photo is bent. Needs no checkpoint and no "
                   "graphics card. What was made stays: a run that was cancelled, or killed, goes on where it ended.")
    SEARCH_ALIASES = ["talking avatar", "lip sync", "lipsync", "talking head", "dub", "animate photo"]
    FUNCTION = "speak"
    RETURN_TYPES = ("FACE_PATCHES",)
    RETURN_NAMES = ("mouths",)
    OUTPUT_TOOLTIPS = ("The new mouths, on disk, for ROI Composite.",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "avatar": ("AVATAR", {"tooltip": "Who shall speak."}),
                "speech": ("SPEECH_FEATURES", {"tooltip": "What shall be said, from Audio Encode."}),
            },
            "optional": {
                "length": (list(LENGTHS), {"default": "bounce", "tooltip": LENGTHS_TOOLTIP}),
                "preview_seconds": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 60.0, "step": 0.5,
                                              "tooltip": "Make only so many seconds, where the face is hardest to do (turned, moving, "
                                                         "small), to look at before the whole; 0 makes everything."}),
                **setting_inputs(EmbeddedSettings),
            },
        }

    def speak(self, avatar, speech, length: str = "bounce", preview_seconds: float = 0.0, **settings):
        from ..engines.engine import make_engine
        from ..engines.mouths import make_mouths
        from ..host.folders import cache_folder
        from .face_patches import FacePatches
        from .patch_picture import patch_picture
        from .takes import take_of

        with node_progress() as progress:
            take = take_of(avatar, speech, length, preview_seconds)
            engine = make_engine("embedded")
            spool = make_mouths(take, engine, settings_of(EmbeddedSettings, settings), progress, cache_folder("spools"),
                                watch=lambda patch: progress.show(partial(patch_picture, patch)))
        return (FacePatches(take, spool),)
