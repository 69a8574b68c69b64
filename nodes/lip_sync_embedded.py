"""Lip Sync (Embedded): mouths without a download, on any machine."""
from __future__ import annotations

from functools import partial
from typing import Any

from ..host.node_progress import node_progress


class LipSyncEmbedded:
    """Films speak by their own mouths, photos are bent."""

    TITLE = "Lip Sync (Embedded)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = "Makes the mouths for a speech."
    SEARCH_ALIASES = ["talking avatar", "lip sync", "lipsync", "talking head", "dub"]
    FUNCTION = "speak"
    RETURN_TYPES = ("FACE_PATCHES",)
    RETURN_NAMES = ("mouths",)
    OUTPUT_TOOLTIPS = ("The new mouths, for ROI Composite.",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"avatar": ("AVATAR", {"tooltip": "Who shall speak."}),
                             "speech": ("SPEECH_FEATURES", {"tooltip": "What shall be said."})}}

    def speak(self, avatar, speech):
        from ..engines.engine import Take, make_engine
        from ..host.folders import cache_folder
        from ..media.timeline import lay_out
        from .face_patches import FacePatches

        with node_progress() as progress:
            take = Take(avatar, speech, lay_out(avatar.source, speech.sound))
            engine = make_engine("embedded")
            from ..compose.spool import Spool

            spool = Spool("x", cache_folder("spools"))
            for patch in spool.tee(engine.patches(take, engine.settings_type(), progress)):
                progress.check()
                progress.show(partial(getattr, patch, "pixels"))
        return (FacePatches(take, spool),)
