"""Checkpoints of Wav2Lip made here, in the published layout: with stand-in weights, or with weights by which the network hands out the
whole face it is given, so that where mouths land can be judged. Tests get it as `wav2lip`; benches import it."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from talking_avatar.models.wav2lip.layout import Layout
from talking_avatar.models.wav2lip.recognise import LAYOUTS, published_shapes

KNOTS = 10  # places at which the logit of a colour is met exactly


def write_noise(path: Path, layout: Layout = LAYOUTS[0], fill=None, seed: int = 0) -> Path:
    """A file with the stand-in weights of the parity data (fill: `parity_data.fill`), as training wrote it: with an optimizer's state and
    "module." before every name."""
    tensors = {name: torch.from_numpy(fill(name, shape, seed)) for name, shape in published_shapes(layout).items()}
    state = {f"module.{name}": tensor for name, tensor in tensors.items()}
    torch.save({"state_dict": state, "optimizer": {"state": {0: {"exp_avg": torch.zeros(3)}}}, "global_step": 7}, path)
    return path


def write_identity(path: Path, layout: Layout = LAYOUTS[0]) -> Path:
    """A file by which the network gives back the whole face of its input (channels 3 to 5), within some grey levels."""
    tensors = {name: torch.zeros(shape, dtype=torch.int64 if name.endswith("tracked") else torch.float32)
               for name, shape in published_shapes(layout).items()}
    for name in tensors:
        if name.endswith(("running_var", "conv_block.1.weight")):
            tensors[name] += 1.0
    widen = (1 + 1e-5) ** 0.5  # BatchNorm's epsilon
    first = tensors["face_encoder_blocks.0.0.conv_block.0.weight"]
    last = tensors["output_block.0.conv_block.0.weight"]
    skip = last.shape[1] - first.shape[0]
    knots = np.linspace(0.004, 0.996, KNOTS)
    slopes = np.diff(np.log(knots / (1 - knots))) / np.diff(knots)
    weights = np.diff(np.concatenate([[0.0], slopes]))
    for colour in range(3):
        first[colour, 3 + colour, 3, 3] = widen
        for k in range(KNOTS - 1):
            channel = colour * (KNOTS - 1) + k
            last[channel, skip + colour, 1, 1] = widen
            tensors["output_block.0.conv_block.0.bias"][channel] = -widen * float(knots[k])
            tensors["output_block.1.weight"][colour, channel] = float(weights[k])
        tensors["output_block.1.bias"][colour] = float(np.log(knots[0] / (1 - knots[0])))
    torch.save({"state_dict": tensors}, path)
    return path
