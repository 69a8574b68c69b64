"""Files of torch before 1.6: a few pickles, then the bytes of every storage, in no order that helps. They cannot be memory-mapped, and an
optimizer's moments make them three times as large as the network; here only the storages that are wanted are read from the disk."""
from __future__ import annotations

import ctypes
import io
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

_SMALL = 65536
"""Bytes that are simply read: counts that stand before the storages, and little storages."""


def read_sequential(path: Path, wanted: Callable[[Any], Iterable[Tensor]]) -> Any:
    """What `torch.load` (weights only, CPU) gives for the file; only the tensors that `wanted` picks out of it have their values, all
    others hold memory that was never touched. Raises what `torch.load` raises."""
    with _SkippingFile(path) as file:
        content = torch.load(file, map_location="cpu", weights_only=True)
        storages = {storage.data_ptr(): storage.nbytes() for storage in (tensor.untyped_storage() for tensor in wanted(content))}
        for address, (start, count) in file.skipped.items():
            if any(first <= address < first + length for first, length in storages.items()):
                file.read_to(address, start, count)
    return content


class _SkippingFile(io.FileIO):
    """A file that torch reads through `readinto`. skipped: where the bytes of large storages belong (address in memory), and where they
    stand (offset, count)."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self.skipped: dict[int, tuple[int, int]] = {}
        self._size = os.fstat(super().fileno()).st_size

    def fileno(self) -> int:
        """None: torch shall not read past this object."""
        raise io.UnsupportedOperation

    def readinto(self, buffer) -> int:
        view = memoryview(buffer).cast("B")
        if len(view) <= _SMALL:
            return super().readinto(view) or 0
        start = self.tell()
        if start + len(view) > self._size:
            return 0  # torch then says that the file is too short
        self.skipped[ctypes.addressof(ctypes.c_char.from_buffer(view))] = (start, len(view))
        self.seek(len(view), io.SEEK_CUR)
        return len(view)

    def read_to(self, address: int, start: int, count: int) -> None:
        """Read `count` bytes that stand at `start` to where they belong."""
        self.seek(start)
        view = memoryview((ctypes.c_char * count).from_address(address)).cast("B")
        done = 0
        while done < count:
            got = super().readinto(view[done:])
            if not got:
                raise EOFError
            done += got
