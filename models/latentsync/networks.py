"""LatentSync's networks, each built from its file when it is first asked for and kept for the session."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ...host.networks import kept
from ..find import file_stamp
from ..load import filled
from ..state_dict import read_state_dict
from ..whisper.load import audio_encoder
from .checkpoint_set import CheckpointSet
from .recognise import WANTED, unet_config, vae_config
from .unet import LatentSyncUNet
from .vae import autoencoder
from .vae_names import renamed

PACKAGES = ("diffusers", "einops")
"""That it needs beside torch."""


@dataclass(frozen=True)
class LatentSyncNetworks:
    """files: where they are. dtype: numbers of the UNet and the autoencoder; Whisper computes in float32.

    Each method raises MissingModel when its file does not hold that network."""

    files: CheckpointSet
    dtype: torch.dtype

    def unet(self) -> LatentSyncUNet:
        path = self.files.unet
        return self._kept("unet", path, self.dtype, lambda tensors: filled(
            lambda: LatentSyncUNet(unet_config(tensors, path)), tensors, self.dtype, path, WANTED))

    def unet_values(self) -> int:
        """How many numbers the UNet's file holds; nothing is loaded for it."""
        tensors = read_state_dict(self.files.unet)
        unet_config(tensors, self.files.unet)
        return sum(tensor.numel() for tensor in tensors.values())

    def vae(self) -> nn.Module:
        path = self.files.vae

        def build(tensors: dict[str, Tensor]) -> nn.Module:
            named = renamed(tensors)
            config = vae_config(named, path)
            return filled(lambda: autoencoder(config), named, self.dtype, path, "the autoencoder of Stable Diffusion 1.x (sd-vae-ft-mse)")

        return self._kept("autoencoder", path, self.dtype, build)

    def whisper(self) -> nn.Module:
        path = self.files.whisper
        return self._kept("whisper", path, torch.float32, lambda tensors: audio_encoder(tensors, path))

    @staticmethod
    def _kept(name: str, path: Path, dtype: torch.dtype, build: Callable[[dict[str, Tensor]], nn.Module]) -> nn.Module:
        return kept(("latentsync", name, *file_stamp(path), dtype), lambda: build(read_state_dict(path)))
