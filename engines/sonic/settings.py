"""What a user may choose about Sonic."""
from __future__ import annotations

from dataclasses import dataclass

from ..setting import setting


@dataclass(frozen=True)
class SonicSettings:
    """The defaults are the published ones."""

    unet: str = setting("unet.pth", "Sonic's UNet, a file in models/sonic; its other files are looked for beside it")
    crop: str = setting("face", "what is animated: a square around the face, or the whole picture (a wide one takes longer)",
                        choices=("face", "picture"))
    expand: float = setting(0.5, "how far the square goes beyond the face, in face sizes on each side", low=0.0, high=3.0)
    resolution: int = setting(512, "pixels of the shorter side of what is animated, a multiple of 64", low=64, high=1536)
    steps: int = setting(25, "denoising steps; time grows with them", low=1, high=100)
    dynamic_scale: float = setting(1.0, "how much head and face move, 1 as learnt", low=0.0, high=3.0)
    picture_guidance: float = setting(2.0, "how closely the film keeps to the picture", low=0.0, high=10.0)
    speech_guidance: float = setting(7.5, "how strongly the face follows the speech", low=0.0, high=20.0)
    speech_scale: float = setting(1.0, "share of the speech inside the network", low=0.0, high=2.0)
    seed: int = setting(72589, "another number gives another performance of the same speech", low=0, high=2**53)
    between: bool = setting(True, "put a picture between every two, 25 a second instead of 12.5")
    precision: str = setting("auto", "numbers of the large networks: auto takes float16 on CUDA cards and float32 elsewhere",
                             choices=("auto", "float16", "bfloat16", "float32"))
