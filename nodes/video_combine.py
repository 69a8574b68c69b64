"""Video Combine: the film is written, with its sound and its workflow, and plays in the node."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..host.node_progress import node_progress


class VideoCombine:
    """Writes a VIDEO to a file in flat memory and shows it."""

    TITLE = "Video Combine (Write Film)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = "Writes the film and plays it in the node."
    SEARCH_ALIASES = ["talking avatar", "save video", "video combine", "export"]
    FUNCTION = "combine"
    OUTPUT_NODE = True
    RETURN_TYPES = ("VIDEO", "STRING")
    RETURN_NAMES = ("video", "path")
    OUTPUT_TOOLTIPS = ("The written film.", "Where it is.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        from ..media.film_format import all_formats

        return {
            "required": {
                "filename_prefix": ("STRING", {"default": "talking/avatar", "tooltip": "Folder and beginning of the file's name."}),
                "format": (list(all_formats()), {"default": "mp4-h264", "tooltip": "Container and codec."}),
            },
            "optional": {"video": ("VIDEO", {"tooltip": "The film to write."})},
            "hidden": {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
        }

    def combine(self, filename_prefix, format, video=None, prompt=None, extra_pnginfo=None):
        import folder_paths

        from ..media.film_format import all_formats
        from ..media.open import open_source
        from ..media.write import WriteSettings, write_film
        from .lazy_video import LazyVideo

        film = video.film
        folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(
            filename_prefix, folder_paths.get_output_directory(), film.width, film.height)
        path = Path(folder) / f"{name}_{counter:05}_{all_formats()[format].endings[0]}"
        tags = tuple((key, json.dumps(value)) for key, value in {"prompt": prompt, **(extra_pnginfo or {})}.items())
        with node_progress() as progress:
            settings = WriteSettings(format=format, tags=tags)
            write_film(progress.watched(film.frames()), film.clock, film.n_frames, path, settings, video.sound, progress)
        item = {"filename": path.name, "subfolder": subfolder, "type": "output"}
        return {"ui": {"images": [item], "animated": (True,)}, "result": (LazyVideo(open_source(path)), str(path))}
