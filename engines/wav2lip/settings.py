"""Settings of the Wav2Lip engine, as the terminal and the canvas show them."""
from __future__ import annotations

from dataclasses import dataclass

from ..setting import setting


@dataclass(frozen=True)
class Wav2LipSettings:
    """The defaults are meant to be right; each field is a choice a user may want."""

    checkpoint: str = setting("auto", "the network: a file in models/wav2lip; auto takes the first that is there of wav2lip_gan.pth, "
                                      "wav2lip.pth, wav2lip256.pth, wav2lip384.pth and others")
    silence: str = setting("close", "in pauses: close the mouth, show the film's own, or leave it to the network, which noise may move",
                           choices=("close", "film", "network"))
    mouth: float = setting(1.0, "how strongly the sound moves the mouth, 1 as the network was trained", low=0.0, high=2.0)
    delay_ms: int = setting(0, "milliseconds by which the mouth comes later; 0 as published, 40 as trained", low=-400, high=400)
    padding: float = setting(0.04, "how far the crop reaches below the chin, in heights of the face", low=-0.1, high=0.5)
    smoothing: float = setting(1.0, "how calmly the shape of the crop follows the face, 0 is not at all", low=0.0, high=4.0)
    batch: int = setting(0, "frames at a time, 0 chooses by the memory that is free; halved when it runs out", low=0, high=256)
    precision: str = setting("auto", "numbers the network computes with; half is twice as fast and is only used where nobody sees it",
                             choices=("auto", "float32", "half"))
    backend: str = setting("auto", "what runs the network on a CPU; auto takes OpenVINO where it is installed",
                           choices=("auto", "torch", "openvino"))
