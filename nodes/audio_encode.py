"""Audio Encode: sound becomes a speech that drives a mouth."""
from __future__ import annotations

from typing import Any

from ..host.node_progress import node_progress


class AudioEncode:
    """Takes ComfyUI's AUDIO and makes it ready for the lip-sync nodes."""

    TITLE = "Audio Encode (Speech)"
    CATEGORY = "Talking Avatar"
    DESCRIPTION = "Makes a sound ready for the lip-sync nodes."
    SEARCH_ALIASES = ["talking avatar", "speech features", "voice", "wav2vec", "whisper", "mel"]
    FUNCTION = "encode"
    RETURN_TYPES = ("SPEECH_FEATURES",)
    RETURN_NAMES = ("speech",)
    OUTPUT_TOOLTIPS = ("The speech, for the lip-sync nodes.",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"audio": ("AUDIO", {"tooltip": "What shall be said."})}}

    def encode(self, audio):
        from ..speech.speech import Speech
        from .lazy_audio import sound_of

        with node_progress():
            return (Speech(sound_of(audio)),)
