"""Networks while the pack works: built once and kept, on the device when they run, given back when someone else needs the room.

Inside ComfyUI every network is known to its model management: others' models can push it off the card, "unload models" takes it away
altogether (card and memory), and it is loaded anew when it is wanted next. Outside, networks simply go to the device and stay there.

    network = kept(("wav2lip", *file_stamp(path), dtype), lambda: build(path, dtype))
    with on_device(network, activations=200_000_000) as device:
        picture = network(faces.to(device))
"""
from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from . import comfyui
from .device import torch_device
from .errors import InputError
from .memory import free_memory

if TYPE_CHECKING:
    import torch
    from torch import nn

T = TypeVar("T")
MOST_KEPT = 10
"""Networks kept at the same time; the one used longest ago goes first, also where all together would fill half the free memory."""

_PATCHER = "_talking_avatar_patcher"
_SECONDS_TO_GO = 1.0


@dataclass(eq=False)
class _Kept:
    """A network that is kept. uses: how often it was asked for, by which a drop that comes too late is known."""

    network: Any
    uses: int = 0


@dataclass
class _Room:
    lock: threading.RLock = field(default_factory=threading.RLock)
    kept: OrderedDict[Hashable, _Kept] = field(default_factory=OrderedDict)
    running: list[Any] = field(default_factory=list)


_room = _Room()


def kept(key: Hashable, build: Callable[[], nn.Module]) -> nn.Module:
    """The network of that key, built by `build` (on the CPU, in evaluation mode) where it is not kept.

    key: what makes it another network: its name, `models.find.file_stamp(path)`, dtype, configuration. Ask anew for each run and keep no
    reference between runs, or the memory cannot be given back."""
    import torch

    with _room.lock:
        entry = _room.kept.get(key)
        if entry is None:
            with torch.inference_mode(False):
                entry = _Kept(build())
            _room.kept[key] = entry
        entry.uses += 1
        _room.kept.move_to_end(key)
        _make_room()
        return entry.network


@contextmanager
def on_device(*networks: nn.Module, activations: int = 0) -> Iterator[torch.device]:
    """Inside the block the networks are whole on the device that is given back, also those of blocks around it. activations: bytes that
    running them takes beside their weights. Outside ComfyUI they stay there after the block; inside it until somebody needs the room."""
    if not comfyui.is_here():
        device = torch_device()
        for network in networks:
            network.to(device)
        yield device
        return
    patchers = [_patcher(network) for network in networks]
    with _room.lock:
        _room.running.extend(patchers)
        try:
            comfyui.load_networks(list(dict.fromkeys(_room.running)), activations)
        except BaseException:
            _leave(patchers)
            raise
    try:
        yield patchers[0].load_device if patchers else torch_device()
    finally:
        with _room.lock:
            _leave(patchers)


@contextmanager
def visiting(*networks: nn.Module, activations: int = 0) -> Iterator[torch.device]:
    """As `on_device`, for networks that take turns on a card too small for all of them: outside ComfyUI they leave it after the block."""
    with on_device(*networks, activations=activations) as device:
        try:
            yield device
        finally:
            if not comfyui.is_here() and device.type != "cpu":
                for network in networks:
                    network.to("cpu")
                empty_cache()


def halved(batch: int, run: Callable[[int], T]) -> tuple[T, int]:
    """`run(batch)`, and where memory runs out `run` of half as many, down to one. Returns the result and the batch that fitted, to go on
    with. Raises what `run` raises; out of memory with a batch of one too.

        size, done = 16, 0
        while done < len(faces):
            made, size = halved(min(size, len(faces) - done), lambda n: network(faces[done:done + n]))
    """
    while True:
        try:
            return run(batch), batch
        except Exception as error:
            if not is_out_of_memory(error) or batch <= 1:
                raise
        batch //= 2  # outside the handler, whose error holds the tensors of the failed call
        empty_cache()


@contextmanager
def enough_memory(otherwise: str) -> Iterator[None]:
    """Raises InputError with the sentence `otherwise` where memory runs out inside the block."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(otherwise) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device or this machine has no memory left."""
    import torch

    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in ("out of memory", "can't allocate memory", "alloc_failed"))


def empty_cache() -> None:
    """Give the device's memory that torch keeps in reserve back."""
    import gc

    import torch

    gc.collect()
    if comfyui.is_here():
        comfyui.soft_empty_cache()
    elif torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()


def placement(network: nn.Module) -> str:
    """Where a network is and in which numbers, for a status: "cuda:0, float16"."""
    weights = next(iter(network.parameters()), None)
    return "no weights" if weights is None else f"{weights.device}, {str(weights.dtype).removeprefix('torch.')}"


def let_go() -> None:
    """Keep nothing any more."""
    with _room.lock:
        for key in list(_room.kept):
            _drop(key)
    empty_cache()


def kept_bytes() -> int:
    """Bytes of the weights of all networks that are kept."""
    with _room.lock:
        return sum(_bytes(entry.network) for entry in _room.kept.values())


def _make_room() -> None:
    """Drop what was used longest ago while there are too many or too large ones; never the newest, nor one that runs."""
    for key in list(_room.kept)[:-1]:
        spare = free_memory()
        if len(_room.kept) <= MOST_KEPT and (spare is None or kept_bytes() <= max(spare, 2_000_000_000)):
            return
        if _room.kept[key].network.__dict__.get(_PATCHER) not in _room.running:
            _drop(key)


def _drop(key: Hashable) -> None:
    entry = _room.kept.pop(key, None)
    if entry is None:
        return
    patcher = entry.network.__dict__.pop(_PATCHER, None)
    if patcher is not None:
        comfyui.unload_network(patcher)


def _patcher(network: nn.Module) -> Any:
    """ComfyUI's handle of a network. It hangs on the network, as ComfyUI itself only remembers it weakly."""
    patcher = network.__dict__.get(_PATCHER)
    if patcher is None:
        patcher = comfyui.patcher(_settable(network), _unloaded)
        network.__dict__[_PATCHER] = patcher
    return patcher


def _settable(network: nn.Module) -> nn.Module:
    """The network itself, or in a plain module where its own class has a `device` that nobody may set, as those of diffusers and
    transformers: ComfyUI sets it."""
    from torch import nn

    if not isinstance(getattr(type(network), "device", None), property):
        return network
    holder = nn.Module()
    holder.held = network
    return holder


def _unloaded(patcher: Any) -> None:
    """ComfyUI took a network off the card: after a moment (ComfyUI still looks at it) it is dropped, unless it is wanted again."""
    network = getattr(patcher.model, "held", patcher.model)
    with _room.lock:
        key = next((key for key, entry in _room.kept.items() if entry.network is network), None)
        if key is None:
            return
        uses = _room.kept[key].uses
    timer = threading.Timer(_SECONDS_TO_GO, _drop_unless_used, (key, uses))
    timer.daemon = True
    timer.start()


def _drop_unless_used(key: Hashable, uses: int) -> None:
    with _room.lock:
        entry = _room.kept.get(key)
        if entry is None or entry.uses != uses or entry.network.__dict__.get(_PATCHER) in _room.running:
            return
        _drop(key)
    del entry
    empty_cache()


def _leave(patchers: list[Any]) -> None:
    for patcher in patchers:
        _room.running.remove(patcher)


def _bytes(network: nn.Module) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in (*network.parameters(), *network.buffers()))
