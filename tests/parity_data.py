"""Golden data of published networks: found, and the stand-in weights they were computed with. Tests get this module as `parity`."""
from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
_NAMED = os.environ.get("TALKING_AVATAR_PARITY")
_MORE = _NAMED.split(os.pathsep) if _NAMED else [HERE.parent.parent / "shared" / "parity"]
ROOTS = list(dict.fromkeys([HERE / "data" / "parity", *map(Path, _MORE)]))


@dataclass(frozen=True)
class Golden:
    """path: a file of inputs (`in_*`), values on the way (`mid_*`) and outputs (`out_*`) that the published code computed."""

    path: Path

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        with np.load(self.path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    @property
    def seed(self) -> int:
        """The seed of the stand-in weights: N of a name that ends with `_seedN`, else 0."""
        seed = self.path.stem.rpartition("_seed")[2]
        return int(seed) if "_seed" in self.path.stem else 0

    @property
    def config(self) -> dict[str, Any]:
        own = self.path.with_name("config.json")
        return json.loads((own if own.exists() else _beside(self.path.parent.name, "config.json")).read_text(encoding="utf-8"))


def goldens(folder: str, pattern: str = "*golden*.npz") -> list[Golden]:
    """The golden files of a folder wherever it is found (tests/data/parity, then the folders of TALKING_AVATAR_PARITY, separated like
    PATH, else shared/parity beside the checkout); a name that stands in several is taken from the first."""
    found = {path.name: path for root in reversed(ROOTS) for path in (root / folder).glob(pattern)}
    return [Golden(found[name]) for name in sorted(found)]


def published_tensors(folder: str, name: str = "tensors.json") -> dict[str, tuple[int, ...]]:
    """Name and full-size shape of every tensor of the published checkpoint."""
    return {key: tuple(shape) for key, shape in json.loads(_beside(folder, name).read_text(encoding="utf-8")).items()}


def fill(name: str, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """float32 stand-in weights of a published tensor, which follow from its name, shape and a seed; int64 zeros for a step counter."""
    shape = tuple(int(n) for n in shape)
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    rng = np.random.RandomState([int(seed), zlib.crc32(name.encode())])  # noqa: NPY002, the frozen generator the goldens were made with
    if name.endswith("running_var"):
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)
    values = rng.standard_normal(shape)
    if name.endswith("running_mean"):
        values = 0.1 * values
    elif len(shape) >= 2:
        values = values / np.sqrt(max(1, int(np.prod(shape[1:]))))
    elif name.endswith(("weight", "gamma")):
        values = 1.0 + 0.1 * values
    else:
        values = 0.05 * values
    return values.astype(np.float32)


def fill_module(module, seed: int = 0):
    """Overwrite every tensor of a torch module's state dict with stand-in weights; returns the module."""
    import torch

    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() or name.endswith("num_batches_tracked"):
            tensor.copy_(torch.from_numpy(fill(name, tensor.shape, seed)).to(tensor.dtype))
    return module


def assert_close(made: Any, golden: np.ndarray, tolerance: float = 1e-4) -> None:
    """max |difference| <= tolerance x max(1, max |golden|), and the shapes agree."""
    made = np.asarray(made.detach().float().cpu() if hasattr(made, "detach") else made)
    assert made.shape == golden.shape, f"{made.shape} instead of {golden.shape}"
    worst = float(np.abs(made.astype(np.float64) - golden).max()) if golden.size else 0.0
    bar = tolerance * max(1.0, float(np.abs(golden).max()) if golden.size else 0.0)
    assert worst <= bar, f"off by {worst:.2e}, allowed {bar:.2e}"


def _beside(folder: str, name: str) -> Path:
    for root in ROOTS:
        if (root / folder / name).exists():
            return root / folder / name
    raise FileNotFoundError(f"{folder}/{name} is in none of {', '.join(map(str, ROOTS))}")
