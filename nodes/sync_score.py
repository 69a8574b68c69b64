"""Sync Score: how well the lips of a finished film follow its sound, in figures and as a picture."""
from __future__ import annotations

from typing import Any

from ..host.node_progress import node_progress

_NONE = "none"
_FACES = ("largest", "centre", "by size", "left to right")


class SyncScore:
    """Measures a film; it changes nothing."""

    TITLE = "Sync Score"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Measures how well the lips of a film follow its sound: by how many frames they are apart, how well they agree, how "
                   "much lips move in pauses, how much the face trembles; beside the film it was made from, what changed outside the "
                   "mouth. With a SyncNet checkpoint also LSE-C and LSE-D, as papers report them.")
    SEARCH_ALIASES = ["talking avatar", "syncnet", "lse", "lip sync quality", "audio offset", "evaluate", "metric", "confidence"]
    FUNCTION = "score"
    OUTPUT_NODE = True
    RETURN_TYPES = ("STRING", "IMAGE", "FLOAT", "FLOAT", "FLOAT", "STRING")
    RETURN_NAMES = ("report", "picture", "offset_ms", "lse_c", "lse_d", "figures")
    OUTPUT_TOOLTIPS = ("What was measured, in words.", "The lips over the voice, and the offsets, as a picture.",
                       "Milliseconds by which the sound comes before the lips (negative: after them); 0 where it cannot be told.",
                       "LSE-C, higher is better; 0 without a checkpoint.", "LSE-D, lower is better; 0 without a checkpoint.",
                       "All figures as JSON.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        from ..models.find import checkpoint_names

        return {
            "required": {"video": ("VIDEO", {"tooltip": "The film to judge."})},
            "optional": {
                "audio": ("AUDIO", {"tooltip": "Compare with this sound instead of the film's own."}),
                "original": ("VIDEO", {"tooltip": "The film it was made from, to see what changed outside the mouth. Of the same size."}),
                "checkpoint": ([_NONE, *checkpoint_names("syncnet")], {
                    "default": _NONE,
                    "tooltip": "syncnet_v2.model for LSE-C and LSE-D, or lipsync_expert.pth, in models/syncnet. The other figures need "
                               "none."}),
                "allow_download": ("BOOLEAN", {
                    "default": False, "tooltip": "Download the checkpoint if it is missing (about 55 MB)."}),
                "face": (list(_FACES), {"default": "largest", "tooltip": "Whose lips, where several faces are seen."}),
                "face_number": ("INT", {
                    "default": 0, "min": 0, "max": 99,
                    "tooltip": "Which one for 'by size' (0 the largest) and 'left to right' (0 the leftmost)."}),
            },
        }

    def score(self, video, audio=None, original=None, checkpoint: str = _NONE, allow_download: bool = False, face: str = "largest",
              face_number: int = 0):
        import json

        from ..engines.score import in_figures, in_words, score_film
        from ..engines.score_picture import score_picture
        from ..faces.settings import FaceChoice
        from ..models.download import find_or_download
        from .images import image_of
        from .lazy_audio import sound_of
        from .previews import shown_picture
        from .video_source import film_of

        with node_progress() as progress:
            network = None if checkpoint == _NONE else find_or_download("syncnet", checkpoint, allow_download, progress)
            film = film_of(video, progress)  # not watched: the page would go on showing the last live picture instead of the result's
            score = score_film(film, progress, sound_of(audio) if audio is not None else None,
                               film_of(original, progress) if original is not None else None, network, FaceChoice(face, face_number))
        text, figures, picture = "\n".join(in_words(score)), in_figures(score), score_picture(score)
        return {"ui": {"text": [text], "images": [shown_picture(picture)]},
                "result": (text, image_of(picture), 1000 * (figures["offset_seconds"] or 0.0), figures["lse_c"] or 0.0,
                           figures["lse_d"] or 0.0, json.dumps(figures, ensure_ascii=False))}
