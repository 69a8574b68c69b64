"""Lip Sync (Wav2Lip): a network redraws the mouths of a film or photo."""
from __future__ import annotations

from functools import partial
from typing import Any

from ..engines.wav2lip.settings import Wav2LipSettings
from ..host.node_progress import node_progress
from ..models.find import checkpoint_names
from .lengths import LENGTHS, LENGTHS_TOOLTIP
from .setting_inputs import setting_inputs, settings_of

_CHECKPOINT_TOOLTIP = ("The network: a file in models/wav2lip. What it is, its tensors say, not its name. 'auto' takes the first that is "
                       "there. A file that is not there yet tells how to get it.")


class LipSyncWav2Lip:
    """Every frame's face is redrawn by Wav2Lip so that it says the speech."""

    TITLE = "Lip Sync (Wav2Lip)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Redraws the lower face of a film or photo by a Wav2Lip network (96, 256, 288 or 384 pixels; a checkpoint is needed). "
                   "The film keeps its frame rate; frames without a face pass through. What was made stays: a run that was cancelled goes "
                   "on where it ended.")
    SEARCH_ALIASES = ["talking avatar", "wav2lip", "wave2lip", "lip sync", "lipsync", "dub", "talking head", "wav2lip_gan", "wav2lip hd"]
    FUNCTION = "speak"
    RETURN_TYPES = ("FACE_PATCHES",)
    RETURN_NAMES = ("mouths",)
    OUTPUT_TOOLTIPS = ("The new mouths, on disk, for ROI Composite.",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        settings = setting_inputs(Wav2LipSettings)
        return {
            "required": {
                "avatar": ("AVATAR", {"tooltip": "Who shall speak."}),
                "speech": ("SPEECH_FEATURES", {"tooltip": "What shall be said, from Audio Encode."}),
            },
            "optional": {
                "checkpoint": (["auto", *checkpoint_names("wav2lip")], {"default": "auto", "tooltip": _CHECKPOINT_TOOLTIP}),
                "length": (list(LENGTHS), {"default": "bounce", "tooltip": LENGTHS_TOOLTIP}),
                "preview_seconds": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 60.0, "step": 0.5,
                                              "tooltip": "Make only so many seconds, where the face is hardest to do (turned, moving, "
                                                         "small), to look at before the whole; 0 makes everything."}),
                **{name: given for name, given in settings.items() if name != "checkpoint"},
                "restorer": ("UPSCALE_MODEL", {"tooltip": "Sharpens the network's faces: a face restorer or upscaler from Load Upscale "
                                                          "Model, for faces much larger than the network's."}),
            },
        }

    def speak(self, avatar, speech, checkpoint: str = "auto", length: str = "bounce", preview_seconds: float = 0.0, restorer=None,
              **settings):
        from ..engines.mouths import make_mouths
        from ..engines.wav2lip.engine import Wav2LipEngine
        from ..host.folders import cache_folder
        from .face_patches import FacePatches
        from .mouth_words import mouths_in_words
        from .takes import take_of

        with node_progress() as progress:
            take = take_of(avatar, speech, length, preview_seconds)
            engine = Wav2LipEngine(restorer)
            spool = make_mouths(take, engine, settings_of(Wav2LipSettings, {**settings, "checkpoint": checkpoint}), progress,
                                cache_folder("spools"), watch=lambda patch: progress.show(partial(getattr, patch, "pixels")))
        return {"ui": {"text": [mouths_in_words(take, spool, engine.notes)]}, "result": (FacePatches(take, spool),)}
