"""The autoencoder of Stable Diffusion 1.x (sd-vae-ft-mse), as diffusers lays it out: faces to latents and back, frame by frame."""
from __future__ import annotations

from dataclasses import asdict, dataclass, field

from torch import Tensor, nn

SCALE = 0.18215
"""What the denoiser's latents are smaller than the autoencoder's."""


@dataclass(frozen=True)
class VAEConfig:
    """The `config.json` of diffusers' network, as far as checkpoints differ; the defaults are the published ones."""

    block_out_channels: tuple[int, ...] = (128, 256, 512, 512)
    layers_per_block: int = 2
    latent_channels: int = 4
    norm_num_groups: int = 32
    down_block_types: tuple[str, ...] = field(default=("DownEncoderBlock2D",) * 4)
    up_block_types: tuple[str, ...] = field(default=("UpDecoderBlock2D",) * 4)


def autoencoder(config: VAEConfig) -> nn.Module:
    """The network with stand-in weights, under the tensor names of diffusers' folder `vae`."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(**asdict(config)).eval().requires_grad_(False)


def encoded(vae: nn.Module, faces: Tensor, noise: Tensor) -> Tensor:
    """faces: [F, 3, S, S], -1 .. 1; noise: [F, 4, S / 8, S / 8], standard normal -> a sample of their latents, for the denoiser."""
    posterior = vae.encode(faces).latent_dist
    return (posterior.mean + posterior.std * noise.to(posterior.mean)) * SCALE


def decoded(vae: nn.Module, latents: Tensor) -> Tensor:
    """latents: [F, 4, h, w] as the denoiser leaves them -> faces [F, 3, 8 h, 8 w], about -1 .. 1."""
    return vae.decode(latents / SCALE).sample
