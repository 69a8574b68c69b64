"""From a .tflite file to safetensors: the published tensors under their published names, in their own layout and type."""
from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from .tflite import read_weights


def convert(tflite: bytes, target: Path) -> dict[str, np.ndarray]:
    """Write the weights of a .tflite file to `target` (.safetensors), whole or not at all, and return them.

    Raises ValueError if `tflite` is damaged, OSError if the folder cannot be written."""
    weights = read_weights(tflite)
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(save({name: np.ascontiguousarray(array) for name, array in weights.items()}))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return weights


def digest(weights: Mapping[str, np.ndarray]) -> str:
    """sha256 (hex) over names, types, shapes and values in order of name: the same for every way of writing them down."""
    total = hashlib.sha256()
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name])
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.tobytes())
    return total.hexdigest()
