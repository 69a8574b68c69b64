"""Load Avatar: a film or photo of the person who shall speak."""
from __future__ import annotations

from typing import Any

from ..host.errors import InputError, TalkingAvatarError
from ..host.node_progress import node_progress
from .files import any_file, input_files, named_file, stamp

_FACES = ("largest", "centre", "by size", "left to right", "point")


class LoadAvatarVideo:
    """Opens a film or photo, follows the face that shall speak, and hands everything on without decoding it."""

    TITLE = "Load Avatar (Film or Photo)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Opens a film or photo of the person who shall speak and follows the face. The film stays on disk, however long it is; "
                   "rotation flags are applied, frame rate, size and colours stay.")
    SEARCH_ALIASES = ["talking avatar", "load video", "load portrait", "lip sync", "face video"]
    FUNCTION = "load"
    RETURN_TYPES = ("AVATAR", "VIDEO", "AUDIO", "IMAGE")
    RETURN_NAMES = ("avatar", "video", "audio", "face")
    OUTPUT_TOOLTIPS = ("The film or photo with the followed face, for the lip-sync nodes.",
                       "The film itself (trimmed, resized), still on disk.",
                       "The film's own sound; nothing for a photo or a silent film.",
                       "The face that was chosen, as a picture.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "video": (input_files("video", "image") or [""], {
                    "video_upload": True,
                    "tooltip": "A film or photo in ComfyUI's input folder. Not looked at when `path`, `film` or `image` is given."}),
            },
            "optional": {
                "path": ("STRING", {"default": "", "tooltip": "Any film or photo on this machine instead of the one above; "
                                                              "for files larger than the upload limit."}),
                "film": ("VIDEO", {"tooltip": "A film from another node instead of a file."}),
                "image": ("IMAGE", {"tooltip": "One picture: a photo that shall speak. Several: the frames of a film."}),
                "start": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 1e6, "step": 0.01,
                                    "tooltip": "Begin so many seconds into the film."}),
                "duration": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 1e6, "step": 0.01, "tooltip": "Seconds to take; 0 takes all."}),
                "max_side": ("INT", {"default": 0, "min": 0, "max": 8192, "step": 8,
                                     "tooltip": "Shrink the picture to this longest side in pixels; 0 keeps its size."}),
                "fps": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 240.0, "step": 0.001,
                                  "tooltip": "Show the film at another frame rate (29.97 means 30000/1001); 0 keeps its own. "
                                             "For several images: their rate, 25 if 0."}),
                "face": (list(_FACES), {"default": "largest", "tooltip": "Whose mouth shall speak, where several faces are seen."}),
                "face_number": ("INT", {"default": 0, "min": 0, "max": 99,
                                        "tooltip": "Which one for 'by size' (0 the largest) and 'left to right' (0 the leftmost)."}),
                "face_x": ("FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.001,
                                     "tooltip": "For 'point': where the face is, 0 the left edge, 1 the right edge."}),
                "face_y": ("FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.001,
                                     "tooltip": "For 'point': where the face is, 0 the top, 1 the bottom."}),
            },
        }

    @classmethod
    def VALIDATE_INPUTS(cls, video="", path="", film=False, image=False) -> bool | str:
        if film is None or image is None:
            return True
        try:
            _file(video, path)
        except TalkingAvatarError as error:
            return str(error)
        return True

    @classmethod
    def IS_CHANGED(cls, video="", path="", **_) -> str:
        try:
            return stamp(_file(video, path))
        except TalkingAvatarError:
            return ""

    def load(self, video: str, path: str = "", film=None, image=None, start: float = 0.0, duration: float = 0.0, max_side: int = 0,
             fps: float = 0.0, face: str = "largest", face_number: int = 0, face_x: float = 0.5, face_y: float = 0.5):
        from ..faces.avatar import make_avatar
        from ..faces.settings import FaceChoice, TrackSettings
        from ..media.open import open_source
        from ..media.trimmed import trimmed
        from .lazy_audio import LazyAudio
        from .lazy_video import LazyVideo

        with node_progress() as progress:
            source = trimmed(open_source(_file(video, path), fps=fps or None, max_side=max_side or None), start, duration)
            choice = FaceChoice(face, face_number, (face_x * source.width, face_y * source.height))
            avatar = make_avatar(source, TrackSettings(choice), progress)
        shown = LazyVideo(source)
        return avatar, shown, LazyAudio(shown.sound) if shown.sound else None, None


def _file(video: str, path: str):
    if path.strip():
        return any_file(path)
    if not video:
        raise InputError("No film or photo is chosen: upload one, or connect `film` or `image`.")
    return named_file(video)
