"""The parts of ComfyUI the pack asks for, as small stand-ins, so that nodes can be run in tests. Tests get it as the fixture `comfyui`."""
import sys
import types
from pathlib import Path


class FakeComfyUI:
    """A ComfyUI of one test. input, output, temp, user, models: its folders. bars: what was shown, (value, total, picture) in order.
    interrupted: whether the user pressed cancel; interrupt_at: press it when so many bars were shown."""

    def __init__(self, root: Path, monkeypatch) -> None:
        self.bars, self.interrupted, self.interrupt_at = [], False, None
        for name in ("input", "output", "temp", "user", "models"):
            setattr(self, name, root / name)
            (root / name).mkdir(parents=True)
        for name, module in self._modules().items():
            monkeypatch.setitem(sys.modules, name, module)
        self.folder_paths = sys.modules["folder_paths"]
        self.args = sys.modules["comfy.cli_args"].args
        self.Interrupt = sys.modules["comfy.model_management"].InterruptProcessingException

    def _modules(self) -> dict[str, types.ModuleType]:
        names = ("folder_paths", "server", "comfy", "comfy.utils", "comfy.model_management", "comfy.cli_args", "comfy_execution",
                 "comfy_execution.utils", "comfy_api", "comfy_api.util")
        made = {name: types.ModuleType(name) for name in names}
        self._fill_folder_paths(made["folder_paths"])
        made["server"].PromptServer = types.SimpleNamespace(instance=object())
        made["comfy.cli_args"].args = types.SimpleNamespace(disable_metadata=False)
        made["comfy_execution.utils"].get_executing_context = lambda: types.SimpleNamespace(node_id="7")
        made["comfy_api.util"].VideoComponents = types.SimpleNamespace
        self._fill_management(made["comfy.model_management"])
        made["comfy.utils"].ProgressBar = self._bar_type()
        made["comfy"].model_management, made["comfy"].utils = made["comfy.model_management"], made["comfy.utils"]
        return made

    def _fill_folder_paths(self, module: types.ModuleType) -> None:
        module.models_dir = str(self.models)
        module.folder_names_and_paths = {}
        for name in ("input", "output", "temp", "user"):
            setattr(module, f"get_{name}_directory", lambda name=name: str(getattr(self, name)))
        kinds = {"mp4": "video", "mov": "video", "mkv": "video", "webm": "video", "png": "image", "jpg": "image", "wav": "audio"}
        module.filter_files_content_types = lambda names, wanted: [one for one in names if kinds.get(one.rsplit(".", 1)[-1]) in wanted]
        module.get_save_image_path = _save_image_path

    def _fill_management(self, module: types.ModuleType) -> None:
        module.InterruptProcessingException = type("InterruptProcessingException", (Exception,), {})
        module.processing_interrupted = lambda: self.interrupted
        module.interrupt_current_processing = lambda value=True: setattr(self, "interrupted", value)

    def _bar_type(self) -> type:
        fake = self

        class ProgressBar:
            def __init__(self, total, node_id=None):
                self.node_id = node_id

            def update_absolute(self, value, total=None, preview=None):
                fake.bars.append((value, total, preview))
                if fake.interrupt_at is not None and len(fake.bars) >= fake.interrupt_at:
                    fake.interrupted, fake.interrupt_at = True, None

        return ProgressBar


def _save_image_path(prefix: str, root: str, width: int = 0, height: int = 0):
    """Numbers as ComfyUI gives them."""
    folder, name = Path(root, prefix).parent, Path(prefix).name
    folder.mkdir(parents=True, exist_ok=True)
    names = [path.name for path in folder.iterdir()]
    numbers = [int(one[len(name) + 1:].split("_")[0]) for one in names if one.startswith(name + "_")]
    return str(folder), name, max(numbers, default=0) + 1, str(Path(prefix).parent), prefix
