"""Video Combine: the film is written, with its sound and its workflow, and plays in the node."""
from __future__ import annotations

from typing import Any

from ..host.errors import InputError, TalkingAvatarError
from ..host.node_progress import node_progress
from .files import numbered_path

_PRESETS = ("default", "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
_PIX_FMTS = ("default", "yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le")


class VideoCombine:
    """Writes a film (VIDEO or IMAGE) to a file in flat memory and shows it."""

    TITLE = "Video Combine (Write Film)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Writes a film frame by frame, however long it is, and plays it in the node. The workflow is kept in the file: drop the "
                   "film on the canvas to get it back. More formats can be added as JSON files in ComfyUI's user folder "
                   "talking-avatar/formats.")
    SEARCH_ALIASES = ["talking avatar", "save video", "video combine", "export video", "write film", "mp4", "webm", "prores", "gif"]
    FUNCTION = "combine"
    OUTPUT_NODE = True
    RETURN_TYPES = ("VIDEO", "STRING")
    RETURN_NAMES = ("video", "path")
    OUTPUT_TOOLTIPS = ("The written film.", "Where the file is.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "filename_prefix": ("STRING", {
                    "default": "talking-avatar/film",
                    "tooltip": "Folder and beginning of the name, inside ComfyUI's output folder. May hold %date:yyyy-MM-dd% or "
                               "%NodeName.widget%."}),
                "format": (_format_names(), {
                    "default": "mp4-h264",
                    "tooltip": "Container and codec. mp4-h264 plays everywhere, mkv-ffv1 loses nothing, mov-prores is for editing, "
                               "webm-vp9 keeps transparency, png is one picture a frame."}),
            },
            "optional": {
                "video": ("VIDEO", {"tooltip": "The film to write, from ROI Composite, Load Avatar or any other node."}),
                "images": ("IMAGE", {"tooltip": "Or the pictures of a film, if there is no `video`."}),
                "audio": ("AUDIO", {"tooltip": "Sound instead of the film's own. It ends with the film."}),
                "fps": ("FLOAT", {
                    "default": 25.0, "min": 1.0, "max": 240.0, "step": 0.001,
                    "tooltip": "Frames a second of `images`; a `video` keeps its own."}),
                "crf": ("INT", {
                    "default": -1, "min": -1, "max": 100,
                    "tooltip": "Quality in the codec's own scale, lower is better; -1 is right for most."}),
                "preset": (list(_PRESETS), {
                    "default": "default", "tooltip": "Speed of the encoder; slower makes smaller files."}),
                "pix_fmt": (list(_PIX_FMTS), {
                    "default": "default",
                    "tooltip": "Pixel format; 'default' keeps the film's own where the codec can. 10le means 10 bits."}),
                "encoder": (["auto", "hardware"], {
                    "default": "auto",
                    "tooltip": "'hardware' uses the graphics card's encoder where it truly works, else the processor's."}),
                "sound": (["copy", "encode", "none"], {
                    "default": "copy",
                    "tooltip": "'copy' takes the sound over as it is where the container allows; 'none' writes a silent film."}),
                "save_output": ("BOOLEAN", {
                    "default": True, "label_on": "save", "label_off": "only preview",
                    "tooltip": "Off: only a preview that goes when ComfyUI ends."}),
                "save_workflow": ("BOOLEAN", {"default": True, "tooltip": "Keep the workflow in the file."}),
            },
            "hidden": {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
        }

    @classmethod
    def VALIDATE_INPUTS(cls, filename_prefix="") -> bool | str:
        try:
            return bool(numbered_path(filename_prefix or "", "output", ".mp4", make=False))
        except TalkingAvatarError as error:
            return str(error)

    def combine(self, filename_prefix: str, format: str, video=None, images=None, audio=None, fps: float = 25.0, crf: int = -1,
                preset: str = "default", pix_fmt: str = "default", encoder: str = "auto", sound: str = "copy", save_output: bool = True,
                save_workflow: bool = True, prompt=None, extra_pnginfo=None):
        from ..media.film_format import all_formats
        from ..media.write import WriteSettings, write_film
        from .lazy_video import LazyVideo
        from .previews import preview_item, with_workflow
        from .workflow_tags import workflow_tags

        tags = workflow_tags(prompt, extra_pnginfo) if save_workflow else ()
        settings = WriteSettings(format, None if crf < 0 else crf, _chosen(preset), _chosen(pix_fmt), encoder, sound, tags=tags)
        with node_progress() as progress:
            film = _film(video, images, fps, progress)
            heard = _sound(film, audio)
            path = numbered_path(filename_prefix, "output" if save_output else "temp", _ending(all_formats(), format),
                                 film.width, film.height)
            written = write_film(film.frames(), film.clock, film.n_frames, path, settings, heard, progress)
            result = LazyVideo.of_file(written, film)
            item = preview_item(path, written, result.film, progress)
        with_workflow(path, written, result.film, tags)
        return {"ui": {"images": [item], "animated": (True,), "text": [str(written)]}, "result": (result, str(written.path))}


def _format_names() -> list[str]:
    from ..media.film_format import all_formats

    try:
        return list(all_formats())
    except InputError:  # a broken file of the user's; the node says which when it runs
        return ["mp4-h264"]


def _ending(known: dict[str, Any], name: str) -> str:
    if name not in known:
        raise InputError(f"There is no format called '{name}': choose one of {', '.join(known)}.")
    return known[name].endings[0]


def _chosen(name: str) -> str | None:
    return None if name == "default" else name


def _film(video, images, fps: float, progress):
    from .tensor_film import TensorFilm
    from .video_source import film_of

    if video is not None:
        return film_of(video, progress, keep=False)
    if images is None:
        raise InputError("There is nothing to write: connect `video` or `images`.")
    return TensorFilm(images, fps)


def _sound(film, audio):
    from ..media.sound_part import from_film_start
    from .lazy_audio import sound_of

    if audio is not None:
        return sound_of(audio)
    return from_film_start(film.sound) if film.sound is not None else None
