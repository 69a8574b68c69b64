"""ComfyUI's own services, where the pack runs inside it. Each is looked up when it is asked for: importing this file loads nothing."""
from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

WEIGHT_ENDINGS = {".safetensors", ".sft", ".pt", ".pth", ".bin", ".ckpt", ".pkl", ".model", ".onnx"}
_DEEPEST = 4


def is_here() -> bool:
    """Whether a ComfyUI server runs in this process."""
    server = getattr(sys.modules.get("server"), "PromptServer", None)
    return "folder_paths" in sys.modules and getattr(server, "instance", None) is not None


def models_folders(kind: str) -> list[Path]:
    """Folders that `extra_model_paths.yaml` or another pack gives for `kind`, then `models/<kind>`, which is registered here."""
    import folder_paths

    ours = str(Path(folder_paths.models_dir) / kind)
    folders, endings = folder_paths.folder_names_and_paths.get(kind, ([], set()))
    if ours not in folders or not endings:
        folders = [*folders, *([] if ours in folders else [ours])]
        folder_paths.folder_names_and_paths[kind] = (folders, set(endings) or set(WEIGHT_ENDINGS))
    return [Path(folder) for folder in folders]


def models_root() -> Path:
    """ComfyUI's `models` folder."""
    import folder_paths

    return Path(folder_paths.models_dir)


def custom_nodes_folders() -> list[Path]:
    """Folders of other packs' folders."""
    import folder_paths

    return [Path(folder) for folder in folder_paths.get_folder_paths("custom_nodes")]


def weights_in(folder: Path) -> list[str]:
    """Names of the weight files in a folder and below it, with forward slashes, sorted. Links are followed, hidden files left out."""
    found = []
    for place, folders, names in os.walk(folder, followlinks=True):
        below = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if not name.startswith(".")] if len(below.parts) < _DEEPEST else []
        found += [(below / name).as_posix() for name in names if not name.startswith(".") and Path(name).suffix.lower() in WEIGHT_ENDINGS]
    return sorted(found)


def home() -> Path:
    """The pack's folder among ComfyUI's user files, which no restart empties: `user/talking-avatar`."""
    import folder_paths

    return Path(folder_paths.get_user_directory()) / "talking-avatar"


def temp_folder() -> Path:
    """ComfyUI's folder of temporary files, which it empties when it starts and when it ends; made if missing."""
    import folder_paths

    folder = Path(folder_paths.get_temp_directory())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def torch_device():
    """The torch.device ComfyUI uses for networks."""
    from comfy import model_management

    return model_management.get_torch_device()


def is_interrupted() -> bool:
    """Whether the user pressed cancel. The sign stays until `interruption` takes it down."""
    from comfy import model_management

    return model_management.processing_interrupted()


def interruption() -> BaseException:
    """The exception by which a node tells ComfyUI that it stopped as asked; takes the sign of the cancel down."""
    from comfy import model_management

    model_management.interrupt_current_processing(False)
    return model_management.InterruptProcessingException()


def say(text: str) -> None:
    """Write a line under the node that is running, in cores that can."""
    from comfy_execution.utils import get_executing_context

    send = getattr(sys.modules["server"].PromptServer.instance, "send_progress_text", None)
    context = get_executing_context()
    if send is not None and context is not None:
        send(text, context.node_id)


def interrupt_type() -> type[BaseException]:
    """The type of that exception: an ordinary Exception up to ComfyUI 0.19, a BaseException after."""
    from comfy import model_management

    return model_management.InterruptProcessingException


def patcher(network, unloaded: Callable):
    """ComfyUI's handle of a network made of plain layers; `unloaded(handle)` is called when it was taken off its device altogether."""
    from comfy import model_management
    from comfy.model_patcher import ModelPatcher
    from comfy.patcher_extension import CallbacksMP

    made = ModelPatcher(network, load_device=model_management.get_torch_device(), offload_device=model_management.unet_offload_device())
    made.add_callback(CallbacksMP.ON_DETACH, lambda handle, whole: unloaded(handle) if whole else None)
    return made


def load_networks(patchers: list, activations: int) -> None:
    """Put the networks of these handles on their device, whole: layers of our own cannot be streamed piece by piece as core's can."""
    from comfy import model_management

    if not patchers:
        return
    model_management.load_models_gpu(patchers, memory_required=activations, force_full_load=True)
    for one in patchers:
        if any(weights.device.type != one.load_device.type for weights in one.model.parameters()):  # with --novram core leaves them
            one.model.to(one.load_device)


def unload_network(patcher) -> None:
    """Take the network of a handle off its device and forget the handle."""
    from comfy import model_management

    loaded = model_management.current_loaded_models
    for one in [one for one in loaded if one.model is patcher]:
        one.model_unload()
        loaded.remove(one)


def soft_empty_cache() -> None:
    """Give back the device's memory that torch keeps in reserve."""
    from comfy import model_management

    model_management.soft_empty_cache()
