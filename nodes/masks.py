"""The masks of a spool as ComfyUI's MASK."""
from __future__ import annotations

import numpy as np
import torch

from ..compose.composed_film import ComposedFilm
from ..compose.cut import covered, shifted, warped_mask
from ..compose.patch import FacePatch
from ..host.errors import InputError
from ..host.progress import Progress


def mouth_masks(film: ComposedFilm, progress: Progress) -> torch.Tensor:
    """float32 [n, h, w], 0 to 1. Only the rows around the mouths take memory: the system gives none to zeros that nobody wrote.

    Raises InputError where the whole cannot even be promised, Cancelled."""
    shape = film.n_frames, film.height, film.width
    try:
        masks = np.zeros(shape, np.float32)
    except MemoryError:
        raise InputError(f"A mask of {shape[0]} frames of {shape[2]} x {shape[1]} does not fit into memory: leave `mask` unconnected, or "
                         "shorten the film.") from None
    with progress.stage("laying out the masks", total=film.n_frames) as stage:
        done = 0
        for patch in film.masked_patches(progress):
            _lay(masks[patch.index], patch)
            stage.advance(patch.index - done)
            done = patch.index
    return torch.from_numpy(masks)


def _lay(mask: np.ndarray, patch: FacePatch) -> None:
    height, width = mask.shape
    x0, y0, x1, y1 = covered(patch.affine, patch.pixels.shape[1::-1])
    left, top, right, bottom = np.clip([np.floor(x0), np.floor(y0), np.ceil(x1), np.ceil(y1)], 0, [width, height] * 2).astype(int)
    if right <= left or bottom <= top:
        return
    part = warped_mask(patch.mask, shifted(patch.affine, -left, -top), (right - left, bottom - top))
    here = mask[top:bottom, left:right]
    np.maximum(here, part / np.float32(255), out=here)
