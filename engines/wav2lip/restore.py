"""Sharpen the network's faces by any model that ComfyUI's Load Upscale Model gives: a face restorer or an upscaler."""
from __future__ import annotations

from hashlib import blake2b
from typing import Any, Protocol

import cv2
import numpy as np

from ...host.networks import halved, on_device

_TASTED = 32  # numbers of every tensor by which one restorer is told from another


class Restorer(Protocol):
    """What spandrel calls an image model descriptor. model: the network. Called with float [B, 3, H, W], RGB, 0 to 1, it gives the same,
    mostly larger."""

    model: Any

    def __call__(self, pictures: Any) -> Any: ...


def restored(faces: np.ndarray, restorer: Restorer, largest: int, batch: int = 4) -> np.ndarray:
    """uint8 RGB [B, T, T, 3] of faces uint8 RGB [B, S, S, 3]; brought down to `largest` pixels where the restorer makes more, as the film
    has no room for them. Raises what the restorer raises."""
    import torch

    made, done = [], 0
    smallest = getattr(getattr(restorer, "size_requirements", None), "minimum", 0) or 0
    given = np.stack([_at_least(face, smallest) for face in faces])
    with on_device(restorer.model) as device, torch.inference_mode():
        while done < len(given):
            part, batch = halved(min(batch, len(given) - done), lambda n: _run(given[done:done + n], restorer, device))  # noqa: B023
            made += list(part)
            done += len(part)
    return np.stack([_at_most(face, largest) for face in made])


def identity(restorer: Restorer) -> str:
    """A name for a restorer that changes with its weights."""
    digest = blake2b(type(restorer.model).__name__.encode(), digest_size=12)
    for name, tensor in restorer.model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.flatten()[:_TASTED].float().cpu().numpy().tobytes())
    return digest.hexdigest()


def _run(faces: np.ndarray, restorer: Restorer, device: Any) -> np.ndarray:
    import torch

    weights = next(iter(restorer.model.parameters()), None)
    dtype = torch.float32 if weights is None else weights.dtype
    pictures = torch.from_numpy(faces).permute(0, 3, 1, 2).to(device, dtype) / 255
    made = restorer(pictures).float().clamp(0, 1) * 255
    return made.round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def _at_least(face: np.ndarray, side: int) -> np.ndarray:
    return cv2.resize(face, (side, side), interpolation=cv2.INTER_CUBIC) if face.shape[0] < side else face


def _at_most(face: np.ndarray, side: int) -> np.ndarray:
    return cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA) if face.shape[0] > side else face
