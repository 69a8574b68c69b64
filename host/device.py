"""Which device the networks run on, and how many threads the small ones get."""
from __future__ import annotations

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


@contextmanager
def one_thread() -> Iterator[None]:
    """Run small networks on one thread: with more, their calls of a few milliseconds took up to 2.8 s on a busy machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
