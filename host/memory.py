"""How much this machine has to spare."""
from __future__ import annotations

import os
import shutil
from pathlib import Path


def free_memory() -> int | None:
    """Bytes of memory that programs can have without swapping; None where nobody can tell."""
    try:
        import psutil
    except ImportError:
        return _free_pages()
    return psutil.virtual_memory().available


def free_disk(folder: Path) -> int:
    """Bytes that can be written to the disk of `folder`, which exists."""
    return shutil.disk_usage(folder).free


def free_video_memory() -> int | None:
    """Bytes free on the graphics card; None where there is none."""
    import torch

    return torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else None


def _free_pages() -> int | None:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
