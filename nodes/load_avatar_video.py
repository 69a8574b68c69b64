"""Load Avatar: a film or photo of the person who shall speak."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..host.errors import InputError, TalkingAvatarError
from ..host.node_progress import node_progress
from .connected import is_connected
from .files import any_file, example_files, input_files, named_file, stamp

FACES = ("largest", "centre", "by size", "left to right", "point")
_AVATAR, _FACE = 0, 3


class LoadAvatarVideo:
    """Opens a film or photo, follows the face that shall speak, and hands everything on without decoding it."""

    TITLE = "Load Avatar (Film or Photo)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Opens a film or photo of the person who shall speak and follows the face. The film stays on disk, however long it is; "
                   "frame rate, size and colours stay as they are, rotation flags are applied. Faces are only looked for when `avatar` or "
                   "`face` is connected, and once for each film.")
    SEARCH_ALIASES = ["talking avatar", "load video", "load portrait", "lip sync", "face video", "photo"]
    FUNCTION = "load"
    HAS_INTERMEDIATE_OUTPUT = True  # a page that was opened anew gets the face to draw although nothing ran
    RETURN_TYPES = ("AVATAR", "VIDEO", "AUDIO", "IMAGE")
    RETURN_NAMES = ("avatar", "video", "audio", "face")
    OUTPUT_TOOLTIPS = ("The film or photo with the followed face, for the lip-sync nodes.",
                       "The film itself (trimmed, resized), still on disk.",
                       "The film's own sound, decoded when it is used; nothing for a photo or a silent film.",
                       "The face that was chosen, as a picture.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "video": ([*input_files("video", "image"), *example_files("video", "image")], {
                    "video_upload": True,
                    "tooltip": "A film or photo in ComfyUI's input folder. Not looked at when `path`, `film` or `image` is given."}),
            },
            "optional": {
                "path": ("STRING", {
                    "default": "",
                    "tooltip": "Any film or photo on this machine instead of the one above, for files larger than the upload limit. A name "
                               "alone is looked for in the input folder."}),
                "film": ("VIDEO", {"tooltip": "A film from another node instead of a file."}),
                "image": ("IMAGE", {"tooltip": "One picture: a photo that shall speak. Several: the frames of a film."}),
                "start": ("FLOAT", {
                    "default": 0.0, "min": -1e6, "max": 1e6, "step": 0.01,
                    "tooltip": "Begin so many seconds into the film; negative: counted from its end."}),
                "duration": ("FLOAT", {
                    "default": 0.0, "min": 0.0, "max": 1e6, "step": 0.01, "tooltip": "Seconds to take; 0 takes all."}),
                "max_side": ("INT", {
                    "default": 0, "min": 0, "max": 8192, "step": 8,
                    "tooltip": "Shrink the picture to this longest side in pixels; 0 keeps its size."}),
                "fps": ("FLOAT", {
                    "default": 0.0, "min": 0.0, "max": 240.0, "step": 0.001,
                    "tooltip": "Show the film at another frame rate (29.97 means 30000/1001); 0 keeps its own. For several images: their "
                               "rate, 25 if 0."}),
                "face": (list(FACES), {
                    "default": "largest",
                    "tooltip": "Whose mouth shall speak, where several faces are seen. The choice is made at the start of each shot."}),
                "face_number": ("INT", {
                    "default": 0, "min": 0, "max": 99,
                    "tooltip": "Which one for 'by size' (0 the largest) and 'left to right' (0 the leftmost)."}),
                "face_x": ("FLOAT", {
                    "default": 0.5, "min": 0.0, "max": 1.0, "step": 0.001,
                    "tooltip": "For 'point': where the face is, 0 the left edge, 1 the right edge."}),
                "face_y": ("FLOAT", {
                    "default": 0.5, "min": 0.0, "max": 1.0, "step": 0.001,
                    "tooltip": "For 'point': where the face is, 0 the top, 1 the bottom."}),
            },
            "hidden": {"prompt": "PROMPT", "unique_id": "UNIQUE_ID"},
        }

    @classmethod
    def VALIDATE_INPUTS(cls, video="", path="", film=False, image=False) -> bool | str:
        if film is None or image is None or path is None:  # connected: seen when it runs
            return True
        try:
            return bool(_file(video, path))
        except TalkingAvatarError as error:
            return str(error)

    @classmethod
    def IS_CHANGED(cls, video="", path="", prompt=None, unique_id=None, **_) -> str:
        try:
            changed = stamp(_file(video or "", path or ""))
        except TalkingAvatarError:
            changed = ""
        return f"{changed} {is_connected(prompt, unique_id, _AVATAR, _FACE)}"

    def load(self, video: str = "", path: str = "", film=None, image=None, start: float = 0.0, duration: float = 0.0, max_side: int = 0,
             fps: float = 0.0, face: str = "largest", face_number: int = 0, face_x: float = 0.5, face_y: float = 0.5, prompt=None,
             unique_id=None):
        from ..faces.avatar import make_avatar
        from ..faces.settings import FaceChoice, TrackSettings
        from ..media.kept_film import kept
        from .avatar_views import as_video, chosen_face, facts_for_page
        from .lazy_audio import LazyAudio
        from .lazy_video import LazyVideo

        with node_progress() as progress:
            source = _source(video, path, film, image, start, duration, max_side, fps, progress)
            shown = LazyVideo(as_video(source))
            sound = LazyAudio(shown.sound) if shown.sound else None
            if not is_connected(prompt, unique_id, _AVATAR, _FACE):
                return {"ui": {"avatar": [facts_for_page(source)]}, "result": (None, shown, sound, None)}
            choice = FaceChoice(face, face_number, (face_x * source.width, face_y * source.height))
            keeper = kept(source)
            avatar = replace(make_avatar(progress.watching(keeper), TrackSettings(choice), progress), source=keeper)
            picture = chosen_face(avatar)
        return {"ui": {"avatar": [facts_for_page(source, avatar.track)]}, "result": (avatar, shown, sound, picture)}


def _file(video: str, path: str):
    if path.strip():
        return any_file(path)
    if not video:
        raise InputError("No film or photo is chosen: upload one, give a `path`, or connect `film` or `image`.")
    return named_file(video)


def _source(video, path, film, image, start, duration, max_side, fps, progress):
    """What was given, as the other inputs ask for it."""
    from ..media.clock import exact_rate
    from ..media.film_view import at_rate, within
    from ..media.open import open_source
    from ..media.trimmed import trimmed
    from .tensor_film import held
    from .video_source import film_of

    if image is not None:
        source = held(image, fps, progress)
    else:
        source = film_of(film, progress) if film is not None else open_source(_file(video, path))
    source = trimmed(source, start, duration)
    if max_side:
        source = within(source, max(16, max_side))
    return at_rate(source, exact_rate(fps)) if fps else source
