"""Which SyncNet a file holds, told from its tensors, and the network with its weights."""
from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from ...host.errors import MissingModel
from ..state_dict import read_state_dict
from .colour_expert import ColourExpert
from .lse_syncnet import LseSyncNet

_COUNTER = "num_batches_tracked"
_KINDS: dict[str, type[nn.Module]] = {"LSE SyncNet": LseSyncNet, "colour expert": ColourExpert}


def load_syncnet(path: Path) -> nn.Module:
    """The `LseSyncNet` or `ColourExpert` in a file, on the CPU, float32, ready to be used. Raises MissingModel with one sentence."""
    tensors = read_state_dict(path)
    kind = recognise({name: tuple(tensor.shape) for name, tensor in tensors.items()}, f"'{path}'")
    with torch.device("meta"):
        network = kind()
    network.load_state_dict({name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()},
                            strict=False, assign=True)
    for name, buffer in network.named_buffers():
        if buffer.is_meta:  # a step counter that the file left out
            network.get_submodule(name.rpartition(".")[0]).num_batches_tracked = torch.zeros((), dtype=torch.int64)
    return network.eval().requires_grad_(False)


def recognise(shapes: Mapping[str, tuple[int, ...]], name: str = "The file") -> type[nn.Module]:
    """The network whose tensors these are. Raises MissingModel with one sentence for any other file."""
    given = {key: tuple(shape) for key, shape in shapes.items() if not key.endswith(_COUNTER)}
    for kind in _KINDS.values():
        wanted = published_shapes(kind)
        if given == {key: shape for key, shape in wanted.items() if not key.endswith(_COUNTER)}:
            return kind
    raise MissingModel(f"{name} {_what_else(given)}.")


@lru_cache(maxsize=len(_KINDS))
def published_shapes(kind: type[nn.Module]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a published checkpoint."""
    with torch.device("meta"):
        return {key: tuple(tensor.shape) for key, tensor in kind().state_dict().items()}


def _what_else(given: Mapping[str, tuple[int, ...]]) -> str:
    if any(key.startswith(("face_encoder_blocks.", "face_decoder_blocks.")) for key in given):
        return "is a Wav2Lip generator, which makes lips and judges none: choose syncnet_v2.model"
    for what, kind in _KINDS.items():
        wanted = published_shapes(kind)
        wrong = [key for key, shape in wanted.items() if not key.endswith(_COUNTER) and given.get(key) != shape]
        if len(wrong) < len(wanted) / 2:
            left = [key for key in given if key not in wanted]
            return (f"is nearest to the {what}, but is not it ({len(wrong)} tensors do not fit, such as {(wrong or left)[0]}): get the "
                    "file again")
    some = ", ".join(sorted(given)[:3]) or "none at all"
    return f"is no SyncNet (it has tensors such as {some}): choose syncnet_v2.model or lipsync_expert.pth"
