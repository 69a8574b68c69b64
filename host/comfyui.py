"""ComfyUI's own services, where the pack runs inside it. Each is looked up when it is asked for: importing this file loads nothing."""
from __future__ import annotations

import sys
from pathlib import Path

_ENDINGS = {".safetensors", ".sft", ".pt", ".pth", ".bin", ".ckpt", ".onnx"}


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
        folder_paths.folder_names_and_paths[kind] = (folders, set(endings) or set(_ENDINGS))
    return [Path(folder) for folder in folders]


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


def interrupt_type() -> type[BaseException]:
    """The type of that exception: an ordinary Exception up to ComfyUI 0.19, a BaseException after."""
    from comfy import model_management

    return model_management.InterruptProcessingException
