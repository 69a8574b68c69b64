"""Save SRT: subtitles become a file in ComfyUI's output folder."""
from __future__ import annotations

from typing import Any

from ..host.errors import TalkingAvatarError
from .files import beside, numbered_path


class SaveSRT:
    """Writes the text only if it is SubRip."""

    TITLE = "Save SRT (Subtitles)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Writes subtitles to an .srt file in ComfyUI's output folder, which players and editors read; under the film's own name "
                   "players find it by themselves.")
    SEARCH_ALIASES = ["talking avatar", "subtitles", "captions", "srt", "save text", "subrip"]
    FUNCTION = "save"
    OUTPUT_NODE = True
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("path",)
    OUTPUT_TOOLTIPS = ("Where the file is.",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "srt": ("STRING", {"default": "", "multiline": True,
                                   "tooltip": "Subtitles with times, from Transcribe Speech or typed by hand."}),
                "filename_prefix": ("STRING", {
                    "default": "talking-avatar/film",
                    "tooltip": "Folder and beginning of the name, inside ComfyUI's output folder. May hold %date:yyyy-MM-dd% or "
                               "%NodeName.widget%."}),
            },
            "optional": {
                "film": ("STRING", {"default": "", "forceInput": True,
                                    "tooltip": "The `path` of Video Combine: the subtitles then lie beside the film, under its name."}),
            },
        }

    @classmethod
    def VALIDATE_INPUTS(cls, filename_prefix="") -> bool | str:
        try:
            return bool(numbered_path(filename_prefix or "", "output", ".srt", make=False))
        except TalkingAvatarError as error:
            return str(error)

    def save(self, srt: str, filename_prefix: str, film: str = ""):
        from ..speech.subtitles import read_srt, write_srt

        subtitles = read_srt(srt) if srt.strip() else []
        path = beside(film, "output", ".srt") if film.strip() else numbered_path(filename_prefix, "output", ".srt")
        write_srt(subtitles, path)
        return {"ui": {"text": [str(path)]}, "result": (str(path),)}
