"""The audio encoder out of a checkpoint of OpenAI's Whisper."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ...host.errors import MissingModel
from ..load import filled
from .audio_encoder import AudioEncoder, Dims

PREFIX = "encoder."
"""What stands before the encoder's tensor names in the file of the whole model."""

_HEAD = 64
"""Width of an attention head, the same in every size of Whisper."""


def audio_encoder(tensors: Mapping[str, Tensor], path: Path) -> AudioEncoder:
    """The encoder in float32; its size is read off the shapes. Raises MissingModel for a file in another layout, or another network."""
    own = {name[len(PREFIX):]: tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
    if "positional_embedding" not in own or "conv1.weight" not in own:
        other = "in the layout of transformers" if any(name.startswith("model.encoder.") for name in tensors) else "not Whisper"
        raise MissingModel(f"'{path}' is {other}; what is needed is OpenAI's own tiny.pt (75.6 MB).")
    context, width = own["positional_embedding"].shape
    layers = len({name.split(".")[1] for name in own if name.startswith("blocks.")})
    dims = Dims(own["conv1.weight"].shape[1], context, width, max(1, width // _HEAD), layers)
    return filled(lambda: AudioEncoder(dims), own, torch.float32, path, "OpenAI's Whisper")
