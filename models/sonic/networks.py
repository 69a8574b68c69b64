"""Sonic's networks, each built from its file when it is first asked for and kept for the session."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ...host.errors import MissingModel
from ...host.networks import kept
from ..find import file_stamp
from ..load import filled, json_beside, read_config
from ..rife.ifnet import IFNet
from ..rife.recognise import HD_V3, layout_of
from ..state_dict import read_state_dict
from .audio2bucket import Audio2Bucket, Audio2BucketConfig
from .audio2token import Audio2Token, Audio2TokenConfig
from .checkpoint_set import CheckpointSet
from .image_encoder import ImageEncoderConfig, image_encoder
from .speech_encoder import PREFIX, SpeechEncoderConfig, speech_encoder
from .svd_single_file import vae_tensors, vision_tensors
from .unet import UNetConfig, sonic_unet
from .vae import VAEConfig, svd_vae

CONFIG = "sonic.json"
"""Beside the UNet: {"unet": {…}, "audio2token": {…}, "audio2bucket": {…}} for networks that are not of the published size."""


@dataclass(frozen=True)
class SonicNetworks:
    """files: where they are. dtype: numbers of the UNet and of CLIP; the others compute in float32, the autoencoder as it is asked for.

    Each method raises MissingModel when its file does not hold that network."""

    files: CheckpointSet
    dtype: torch.dtype

    def unet(self) -> nn.Module:
        config = read_config(UNetConfig, json_beside(self.files.unet, CONFIG).get("unet", {}))
        return self._kept("unet", self.files.unet, self.dtype, config, lambda tensors: self._unet(tensors, config))

    def unet_values(self) -> int:
        """How many numbers the UNet's file holds; nothing is loaded for it."""
        return sum(tensor.numel() for tensor in read_state_dict(self.files.unet).values())

    def audio2token(self) -> nn.Module:
        config = read_config(Audio2TokenConfig, json_beside(self.files.unet, CONFIG).get("audio2token", {}))
        path = self.files.audio2token
        return self._kept("audio2token", path, torch.float32, config, lambda tensors: filled(
            lambda: Audio2Token(config), tensors, torch.float32, path, "Sonic's audio2token"))

    def audio2bucket(self) -> nn.Module:
        config = read_config(Audio2BucketConfig, json_beside(self.files.unet, CONFIG).get("audio2bucket", {}))
        path = self.files.audio2bucket
        return self._kept("audio2bucket", path, torch.float32, config, lambda tensors: filled(
            lambda: Audio2Bucket(config), tensors, torch.float32, path, "Sonic's audio2bucket"))

    def speech_encoder(self) -> nn.Module:
        path = self.files.speech_encoder
        config = read_config(SpeechEncoderConfig, json_beside(path, "config.json"))
        return self._kept("speech encoder", path, torch.float32, config, lambda tensors: filled(
            lambda: speech_encoder(config), _within(tensors, PREFIX), torch.float32, path, "whisper-tiny as transformers lays it out"))

    def image_encoder(self) -> nn.Module:
        path = self.files.image_encoder
        config = read_config(ImageEncoderConfig, json_beside(path, "config.json"))
        return self._kept("image encoder", path, self.dtype, config, lambda tensors: filled(
            lambda: image_encoder(config), _without(vision_tensors(tensors), "position_ids"), self.dtype, path,
            "the image encoder of Stable Video Diffusion"))

    def vae(self, dtype: torch.dtype) -> nn.Module:
        path = self.files.vae
        config = read_config(VAEConfig, json_beside(path, "config.json"))
        return self._kept("autoencoder", path, dtype, config, lambda tensors: filled(
            lambda: svd_vae(config), vae_tensors(tensors), dtype, path, "the autoencoder of Stable Video Diffusion"))

    def rife(self) -> nn.Module:
        return self._kept("rife", self.files.rife, torch.float32, None, self._rife)

    def _unet(self, tensors: dict[str, Tensor], config: UNetConfig) -> nn.Module:
        path = self.files.unet
        if "conv_in.weight" in tensors and not any(".to_k_ip." in name for name in tensors):
            raise MissingModel(f"'{path}' is the network of Stable Video Diffusion itself, without Sonic's attention to the speech: choose "
                               "Sonic's unet.pth.")
        return filled(lambda: sonic_unet(config), tensors, self.dtype, path, "Sonic's UNet")

    def _rife(self, tensors: dict[str, Tensor]) -> nn.Module:
        path = self.files.rife
        layout = layout_of({name: tuple(tensor.shape) for name, tensor in tensors.items()})
        if layout != HD_V3:
            raise MissingModel(f"'{path}' holds {layout or 'no RIFE network'}, and only {HD_V3} can be run here: put the flownet.pkl of "
                               "Sonic's checkpoints there, or switch the pictures between off.")
        return filled(IFNet, {name: tensor for name, tensor in tensors.items() if not name.startswith("block_tea.")}, torch.float32, path,
                      HD_V3)

    @staticmethod
    def _kept(name: str, path: Path, dtype: torch.dtype, config: object, build: Callable[[dict[str, Tensor]], nn.Module]) -> nn.Module:
        return kept(("sonic", name, *file_stamp(path), dtype, config), lambda: build(read_state_dict(path)))


def _within(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, without it."""
    return {name[len(prefix):]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _without(tensors: dict[str, Tensor], ending: str) -> dict[str, Tensor]:
    """The tensors but those of a name that older versions wrote and nobody reads."""
    return {name: tensor for name, tensor in tensors.items() if not name.endswith(ending)}
