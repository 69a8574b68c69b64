"""Which device the networks run on, and how many threads the small ones get."""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
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

    with _TORCH.alone(torch.get_num_threads, torch.set_num_threads):
        yield


@contextmanager
def one_picture_thread() -> Iterator[None]:
    """Run OpenCV on the thread that calls it, where decoding and encoding run beside it anyway: its own threads spin while they wait for
    each other, which took a fifth of the processor time of a film's mouths and made them no sooner done."""
    import cv2

    with _OPENCV.alone(cv2.getNumThreads, cv2.setNumThreads):
        yield


class _Threads:
    """How many blocks that want one thread are open, in all threads, and the library's own number, which the last one restores."""

    def __init__(self) -> None:
        self._counting = threading.Lock()
        self._inside, self._before = 0, 1

    @contextmanager
    def alone(self, get: Callable[[], int], change: Callable[[int], None]) -> Iterator[None]:
        with self._counting:
            if not self._inside:
                self._before = get()
                change(1)
            self._inside += 1
        try:
            yield
        finally:
            with self._counting:
                self._inside -= 1
                if not self._inside:
                    change(self._before)


_TORCH, _OPENCV = _Threads(), _Threads()


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
