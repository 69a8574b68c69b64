"""Start ComfyUI's main.py where torch has no graphics card: python start_comfyui.py COMFYUI_PATH [options of main.py]

The torchvision and torchaudio of PyPI are built against the CUDA torch: beside a CPU torch their compiled parts do not load, although
ComfyUI only needs the Python parts here. Two operators are therefore declared (without code), and torchaudio is told that it has no
compiled part. Where torch has a graphics card, nothing is touched.
"""
from __future__ import annotations

import os
import runpy
import sys
import types
from pathlib import Path

_OPERATORS = ("nms(Tensor boxes, Tensor scores, float limit) -> Tensor", "qnms(Tensor boxes, Tensor scores, float limit) -> Tensor")


def _do_without_compiled_parts() -> object | None:
    """Returns what must stay alive as long as the operators shall be known."""
    import torch

    if torch.version.cuda or torch.version.hip:
        return None
    library = torch.library.Library("torchvision", "DEF")
    for operator in _OPERATORS:
        try:
            library.define(operator)
        except RuntimeError:
            return library  # the compiled part is there after all
    absent = types.ModuleType("torchaudio._extension")
    absent._IS_TORCHAUDIO_EXT_AVAILABLE = absent._IS_ALIGN_AVAILABLE = False
    absent._check_cuda_version = lambda: None
    absent.fail_if_no_align = lambda function: function
    sys.modules["torchaudio._extension"] = absent
    return library


if __name__ == "__main__":
    core = Path(sys.argv[1]).resolve()
    declared = _do_without_compiled_parts()
    os.chdir(core)
    sys.path[0] = str(core)
    sys.argv = [str(core / "main.py"), *sys.argv[2:]]
    runpy.run_path(sys.argv[0], run_name="__main__")
