"""Sonic Portrait: one picture and a speech or song become a living portrait."""
from __future__ import annotations

from functools import partial
from typing import Any

from ..engines.sonic.settings import SonicSettings
from ..host.errors import InputError
from ..host.node_progress import node_progress
from ..models.sonic.checkpoint_set import unet_names
from .load_avatar_video import FACES
from .setting_inputs import setting_inputs, settings_of

_UNET_TOOLTIP = ("Sonic's UNet, a file in models/sonic; its other files are looked for beside it. A file that is not there yet tells how "
                 "to get it.")


class SonicPortrait:
    """A picture is animated as a whole: head, face and expression."""

    TITLE = "Sonic Portrait"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Brings one picture to life by what is heard, speech or song: head, face and expression move (Sonic). Needs Sonic's "
                   "checkpoints and a graphics card to be quick. Sonic's published code and weights are CC BY-NC-SA 4.0: no commercial "
                   "use. A run that was cancelled goes on where it ended.")
    SEARCH_ALIASES = ["talking avatar", "sonic", "portrait animation", "talking head", "sing", "audio driven", "svd", "photo to video"]
    FUNCTION = "animate"
    RETURN_TYPES = ("VIDEO", "BBOX")
    RETURN_NAMES = ("video", "face_box")
    OUTPUT_TOOLTIPS = ("The living portrait with its sound, encoded where it is written.",
                       "Where the face is in the picture: x, y, width, height in pixels.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        settings = setting_inputs(SonicSettings)
        settings["resolution"][1]["step"] = 64
        settings["dynamic_scale"][1]["step"] = 0.1
        settings["unet"] = (unet_names(), {"tooltip": _UNET_TOOLTIP})
        return {
            "required": {},
            "optional": {
                "portrait": ("IMAGE", {"tooltip": "The picture: a photo, a painting, a drawing. Of a batch the first."}),
                "avatar": ("AVATAR", {"tooltip": "Instead of `portrait`: a photo from Load Avatar, with the face chosen there."}),
                "audio": ("AUDIO", {"tooltip": "What is said or sung."}),
                "speech": ("SPEECH_FEATURES", {"tooltip": "Instead of `audio`: a speech from Audio Encode or a voice."}),
                "duration": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 36000.0, "step": 0.1,
                                       "tooltip": "Seconds of the sound to use; 0 uses all of it."}),
                "face": (list(FACES), {"default": "largest", "tooltip": "Whose face it is, where several are seen."}),
                "face_number": ("INT", {"default": 0, "min": 0, "max": 99,
                                        "tooltip": "Which one for 'by size' (0 the largest) and 'left to right' (0 the leftmost)."}),
                "face_x": ("FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.001,
                                     "tooltip": "For 'point': where the face is, 0 the left edge, 1 the right edge."}),
                "face_y": ("FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.001,
                                     "tooltip": "For 'point': where the face is, 0 the top, 1 the bottom."}),
                "face_mask": ("MASK", {"tooltip": "White where the face is, instead of looking for it: for drawings and animals."}),
                "paste_back": ("BOOLEAN", {"default": False, "tooltip": "Lay the living square back into the whole picture, in its own "
                                                                        "size; off: the square alone is the film."}),
                **settings,
            },
        }

    def animate(self, portrait=None, avatar=None, audio=None, speech=None, duration: float = 0.0, face: str = "largest",
                face_number: int = 0, face_x: float = 0.5, face_y: float = 0.5, face_mask=None, paste_back: bool = False, **settings):
        from ..engines.engine import Take
        from ..engines.mouths import make_mouths
        from ..engines.sonic.engine import Sonic
        from ..host.folders import cache_folder
        from ..media.timeline import lay_out
        from .lazy_video import LazyVideo

        with node_progress() as progress:
            engine, chosen = Sonic(progress.show), settings_of(SonicSettings, settings)
            said = _speech(audio, speech, duration)
            source = avatar.source if portrait is None and avatar is not None else _picture(portrait, progress)
            if face_mask is not None or portrait is not None:
                avatar = _avatar(source, face, face_number, (face_x * source.width, face_y * source.height), face_mask, progress)
            take = Take(avatar, said, lay_out(source, said.sound, fps=None if chosen.between else engine.slow_rate))
            progress.say(str(engine.cost(take, chosen)))
            spool = make_mouths(take, engine, chosen, progress, cache_folder("spools"),
                                watch=lambda patch: progress.show(partial(getattr, patch, "pixels")))
        return LazyVideo(_film(take, spool, paste_back)), [_box_of(avatar)]


def _film(take, spool, paste_back: bool):
    from ..compose.composed_film import ComposedFilm
    from ..compose.patch_film import PatchFilm

    if paste_back:
        return ComposedFilm(take.avatar, take.timeline, spool, take.speech.sound)
    return PatchFilm(take.avatar.source.path, take.timeline, spool, take.speech.sound)


def _picture(portrait, progress):
    from .tensor_film import held

    if portrait is None:
        raise InputError("There is no picture: connect `portrait` (Load Image) or `avatar` (Load Avatar with a photo).")
    return held(portrait[:1], 0, progress)


def _speech(audio, speech, duration: float):
    from dataclasses import replace

    from ..media.sound_part import SoundPart
    from ..speech.speech import Speech
    from .lazy_audio import sound_of

    if audio is None and speech is None:
        raise InputError("There is nothing to be heard: connect `audio` (Load Audio, a voice, the sound of a film) or `speech`.")
    speech = Speech(sound_of(audio)) if speech is None else speech
    sound = speech.sound
    if not duration or duration >= sound.seconds:
        return speech
    return replace(speech, sound=SoundPart(sound, 0, round(duration * sound.rate)))


def _avatar(source, face: str, number: int, point: tuple[float, float], mask, progress):
    from ..faces.avatar import avatar_of_box, make_avatar
    from ..faces.settings import FaceChoice, TrackSettings

    if mask is not None:
        return avatar_of_box(source, _box_of_mask(mask, source.width, source.height))
    try:
        return make_avatar(source, TrackSettings(FaceChoice(face, number, point)), progress)
    except InputError as error:
        raise InputError(f"{error} Or mark the face yourself with `face_mask`, in a drawing or of an animal.") from error


def _box_of_mask(mask, width: int, height: int) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 in pixels of the picture around what is white (above a half) in a MASK."""
    white = (mask[0] if mask.ndim == 3 else mask) > 0.5
    rows, columns = white.any(1).nonzero().flatten(), white.any(0).nonzero().flatten()
    if not len(rows):
        raise InputError("The face_mask is black everywhere: paint the face white in it, or leave it unconnected.")
    across, down = width / white.shape[1], height / white.shape[0]
    return (float(columns[0]) * across, float(rows[0]) * down, float(columns[-1] + 1) * across, float(rows[-1] + 1) * down)


def _box_of(avatar) -> tuple[int, int, int, int]:
    """x, y, width, height of the face."""
    x0, y0, x1, y1 = (round(float(edge)) for edge in avatar.track.box[0])
    return x0, y0, x1 - x0, y1 - y0
