"""The three files that LatentSync is made of, found around the UNet's."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...host.folders import models_folders
from ..find import checkpoint_names, find_checkpoint

KIND = "latentsync"
_WHISPER = ("whisper/tiny.pt", "tiny.pt")
_VAE = ("vae/diffusion_pytorch_model.safetensors", "sd-vae-ft-mse/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.bin", "sd-vae-ft-mse/diffusion_pytorch_model.bin")
_VAE_OF_COMFYUI = ("sd-vae-ft-mse/diffusion_pytorch_model.safetensors", "vae-ft-mse-840000-ema-pruned.safetensors",
                   "sd-vae-ft-mse.safetensors", "vae-ft-mse-840000-ema-pruned.ckpt")


@dataclass(frozen=True)
class CheckpointSet:
    """Paths of the files."""

    unet: Path
    whisper: Path
    vae: Path


def unet_names() -> list[str]:
    """Files in `models/latentsync` that may be the UNet, then the catalogue's."""
    beside = ("whisper/", "vae/", "sd-vae-ft-mse/", "auxiliary/")
    return [name for name in checkpoint_names(KIND)
            if not any(part in f"{name}/" for part in beside) and not name.rsplit("/", 1)[-1].startswith(("tiny.", "stable_syncnet"))]


def find_set(unet: str) -> CheckpointSet:
    """The files of a set: those beside the UNet `unet` (a name of `unet_names`) first, else those of `models/latentsync`, for the
    autoencoder also ComfyUI's own `models/vae`.

    Raises MissingModel for the first that is nowhere, InputError for a name that leads out of the folder."""
    path = find_checkpoint(KIND, unet)
    return CheckpointSet(path, _beside(path, *_WHISPER) or find_checkpoint(KIND, _WHISPER[0]),
                         _beside(path, *_VAE) or _of_comfyui() or find_checkpoint(KIND, _VAE[0]))


def _beside(unet: Path, *names: str) -> Path | None:
    """The file by one of its names in the UNet's folder, the one above, or the folder of the kind."""
    folders = [unet.parent, unet.parent.parent, *models_folders(KIND)]
    return next((folder / name for folder in folders for name in names if (folder / name).is_file()), None)


def _of_comfyui() -> Path | None:
    return next((folder / name for folder in models_folders("vae") for name in _VAE_OF_COMFYUI if (folder / name).is_file()), None)
