"""Face Check: what will be easy, what hard, what left as it is, and what the whole will cost, before anything is made."""
from __future__ import annotations

from typing import Any

from ..host.errors import InputError, MissingModel
from ..host.node_progress import node_progress
from ..models.latentsync import checkpoint_set as latentsync
from ..models.sonic import checkpoint_set as sonic
from .lengths import LENGTHS, LENGTHS_TOOLTIP

_ENGINES = ("none", "embedded", "wav2lip", "latentsync", "sonic")
_UNETS = {"latentsync": latentsync.unet_names, "sonic": sonic.unet_names}


class FaceCheck:
    """A quick pass over an avatar. It reports and never aborts."""

    TITLE = "Face Check"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Looks an avatar over before the work begins: cuts, frames without a face, small, turned or covered faces, how many "
                   "persons, and the hardest spot. With an engine chosen it tells time, memory and disk of the whole (from a second of the "
                   "work that it tries, for the diffusion engines from counted operations), with a warning when this machine has too "
                   "little. It never stops a run.")
    SEARCH_ALIASES = ["talking avatar", "face detection", "check video", "estimate", "cuts", "report"]
    FUNCTION = "check"
    OUTPUT_NODE = True
    RETURN_TYPES = ("STRING", "IMAGE", "FLOAT", "AVATAR")
    RETURN_NAMES = ("report", "timeline", "hardest_second", "avatar")
    OUTPUT_TOOLTIPS = ("What was found, in words.", "What was found, as a picture along the film.",
                       "Where the hardest spot begins, seconds into the film.", "The avatar as it came in, to go on from here.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {"avatar": ("AVATAR", {"tooltip": "The avatar to look over."})},
            "optional": {
                "speech": ("SPEECH_FEATURES", {"tooltip": "What shall be said: its length decides what the whole costs."}),
                "engine": (list(_ENGINES), {
                    "default": "none", "tooltip": "Estimate what the node of this engine will cost, by trying a second of it (LatentSync "
                                                  "and Sonic: reckoned by the device's speed, in a moment); needs `speech`."}),
                "length": (list(LENGTHS), {"default": "bounce", "tooltip": LENGTHS_TOOLTIP}),
            },
        }

    def check(self, avatar, speech=None, engine: str = "none", length: str = "bounce"):
        from ..compose.face_check import check_faces
        from .check_picture import timeline_picture
        from .check_words import report_in_words
        from .images import image_of

        with node_progress() as progress:
            report = check_faces(avatar, progress)
            words = report_in_words(avatar, report)
            if engine != "none":
                words.append(_cost(avatar, speech, engine, length, progress))
            picture = image_of(timeline_picture(avatar, report))
        text = "\n".join(words)
        clock = avatar.source.clock
        hardest = float(clock.time(report.hardest[0])) if clock else 0.0
        return {"ui": {"text": [text]}, "result": (text, picture, hardest, avatar)}


def _cost(avatar, speech, engine: str, length: str, progress) -> str:
    """What the whole will cost, in words; or what is lacking to tell it. The settings are the node's own, as it comes."""
    from dataclasses import replace

    from ..engines.engine import make_engine
    from ..engines.estimate import estimate
    from ..host.folders import cache_folder
    from .check_words import cost_in_words
    from .takes import take_of

    if speech is None:
        return "Connect `speech` to estimate what the film will cost."
    made = make_engine(engine)
    settings = made.settings_type()
    if engine in _UNETS:
        settings = replace(settings, unet=_UNETS[engine]()[0])
    try:
        return cost_in_words(estimate(take_of(avatar, speech, length), made, settings, progress, cache_folder("spools")))
    except (InputError, MissingModel) as error:
        return str(error)
