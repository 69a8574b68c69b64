"""Which device the networks run on, and how many threads the small ones get."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from . import comfyui


def torch_device():
    """The torch.device for large networks: inside ComfyUI what it chose, else CUDA, else Apple's MPS, else the CPU."""
    if comfyui.is_here():
        return comfyui.torch_device()
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


_counting = threading.Lock()
_inside, _before = 0, 1  # how many blocks of `one_thread` are open, in all threads, and torch's own number, which the last one restores


@contextmanager
def one_thread() -> Iterator[None]:
    """Run small networks on one thread: with more, their calls of a few milliseconds took up to 2.8 s on a busy machine."""
    import torch

    global _inside, _before
    with _counting:
        if not _inside:
            _before = torch.get_num_threads()
            torch.set_num_threads(1)
        _inside += 1
    try:
        yield
    finally:
        with _counting:
            _inside -= 1
            if not _inside:
                torch.set_num_threads(_before)


def number_type(precision: str, oldest_card: int = 0):
    """The torch.dtype that a setting means here: "float16", "bfloat16", "float32", or "auto", float16 on CUDA cards whose compute
    capability is at least `oldest_card`, else float32."""
    import torch

    if precision != "auto":
        return getattr(torch, precision)
    is_quick = torch_device().type == "cuda" and torch.cuda.get_device_capability()[0] >= oldest_card
    return torch.float16 if is_quick else torch.float32


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware; where it does not, bfloat16 is slower than float32."""
    import torch

    signs = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, sign, lambda: False)() for sign in signs)
