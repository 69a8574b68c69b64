"""The vision tower of CLIP ViT-H/14 (Radford et al. 2021, weights by LAION), as transformers lays it out: the portrait as one vector."""
from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn

SIDE = 224
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_SPREAD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class ImageEncoderConfig:
    """The `config.json` of transformers' network, as far as checkpoints differ; the defaults are those of Stable Video Diffusion."""

    hidden_size: int = 1280
    intermediate_size: int = 5120
    num_hidden_layers: int = 32
    num_attention_heads: int = 16
    image_size: int = SIDE
    patch_size: int = 14
    projection_dim: int = 1024
    hidden_act: str = "gelu"


def image_encoder(config: ImageEncoderConfig) -> nn.Module:
    """The network with stand-in weights, under the tensor names of the folder `image_encoder`."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    encoder = CLIPVisionModelWithProjection(CLIPVisionConfig(**asdict(config)))
    positions = (config.image_size // config.patch_size) ** 2 + 1
    encoder.vision_model.embeddings.position_ids = torch.arange(positions, device="cpu")[None]  # in no file: real on the meta device too
    return encoder.eval().requires_grad_(False)


def pixel_values(pixels: np.ndarray) -> Tensor:
    """uint8 RGB [224, 224, 3] -> what the network takes, float32 [1, 3, 224, 224]."""
    levels = (pixels / 255.0 - np.array(_MEAN)) / np.array(_SPREAD)
    return torch.from_numpy(levels.astype(np.float32)).permute(2, 0, 1)[None]


def embedded(encoder: nn.Module, values: Tensor) -> Tensor:
    """values: [1, 3, 224, 224] of `pixel_values` -> the embedding [1, projection_dim], not normalised."""
    return encoder(pixel_values=values).image_embeds
