"""Which device the networks run on, and how many threads the small ones get."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def torch_device():
    """The torch.device for large networks: CUDA, else Apple's MPS, else the CPU."""
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
