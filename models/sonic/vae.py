"""Stable Video Diffusion's autoencoder, as diffusers lays it out: pictures to latents and back, the way back mixing neighbouring frames."""
from __future__ import annotations

from dataclasses import asdict, dataclass

from torch import Tensor, nn

SCALE = 0.18215
"""What the denoiser's latents are smaller than the autoencoder's."""

CHUNK = 8
"""Frames that are decoded together. The decoder mixes the frames of a chunk, so that this number is part of the picture."""


@dataclass(frozen=True)
class VAEConfig:
    """The `config.json` of diffusers' network, as far as checkpoints differ; the defaults are the published ones."""

    block_out_channels: tuple[int, ...] = (128, 256, 512, 512)
    layers_per_block: int = 2
    latent_channels: int = 4
    down_block_types: tuple[str, ...] = ("DownEncoderBlock2D",) * 4
    sample_size: int = 768


def svd_vae(config: VAEConfig) -> nn.Module:
    """The network with stand-in weights, under the tensor names of diffusers' folder `vae`."""
    from diffusers import AutoencoderKLTemporalDecoder

    return AutoencoderKLTemporalDecoder(**asdict(config)).eval().requires_grad_(False)


def encoded(vae: nn.Module, picture: Tensor) -> Tensor:
    """picture: [1, 3, H, W], -1 .. 1 -> the mean of its latents [1, 4, H / 8, W / 8], not scaled."""
    return vae.encode(picture).latent_dist.mode()


def decoded(vae: nn.Module, latents: Tensor) -> Tensor:
    """latents: [F, 4, h, w] as the denoiser leaves them, a chunk of at most CHUNK frames -> frames [F, 3, 8 h, 8 w], about -1 .. 1."""
    return vae.decode(latents / SCALE, num_frames=len(latents)).sample
