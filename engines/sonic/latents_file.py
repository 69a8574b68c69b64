"""The latents of a film on disk after each step, so that a run that was stopped goes on and a finished one is never denoised again."""
from __future__ import annotations

import contextlib
import hashlib
import time
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ...host.folders import cache_folder

_MOST_BYTES = 2_000_000_000
_EVERY_SECONDS = 5.0


class LatentsFile:
    """key: names all that the latents are made from. steps: after which they are finished. Where nothing can be written, nothing stays."""

    def __init__(self, key: str, steps: int) -> None:
        self._path = cache_folder("sonic") / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.safetensors"
        self._steps = steps
        self._due = time.monotonic() + _EVERY_SECONDS

    def read(self) -> tuple[int, Tensor] | None:
        """How many steps are done, and what they left: float32 [N, 4, h, w]; None if there is nothing."""
        try:
            with safe_open(self._path, "pt") as file:
                return int(file.metadata()["step"]), file.get_tensor("latents")
        except (OSError, SafetensorError, KeyError, ValueError, TypeError):
            return None

    def keep(self, step: int, latents: Tensor) -> None:
        """Write what a step left, if it was the last or some seconds have passed."""
        if step < self._steps and time.monotonic() < self._due:
            return
        part = self._path.with_suffix(".part")
        with contextlib.suppress(OSError, SafetensorError):
            save_file({"latents": latents.contiguous()}, part, {"step": str(step)})
            part.replace(self._path)
            _sweep(self._path.parent)
        part.unlink(missing_ok=True)
        self._due = time.monotonic() + _EVERY_SECONDS


def _sweep(folder: Path) -> None:
    """Remove the files used longest ago, beyond two gigabytes."""
    total = 0
    for path in sorted(folder.glob("*.safetensors"), key=lambda path: path.stat().st_mtime, reverse=True):
        total += path.stat().st_size
        if total > _MOST_BYTES:
            path.unlink(missing_ok=True)
