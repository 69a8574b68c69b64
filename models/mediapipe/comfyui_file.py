"""ComfyUI's own file of MediaPipe weights, accepted where this pack's are not there.

ComfyUI 0.23 and later keep `mediapipe_face_fp32.safetensors` in `models/detection`. Of its parts two are of use here: `detector_short.*`,
the same network as `blaze_face_short.py`, and `mesh.*`, the newer mesh of `face_mesh_v2.py`. Its full-range detector is another network
than ours; it has no rear-camera detector and no iris network.
"""
from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ...host.folders import models_folders
from .blaze_face_short import BlazeFaceShort
from .face_mesh_v2 import FaceMeshV2

FILE = "mediapipe_face_fp32.safetensors"
SERVES = ("short", "mesh")


def find_comfyui_file() -> Path | None:
    """Where ComfyUI's file is, if it is anywhere."""
    files = (folder / FILE for folder in models_folders("detection"))
    return next((file for file in files if file.is_file()), None)


def network_from_comfyui(name: str, path: Path) -> nn.Module | None:
    """The network "short" or "mesh" out of that file; None if the file is damaged or its tensors are not the ones expected."""
    prefix, network = ("detector_short.", BlazeFaceShort()) if name == "short" else ("mesh.", FaceMeshV2())
    try:
        with safe_open(path, "pt") as file:
            tensors = {key.removeprefix(prefix): file.get_tensor(key) for key in file.keys() if key.startswith(prefix)}  # noqa: SIM118
        network.load_state_dict(_own_names(tensors) if name == "short" else tensors)
    except (OSError, SafetensorError, RuntimeError):
        return None
    return network.eval().requires_grad_(False)


_HEADS = {"cls_16": "fine_scores", "cls_8": "coarse_scores", "reg_16": "fine_boxes", "reg_8": "coarse_boxes"}


def _own_names(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The names of `BlazeFaceShort` for ComfyUI's: its 16 blocks are ours before and after the first head."""
    fine = len(BlazeFaceShort().fine)
    renamed = {}
    for key, tensor in tensors.items():
        first, _, rest = key.partition(".")
        if first == "blocks":
            number, _, rest = rest.partition(".")
            at = int(number)
            key = f"fine.{at}.{rest}" if at < fine else f"coarse.{at - fine}.{rest}"
        elif first in _HEADS:
            key = f"{_HEADS[first]}.{rest}"
        renamed[key] = tensor
    return renamed
