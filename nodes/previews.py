"""What the page plays of a written film: the film itself where a browser can, else a small copy."""
from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..host.folders import temp_folder
from ..host.progress import Progress
from ..media.film import FrameSource
from ..media.film_view import within
from ..media.picture_files import write_picture
from ..media.sound_part import from_film_start
from ..media.write import WriteSettings, WrittenFilm, write_film

_PLAYED = {(".mp4", "h264"), (".m4v", "h264"), (".mov", "h264"), (".webm", "vp9"), (".webm", "vp8"), (".webm", "av1"), (".mp4", "av1")}
_EIGHT_BITS = ("yuv420p", "yuvj420p", "yuva420p", "nv12")
_CARRIES_WORKFLOW = (".mp4", ".m4v", ".mov", ".webm")
_SIDE = 960


def preview_item(path: Path, written: WrittenFilm, film: FrameSource, progress: Progress) -> dict[str, str]:
    """The `ui` item of a written film. What no browser plays gets a copy of at most 960 pixels in the temporary folder.

    film: what was written, to be read again."""
    if (path.suffix.lower(), written.codec) in _PLAYED and written.pix_fmt in _EIGHT_BITS:
        return item_of(path)
    copy = temp_folder() / f"talking-avatar-{uuid.uuid4().hex[:12]}.mp4"
    small = within(film, _SIDE)
    sound = from_film_start(film.sound) if film.sound is not None else None
    settings = WriteSettings(format="mp4-h264", crf=24, preset="veryfast", pix_fmt="yuv420p")
    write_film(small.frames(), small.clock, small.n_frames, copy, settings, sound, progress)
    return item_of(copy)


def shown_picture(pixels: np.ndarray) -> dict[str, str]:
    """The `ui` item of uint8 RGB [h, w, 3], kept in the temporary folder."""
    path = temp_folder() / f"talking-avatar-{uuid.uuid4().hex[:12]}.png"
    write_picture(path, pixels)
    return item_of(path)


def item_of(path: Path) -> dict[str, str]:
    """A file of ComfyUI's output or temporary folder as the page names it; never by its whole path."""
    import folder_paths

    for kind, folder in (("output", folder_paths.get_output_directory()), ("temp", folder_paths.get_temp_directory())):
        root = Path(folder).resolve()
        if path.resolve().is_relative_to(root):
            inside = path.resolve().relative_to(root)
            return {"filename": path.name, "subfolder": inside.parent.as_posix().removeprefix("."), "type": kind}
    raise ValueError(path)


def with_workflow(path: Path, written: WrittenFilm, film: FrameSource, tags: tuple[tuple[str, str], ...]) -> None:
    """Beside a film the page cannot read a workflow from, keep a PNG of its first frame that holds it."""
    if not tags or path.suffix.lower() in _CARRIES_WORKFLOW:
        return
    info = PngInfo()
    for name, text in tags:
        info.add_text(name, text)
    Image.fromarray(film.frame(0).picture.rgb()).save(path.with_name(f"{path.stem}workflow.png"), pnginfo=info, compress_level=4)
