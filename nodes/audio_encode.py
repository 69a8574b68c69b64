"""Audio Encode: sound becomes a speech that drives a mouth."""
from __future__ import annotations

from typing import Any

from ..host.errors import InputError, TalkingAvatarError
from ..host.node_progress import node_progress
from .files import any_file, stamp


class AudioEncode:
    """Takes ComfyUI's AUDIO, or a file, and makes it ready for the lip-sync nodes."""

    TITLE = "Audio Encode (Speech)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = ("Makes a sound ready for the lip-sync nodes: choose a channel, cut the silence around the voice, bring it to a normal "
                   "loudness, let it begin later or earlier. What is left as it is goes into the film without being encoded again.")
    SEARCH_ALIASES = ["talking avatar", "speech features", "voice", "wav2vec", "whisper", "mel", "loudness", "trim silence"]
    FUNCTION = "encode"
    RETURN_TYPES = ("SPEECH_FEATURES", "AUDIO")
    RETURN_NAMES = ("speech", "audio")
    OUTPUT_TOOLTIPS = ("The speech, for the lip-sync nodes.", "The sound as it will be heard in the film.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {},
            "optional": {
                "audio": ("AUDIO", {"tooltip": "What shall be said: a recording, a voice, the sound of a film. Of a batch the first."}),
                "path": ("STRING", {"default": "",
                                    "tooltip": "Instead of `audio`: a sound file or film on this machine, whose sound is then copied into "
                                               "the film without loss. A name alone is looked for in the input folder."}),
                "channel": (["all", "left", "right"],
                            {"default": "all", "tooltip": "Which channel holds the voice, where two speakers were recorded apart."}),
                "trim_silence": ("BOOLEAN", {"default": False,
                                             "tooltip": "Cut off the silence before the first and after the last word."}),
                "normalize": ("BOOLEAN", {"default": False,
                                          "tooltip": "Bring the voice to -23 LUFS, the loudness of broadcast speech (EBU R 128)."}),
                "offset_ms": ("INT", {"default": 0, "min": -600000, "max": 600000, "step": 10,
                                      "tooltip": "Milliseconds by which the speech begins later in the film; negative: earlier."}),
            },
        }

    @classmethod
    def VALIDATE_INPUTS(cls, path="") -> bool | str:
        try:
            return not (path or "").strip() or bool(any_file(path))
        except TalkingAvatarError as error:
            return str(error)

    @classmethod
    def IS_CHANGED(cls, path="", **_) -> str:
        try:
            return stamp(any_file(path)) if (path or "").strip() else ""
        except TalkingAvatarError:
            return ""

    def encode(self, audio=None, path: str = "", channel: str = "all", trim_silence: bool = False, normalize: bool = False,
               offset_ms: int = 0):
        from ..speech.prepare import Preparation, prepared
        from ..speech.speech import Speech
        from .lazy_audio import LazyAudio

        with node_progress() as progress:
            sound = prepared(_sound(audio, path), Preparation(channel, trim_silence, normalize, offset_ms / 1000), progress)
        return Speech(sound), LazyAudio(sound)


def _sound(audio, path: str):
    from ..media.open import open_sound
    from ..media.sound_part import from_film_start
    from .lazy_audio import sound_of

    if path.strip():
        return from_film_start(open_sound(any_file(path)))
    if audio is None:
        raise InputError("There is no sound to speak: connect `audio` (the film it comes from may be silent), or give a file in `path`.")
    return sound_of(audio)
