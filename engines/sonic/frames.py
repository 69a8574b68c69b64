"""From the film's latents to its frames, as a stream: decoded eight at a time, a picture put between every two, one chunk in memory."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from ...host.progress import Progress
from ...models.sonic.vae import CHUNK, decoded


def film_pictures(vae: nn.Module, rife: nn.Module | None, latents: Tensor, device: torch.device, progress: Progress,
                  first: int = 0) -> Iterator[np.ndarray]:
    """uint8 RGB [H, W, 3] in order, of latents [N, 4, h, w] on the CPU: with `rife` 2 N - 1 pictures, 25 a second, else N, 12.5 a second.

    first: the picture to begin with; the same come out as with 0. Raises Cancelled."""
    step = 2 if rife is not None else 1
    chunk = first // step // CHUNK
    skipped = first - chunk * CHUNK * step
    last = None
    if chunk and rife is not None:
        last = _decoded(vae, latents, chunk - 1, device)[-1:]
        skipped += 1  # the picture between the chunks comes first
    for number in range(chunk, -(-len(latents) // CHUNK)):
        progress.check()
        frames = _decoded(vae, latents, number, device)
        pictures = frames if rife is None else with_betweens(rife, frames, last)
        last = frames[-1:]
        yield from _bytes(pictures)[skipped:]
        skipped = 0


def with_betweens(rife: nn.Module, frames: Tensor, last: Tensor | None) -> Tensor:
    """frames: [F, 3, H, W], 0 .. 1; last: [1, 3, H, W], the frame before them, if there is one. Returns the frames with the picture
    between each and the one before it: between, frame, between, frame … or, without `last`, frame, between, frame …"""
    row = frames if last is None else torch.cat([last, frames])
    with torch.inference_mode():
        betweens = [rife(one[None], other[None]).clamp(0, 1) for one, other in zip(row[:-1], row[1:], strict=True)]
    ordered = [picture for pair in zip(betweens, row[1:, None], strict=True) for picture in pair]
    return torch.cat(ordered if last is not None else [row[:1], *ordered])


def _decoded(vae: nn.Module, latents: Tensor, number: int, device: torch.device) -> Tensor:
    """A chunk of frames, float32 [F, 3, H, W], 0 .. 1, on the device. Where half precision overflows it is decoded again in full."""
    chunk = latents[number * CHUNK:(number + 1) * CHUNK].to(device)
    dtype = next(vae.parameters()).dtype
    with torch.inference_mode():
        frames = decoded(vae, chunk.to(dtype)).float()
        if not torch.isfinite(frames).all() and dtype != torch.float32:
            frames = decoded(vae.float(), chunk)
            vae.to(dtype)
        return (frames * 0.5 + 0.5).clamp(0, 1)


def _bytes(pictures: Tensor) -> np.ndarray:
    """uint8 [F, H, W, 3] of [F, 3, H, W], cut off as in the published film, not rounded."""
    return pictures.mul(255).byte().permute(0, 2, 3, 1).cpu().numpy()
