"""The parts of ComfyUI the pack asks for, as small stand-ins, so that nodes can be run in tests. Tests get it as the fixture `comfyui`."""
import sys
import types
import weakref
from pathlib import Path


class FakeComfyUI:
    """A ComfyUI of one test. input, output, temp, user, models: its folders. bars: what was shown, (value, total, picture) in order.
    loads: (networks by weak references, bytes, whether whole) of each call that loads networks; loaded: what is loaded; emptied: how
    often caches were.
    interrupted: whether the user pressed cancel; interrupt_at: press it when so many bars were shown."""

    def __init__(self, root: Path, monkeypatch) -> None:
        self.bars, self.interrupted, self.interrupt_at = [], False, None
        self.loads, self.emptied = [], 0
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
                 "comfy_execution.utils", "comfy_api", "comfy_api.util", "comfy.model_patcher", "comfy.patcher_extension")
        made = {name: types.ModuleType(name) for name in names}
        self._fill_folder_paths(made["folder_paths"])
        made["server"].PromptServer = types.SimpleNamespace(instance=object())
        made["comfy.cli_args"].args = types.SimpleNamespace(disable_metadata=False)
        made["comfy_execution.utils"].get_executing_context = lambda: types.SimpleNamespace(node_id="7")
        made["comfy_api.util"].VideoComponents = types.SimpleNamespace
        self._fill_management(made["comfy.model_management"])
        made["comfy.model_patcher"].ModelPatcher = ModelPatcher
        made["comfy.patcher_extension"].CallbacksMP = types.SimpleNamespace(ON_DETACH="on_detach_after")
        made["comfy.utils"].ProgressBar = self._bar_type()
        made["comfy"].model_management, made["comfy"].utils = made["comfy.model_management"], made["comfy.utils"]
        return made

    def _fill_folder_paths(self, module: types.ModuleType) -> None:
        module.models_dir = str(self.models)
        module.folder_names_and_paths = {}
        module.get_folder_paths = lambda kind: [str(self.models.parent / "custom_nodes")] if kind == "custom_nodes" else []
        for name in ("input", "output", "temp", "user"):
            setattr(module, f"get_{name}_directory", lambda name=name: str(getattr(self, name)))
        kinds = {"mp4": "video", "mov": "video", "mkv": "video", "webm": "video", "png": "image", "jpg": "image", "wav": "audio"}
        module.filter_files_content_types = lambda names, wanted: [one for one in names if kinds.get(one.rsplit(".", 1)[-1]) in wanted]
        module.get_save_image_path = _save_image_path

    def _fill_management(self, module: types.ModuleType) -> None:
        module.InterruptProcessingException = type("InterruptProcessingException", (Exception,), {})
        module.processing_interrupted = lambda: self.interrupted
        module.interrupt_current_processing = lambda value=True: setattr(self, "interrupted", value)
        module.get_torch_device = module.unet_offload_device = _cpu
        module.current_loaded_models = self.loaded = []
        module.load_models_gpu = self.load_models
        module.unload_all_models = self.unload_models
        module.soft_empty_cache = lambda: setattr(self, "emptied", self.emptied + 1)

    def load_models(self, patchers, memory_required=0, force_full_load=False):
        """As core does: a handle that is loaded already is taken out, detached in part and put in again."""
        self.loads.append(([weakref.ref(patcher.model) for patcher in patchers], memory_required, force_full_load))
        for patcher in patchers:
            for one in [one for one in self.loaded if one.model is patcher]:
                self.loaded.remove(one)
                patcher.detach(unpatch_all=False)
            patcher.model.device = patcher.load_device
            self.loaded.insert(0, LoadedModel(patcher))

    def unload_models(self):
        """As core does, which still looks at a handle after it was detached."""
        for one in list(self.loaded):
            one.model_unload()
            assert one.model.model is not None, "a network went away while it was being unloaded"
        self.loaded.clear()

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


class ModelPatcher:
    """A network's handle as core's: callbacks, and `detach`."""

    def __init__(self, model, load_device, offload_device):
        self.model, self.load_device, self.offload_device, self.callbacks = model, load_device, offload_device, []

    def add_callback(self, kind, callback):
        assert kind == "on_detach_after"
        self.callbacks.append(callback)

    def detach(self, unpatch_all=True):
        for callback in self.callbacks:
            callback(self, unpatch_all)
        return self.model


class LoadedModel:
    """What core remembers of a loaded handle: weakly, or nothing would ever be given back."""

    def __init__(self, patcher):
        self._model = weakref.ref(patcher)

    @property
    def model(self):
        return self._model()

    def model_unload(self):
        self.model.detach(True)
        return True


def _cpu():
    import torch

    return torch.device("cpu")


def _save_image_path(prefix: str, root: str, width: int = 0, height: int = 0):
    """Numbers as ComfyUI gives them."""
    folder, name = Path(root, prefix).parent, Path(prefix).name
    folder.mkdir(parents=True, exist_ok=True)
    names = [path.name for path in folder.iterdir()]
    numbers = [int(one[len(name) + 1:].split("_")[0]) for one in names if one.startswith(name + "_")]
    return str(folder), name, max(numbers, default=0) + 1, str(Path(prefix).parent), prefix
