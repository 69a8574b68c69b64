"""The encoder of Whisper tiny (Radford et al. 2022), as transformers lays it out: what is heard, fifty states a second, layer by layer."""
from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

PREFIX = "model.encoder."
"""What stands before the encoder's tensor names in the file of the whole model."""

STATES = 1500
"""States of a piece of 30 s, 3000 columns of mel."""


@dataclass(frozen=True)
class SpeechEncoderConfig:
    """The `config.json` of transformers' network, as far as checkpoints differ; the defaults are those of openai/whisper-tiny."""

    num_mel_bins: int = 80
    d_model: int = 384
    encoder_layers: int = 4
    encoder_attention_heads: int = 6
    encoder_ffn_dim: int = 1536
    max_source_positions: int = STATES


def speech_encoder(config: SpeechEncoderConfig) -> nn.Module:
    """The network with stand-in weights; its tensors are called as in the published file, without PREFIX."""
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    return WhisperEncoder(WhisperConfig(**asdict(config))).eval().requires_grad_(False)


def states_of_layers(encoder: nn.Module, mel: Tensor) -> Tensor:
    """mel: [1, 80, 3000], one piece of 30 s -> [1500, layers + 1, d_model]: the state after the embedding, then after each layer, the
    last one after the final norm too."""
    return torch.stack(encoder(mel, output_hidden_states=True).hidden_states, 2)[0]
