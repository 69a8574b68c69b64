"""Faces in, faces out: a Wav2Lip network while it runs, on whatever runs it best on this machine."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from ...host.device import torch_device
from ...host.networks import on_device
from ...host.progress import Progress
from .batch import batch_for, bytes_of_a_face
from .generator import Wav2Lip, as_pictures, masked_input
from .layout import Layout
from .load import as_inputs, kept_generator

BACKENDS = ("auto", "torch", "openvino")


@dataclass(frozen=True)
class Running:
    """A network that is ready. layout: which. status: a sentence about how it runs. batch: faces at a time that suit the machine. speak:
    (faces uint8 [B, S, S, 3] RGB, mel float32 [B, 80, 16], gain) -> faces uint8 [B, S, S, 3] RGB; raises Cancelled between two
    layers when the user stops, and what running out of memory raises."""

    layout: Layout
    status: str
    batch: int
    speak: Callable[[np.ndarray, np.ndarray, float], np.ndarray]


@contextmanager
def running(path: Path, precision: str, backend: str, batch: int, progress: Progress) -> Iterator[Running]:
    """The network of a checkpoint file while the block lasts.

    backend: "torch"; "openvino", on CPUs, three times as fast in bfloat16; "auto": OpenVINO where it is installed and the work is done
    by the CPU. batch: faces at a time, 0 for what suits the machine. Raises MissingModel for a file that is none of the networks, or
    where OpenVINO is asked for and not installed."""
    if backend == "openvino" or (backend == "auto" and torch_device().type == "cpu" and find_spec("openvino")):
        from .run_openvino import openvino_network

        network = openvino_network(path, precision, batch)
        yield Running(network.layout, network.status, network.batch, lambda *given: network.speak(*given, progress))
        return
    network = kept_generator(path, precision)
    layout = network.layout
    batch = batch or batch_for(layout, torch_device().type != "cpu")
    with on_device(network, activations=batch * bytes_of_a_face(layout)), _checked(network, progress):
        yield Running(layout, network.status, batch, lambda *given: _speak(network, *given))


def _speak(network: Wav2Lip, faces: np.ndarray, mel: np.ndarray, gain: float) -> np.ndarray:
    device, count = network.output_block[1].weight.device, len(faces)
    if count == 1:
        faces, mel = np.repeat(faces, 2, 0), np.repeat(mel, 2, 0)
    with torch.inference_mode():
        bgr = torch.from_numpy(np.ascontiguousarray(faces[..., ::-1])).to(device, non_blocking=True).permute(0, 3, 1, 2)
        inputs = as_inputs(network, torch.from_numpy(mel)[:, None], masked_input(bgr, network.layout))
        made = as_pictures(network(*inputs, gain), network.layout)
        return np.ascontiguousarray(made.permute(0, 2, 3, 1)[:count].cpu().numpy()[..., ::-1])


@contextmanager
def _checked(network: Wav2Lip, progress: Progress) -> Iterator[None]:
    """A cancel is heard before every block, as a batch of a large network takes seconds on a CPU."""
    blocks = [*network.face_encoder_blocks, *network.face_decoder_blocks]
    hooks = [block.register_forward_pre_hook(lambda *_: progress.check()) for block in blocks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
