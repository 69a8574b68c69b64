"""A pack beside ours, for the tests: it tells what the process looks like, and gives images as other packs make them."""
from __future__ import annotations

import logging
import os
import sys

import torch


def _state() -> dict:
    import folder_paths

    backends = torch.backends
    return {
        "environ": dict(os.environ), "sys.path": list(sys.path), "cwd": os.getcwd(),  # noqa: PTH109
        "threads": [torch.get_num_threads(), torch.get_num_interop_threads()],
        "torch": [str(torch.get_default_dtype()), torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled(),
                  backends.cudnn.benchmark, backends.cudnn.deterministic, backends.cudnn.enabled, backends.cuda.matmul.allow_tf32,
                  backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()],
        "logging": {name: one.level for name, one in logging.Logger.manager.loggerDict.items() if isinstance(one, logging.Logger)}
        | {"": logging.getLogger().level, "handlers": len(logging.getLogger().handlers)},
        "folders": {kind: [list(paths), sorted(endings)] for kind, (paths, endings) in folder_paths.folder_names_and_paths.items()},
    }


class GuestImages:
    """IMAGE as some packs make it."""

    FUNCTION, CATEGORY, RETURN_TYPES = "make", "test", ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"kind": (["half", "four channels", "one"],)}}

    def make(self, kind):
        from pathlib import Path

        import numpy as np
        from PIL import Image

        photo = Path(__file__).resolve().parents[2] / "workflows" / "inputs" / "portrait.jpg"
        images = torch.from_numpy(np.asarray(Image.open(photo)).astype(np.float32) / 255)[None]
        if kind == "half":
            return (images.repeat(5, 1, 1, 1).half(),)
        if kind == "four channels":
            return (torch.cat([images, torch.ones_like(images[..., :1])], dim=-1).repeat(5, 1, 1, 1),)
        return (images,)


NODE_CLASS_MAPPINGS = {"GuestImages": GuestImages}

from aiohttp import web  # noqa: E402
from server import PromptServer  # noqa: E402


@PromptServer.instance.routes.get("/guest_probe")
async def _tell(request):
    return web.json_response(_state())
