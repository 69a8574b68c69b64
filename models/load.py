"""Build a network and fill it from a file, tensor by tensor, so that never more than one copy of it is in memory."""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ..host.errors import MissingModel

C = TypeVar("C")
_SHOWN = 3


def read_config(config_type: type[C], values: Mapping[str, Any]) -> C:
    """A config dataclass of those `values` that it has fields for, as in a `config.json`; the rest keep their defaults."""
    known = config_type.__dataclass_fields__
    return config_type(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name in known})


def json_beside(path: Path, name: str) -> dict[str, Any]:
    """The JSON object of the file `name` in the folder of `path`; empty where there is none. Raises MissingModel for a damaged one."""
    file = path.parent / name
    if not file.is_file():
        return {}
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MissingModel(f"'{file}' is no JSON file that can be read: get it again, or delete it if the networks are the published "
                           "ones.") from error
    return values if isinstance(values, dict) else {}


def filled(build: Callable[[], nn.Module], tensors: Mapping[str, Tensor], dtype: torch.dtype, path: Path, what: str) -> nn.Module:
    """The network that `build` makes, with `tensors` for weights, in numbers of `dtype`, ready for use.

    path, what: of the file and the network, for messages. Raises MissingModel when a name or a shape does not fit."""
    with torch.device("meta"):
        network = build()
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    _compare(wanted, tensors, path, what)
    network.load_state_dict({name: tensors[name].to(dtype) for name in wanted}, assign=True)
    return network.eval().requires_grad_(False)


def _compare(wanted: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Tensor], path: Path, what: str) -> None:
    missing = [name for name in wanted if name not in tensors]
    left_over = [name for name in tensors if name not in wanted]
    other = [f"{name} is {list(tensors[name].shape)} instead of {list(shape)}" for name, shape in wanted.items()
             if name in tensors and tuple(tensors[name].shape) != shape]
    parts = [f"{len(names)} tensors {how} ({', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''})"
             for how, names in (("are missing", missing), ("do not belong to it", left_over), ("have another shape", other)) if names]
    if parts:
        raise MissingModel(f"'{path}' is not {what}: {'; '.join(parts)}; get the published file again.")
