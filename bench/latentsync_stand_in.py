"""Make a small set of LatentSync's files, in the published layout, whose weights are noise: python bench/latentsync_stand_in.py FOLDER

The networks have the published shape in small (a few megabytes; Whisper's encoder is full size), so that everything runs on any machine;
what they paint is no mouth.
"""
from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from talking_avatar.models.latentsync.unet import LatentSyncUNet, UNetConfig
from talking_avatar.models.latentsync.vae import VAEConfig, autoencoder
from talking_avatar.models.whisper.audio_encoder import AudioEncoder

UNET = UNetConfig(block_out_channels=(32, 32, 64, 64), layers_per_block=1)
VAE = VAEConfig(block_out_channels=(32, 32, 32, 32), layers_per_block=1)


def make(folder: Path, seed: int = 0) -> Path:
    """Write the set into `folder` (models/latentsync, or a folder in it); returns the UNet's path."""
    torch.manual_seed(seed)
    for part in ("whisper", "vae"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    torch.save({"global_step": 1, "state_dict": LatentSyncUNet(UNET).state_dict()}, folder / "latentsync_unet.pt")
    whisper = {f"encoder.{name}": tensor.half() for name, tensor in AudioEncoder().state_dict().items()}
    torch.save({"dims": {}, "model_state_dict": whisper}, folder / "whisper" / "tiny.pt")
    vae = {name: tensor.contiguous() for name, tensor in autoencoder(VAE).state_dict().items()}
    save_file(vae, folder / "vae" / "diffusion_pytorch_model.safetensors")
    return folder / "latentsync_unet.pt"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.split("\n")[0])
    print(make(Path(sys.argv[1])))
