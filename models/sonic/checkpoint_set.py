"""The files that Sonic is made of, found around the UNet's."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..find import checkpoint_names, find_checkpoint

KIND = "sonic"
_SVD = "stable-video-diffusion-img2vid-xt"


@dataclass(frozen=True)
class CheckpointSet:
    """Paths of the files that every film needs."""

    unet: Path
    audio2token: Path
    audio2bucket: Path
    speech_encoder: Path
    image_encoder: Path
    vae: Path

    @property
    def rife(self) -> Path:
        """The file for the pictures between, for films that have some. Raises MissingModel if it is nowhere."""
        return _beside(self.unet, "RIFE/flownet.pkl", "RIFE/flownet.safetensors")

    def paths(self) -> tuple[Path, ...]:
        """All that every film needs."""
        return self.unet, self.audio2token, self.audio2bucket, self.speech_encoder, self.image_encoder, self.vae


def unet_names() -> list[str]:
    """Files in `models/sonic` that may be Sonic's UNet, then the catalogue's."""
    return [name for name in checkpoint_names(KIND) if name.rsplit("/", 1)[-1].startswith("unet.")]


def find_set(unet: str) -> CheckpointSet:
    """The files of a set: those beside the UNet `unet` (a name of `unet_names`) first, else those of `models/sonic`.

    Raises MissingModel for the first that is nowhere, InputError for a name that leads out of the folder."""
    path = find_checkpoint(KIND, unet)
    return CheckpointSet(
        path,
        _beside(path, "audio2token.pth", "audio2token.safetensors"),
        _beside(path, "audio2bucket.pth", "audio2bucket.safetensors"),
        _beside(path, "whisper-tiny/model.safetensors"),
        _beside(path, f"{_SVD}/image_encoder/model.fp16.safetensors", f"{_SVD}/image_encoder/model.safetensors"),
        _beside(path, f"{_SVD}/vae/diffusion_pytorch_model.fp16.safetensors", f"{_SVD}/vae/diffusion_pytorch_model.safetensors"))


def _beside(unet: Path, *names: str) -> Path:
    """The file by one of its names in the UNet's folder or, as in the published layout, the one above; else by the catalogue."""
    for folder in (unet.parent, unet.parent.parent):
        for name in names:
            if (folder / name).is_file():
                return folder / name
    return find_checkpoint(KIND, names[0])
