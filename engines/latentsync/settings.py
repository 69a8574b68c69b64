"""What a user may choose about LatentSync."""
from __future__ import annotations

from dataclasses import dataclass

from ..setting import setting


@dataclass(frozen=True)
class LatentSyncSettings:
    """The defaults are the published ones, but for the last chunk, which is never short."""

    unet: str = setting("latentsync_unet.pt", "LatentSync's UNet, version 1.5 or 1.6, a file in models/latentsync; Whisper and the VAE are "
                                              "looked for beside it")
    resolution: int = setting(256, "pixels of the face: 256 for version 1.5, 512 for version 1.6, which takes four times as long; the two "
                                   "files cannot be told apart", low=64, high=1024)
    steps: int = setting(20, "denoising steps; time grows with them", low=1, high=50)
    guidance: float = setting(1.5, "how strongly the mouth follows the speech; above 2 it may be distorted or tremble, 1 takes half the "
                                   "time", low=1.0, high=3.0)
    seed: int = setting(1247, "another number gives another film of the same speech", low=0, high=2**53)
    chunks: str = setting("full", "how 16 frames at a time are taken: full (a short last chunk takes earlier frames in), published (the "
                                  "last one is as short as it comes), overlapping (neighbours fade into each other, a third more work)",
                          choices=("full", "published", "overlapping"))
    hearing: str = setting("published", "windows of 30 s in which the speech is heard: published (side by side), seamless (overlapping, "
                                        "for speech above 30 s)", choices=("published", "seamless"))
    paste: str = setting("crop", "what is laid back: crop (all of the face's crop with soft edges, as published), mouth (only what was "
                                 "painted anew, all else keeps its sharpness), dressed (the lower face as other nodes do it: colour, "
                                 "grain, hands stay in front)", choices=("crop", "mouth", "dressed"))
    whole_every: int = setting(1, "compute every so manieth step whole and the others in part (DeepCache): 3 takes less than half the time "
                                  "and gives a slightly other picture; 1 is exact", low=1, high=10)
    precision: str = setting("auto", "numbers of the networks: auto takes float16 on CUDA cards and float32 elsewhere",
                             choices=("auto", "float16", "bfloat16", "float32"))
