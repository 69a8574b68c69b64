"""Packages that speak in this process: whether they and their weights are here. Nothing is fetched unasked."""
from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from ...host.errors import MissingModel


def require_package(module: str, title: str, install: str, licence: str, weights: str) -> None:
    """Raises MissingModel if the package, or its weights in the hub's cache on this disk, are missing. weights: their name at the hub."""
    if find_spec(module) is None:
        raise MissingModel(f"{title} is not installed: run `{install}` in ComfyUI's Python ({licence}).")
    if not (_hub_cache() / f"models--{weights.replace('/', '--')}").is_dir():
        raise MissingModel(f"The weights of {title} are not on this machine: run `hf download {weights}`, which fetches some gigabytes to "
                           f"{_hub_cache()} ({licence}).")


def _hub_cache() -> Path:
    """Where huggingface_hub keeps what it fetched."""
    home = Path(os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
