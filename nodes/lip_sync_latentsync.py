"""Lip Sync (LatentSync): a diffusion network paints the lower face anew."""
from __future__ import annotations

from functools import partial
from typing import Any

from ..engines.latentsync.settings import LatentSyncSettings
from ..host.node_progress import node_progress
from ..models.latentsync.checkpoint_set import unet_names
from .lengths import LENGTHS, LENGTHS_TOOLTIP
from .setting_inputs import setting_inputs, settings_of

_CHECKPOINT_TOOLTIP = ("LatentSync's UNet, version 1.5 or 1.6, a file in models/latentsync; Whisper and the VAE are looked for beside it. "
                       "A file that is not there yet tells how to get it.")


class LipSyncLatentSync:
    """Sixteen frames at a time are denoised so that their mouths say the speech."""

    TITLE = "Lip Sync (LatentSync)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Paints the lower face of a film or photo anew by LatentSync 1.5 or 1.6, a diffusion network (checkpoints and a "
                   "graphics card are needed). A film of any length keeps its frame rate; frames without a face pass through. It says what "
                   "it will take before it starts. What was made stays: a run that was cancelled goes on where it ended.")
    SEARCH_ALIASES = ["talking avatar", "latentsync", "latent sync", "lip sync", "lipsync", "dub", "talking head", "diffusion lip sync",
                      "bytedance"]
    FUNCTION = "speak"
    RETURN_TYPES = ("FACE_PATCHES",)
    RETURN_NAMES = ("mouths",)
    OUTPUT_TOOLTIPS = ("The new mouths, on disk, for ROI Composite.",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        settings = setting_inputs(LatentSyncSettings)
        settings["resolution"][1]["step"] = 64
        del settings["unet"]
        return {
            "required": {
                "avatar": ("AVATAR", {"tooltip": "Who shall speak."}),
                "speech": ("SPEECH_FEATURES", {"tooltip": "What shall be said, from Audio Encode."}),
            },
            "optional": {
                "checkpoint": (unet_names(), {"tooltip": _CHECKPOINT_TOOLTIP}),
                "length": (list(LENGTHS), {"default": "bounce", "tooltip": LENGTHS_TOOLTIP}),
                "preview_seconds": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 60.0, "step": 0.5,
                                              "tooltip": "Make only so many seconds, where the face is hardest to do (turned, moving, "
                                                         "small), to look at before the whole; 0 makes everything."}),
                **settings,
            },
        }

    def speak(self, avatar, speech, checkpoint: str = LatentSyncSettings.unet, length: str = "bounce", preview_seconds: float = 0.0,
              **settings):
        from ..engines.latentsync.engine import LatentSync
        from ..engines.mouths import make_mouths
        from ..host.folders import cache_folder
        from .face_patches import FacePatches
        from .mouth_words import mouths_in_words
        from .takes import take_of

        with node_progress() as progress:
            take = take_of(avatar, speech, length, preview_seconds)
            engine, chosen = LatentSync(progress.show), settings_of(LatentSyncSettings, {**settings, "unet": checkpoint})
            reckoned = str(engine.cost(take, chosen))
            progress.say(reckoned)
            spool = make_mouths(take, engine, chosen, progress, cache_folder("spools"),
                                watch=lambda patch: progress.show(partial(getattr, patch, "pixels")))
        return {"ui": {"text": [mouths_in_words(take, spool, [f"reckoned before: {reckoned}"])]}, "result": (FacePatches(take, spool),)}
