"""From a checkpoint file to a network that runs: recognised, BatchNorm folded, in the precision that pays on this machine.

Half precision is only used where the picture stays the same to the eye: a face and two sounds that come with the pack are shown to both
networks first, and float32 stays where any pixel differs by more than two grey levels."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from ...host.device import has_fast_bfloat16, torch_device
from ...host.networks import kept
from ..find import file_stamp
from ..state_dict import read_state_dict
from .fold import folded, residuals_folded
from .generator import Wav2Lip, as_pictures, masked_input
from .layout import Layout
from .recognise import recognise

MOST_LEVELS = 2
"""Grey levels by which half precision may differ from float32."""

PRECISIONS = ("auto", "float32", "half")


def layout_of(path: Path) -> Layout:
    """Which network a file holds. Raises MissingModel with a sentence when it holds none of them."""
    return recognise({name: tuple(tensor.shape) for name, tensor in read_state_dict(path).items()}, f"'{path}'")


def read_generator(path: Path) -> Wav2Lip:
    """The network of a file on the CPU, float32, BatchNorm folded, channels last. Raises MissingModel as `layout_of` does."""
    tensors = read_state_dict(path)
    layout = recognise({name: tuple(tensor.shape) for name, tensor in tensors.items()}, f"'{path}'")
    with torch.device("meta"):
        network = Wav2Lip(layout)
    counters = {name: torch.zeros((), dtype=torch.int64) for name in network.state_dict() if name.endswith("num_batches_tracked")}
    network.load_state_dict({**counters, **{name: tensor.float() for name, tensor in tensors.items()}}, assign=True)
    return folded(network.eval().requires_grad_(False)).to(memory_format=torch.channels_last)


def kept_generator(path: Path, precision: str = "auto") -> Wav2Lip:
    """The network of a file, kept for the next call; its attribute `status` says in a sentence in which precision it runs, and why.

    precision: "float32"; "half": float16 on a graphics card, bfloat16 on a CPU; "auto": half on a graphics card and on a CPU that
    multiplies it in hardware. On a CPU half is given up where it shows. Raises MissingModel as `layout_of` does."""
    on_card = torch_device().type == "cuda"
    half = precision == "half" or (precision == "auto" and (on_card or has_fast_bfloat16()))
    key = ("wav2lip", *file_stamp(path), half and ("float16" if on_card else "bfloat16"))
    return kept(key, lambda: _built(path, half, on_card))


def halved_weights(network: Wav2Lip, dtype: torch.dtype) -> Wav2Lip:
    """The network in half precision, changed in place; its last step, which turns features into colours, stays float32."""
    network.to(dtype)
    network.output_block[1].float()
    return network


def probe() -> tuple[np.ndarray, np.ndarray]:
    """A face and two sounds on which precisions are compared: uint8 [192, 192, 3] BGR (Eileen Collins, NASA, public domain), float32 [2, 1,
    80, 16] mel windows of a made voice."""
    with np.load(Path(__file__).with_name("probe.npz"), allow_pickle=False) as file:
        return file["face"], file["mel"]


def probe_pictures(network: nn.Module, layout: Layout) -> np.ndarray:
    """int16 [2, 3, S, S]: what a network makes of the probe."""
    import cv2

    face, mel = probe()
    face = np.repeat(cv2.resize(face, (layout.size, layout.size), interpolation=cv2.INTER_AREA)[None], len(mel), 0)
    with torch.inference_mode():
        faces = torch.from_numpy(face).permute(0, 3, 1, 2)
        made = network(*as_inputs(network, torch.from_numpy(mel), masked_input(faces, layout)))
        return as_pictures(made, layout).numpy().astype(np.int16)


def as_inputs(network: nn.Module, mel: torch.Tensor, face: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """mel and face in the network's own numbers, the face with its channels last, as the network's weights are."""
    weights = next(network.parameters(), torch.zeros(0))
    return (mel.to(weights.device, weights.dtype, non_blocking=True),
            face.to(weights.device, weights.dtype, non_blocking=True).contiguous(memory_format=torch.channels_last))


def _built(path: Path, half: bool, on_card: bool) -> Wav2Lip:
    network = read_generator(path)
    if not half:
        network.status = f"{network.layout.name} in float32"
        return residuals_folded(network)
    if on_card:
        network.status = f"{network.layout.name} in float16"
        return halved_weights(network, torch.float16)
    wanted = probe_pictures(network, network.layout)
    halved_weights(network, torch.bfloat16)
    worst = int(np.abs(probe_pictures(network, network.layout) - wanted).max())
    if worst <= MOST_LEVELS:
        network.status = f"{network.layout.name} in bfloat16, within {worst} grey levels of float32"
        return network
    network = residuals_folded(read_generator(path))
    network.status = f"{network.layout.name} in float32 (bfloat16 would change the picture by up to {worst} grey levels)"
    return network
