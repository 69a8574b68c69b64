"""Frames as IMAGE, within a bound."""
from __future__ import annotations

import numpy as np
import torch

from ..host.errors import InputError
from ..host.node_progress import NodeProgress
from ..media.film import FrameSource

_MB = 1 << 20
_BYTES = 12


def images_of(source: FrameSource, wanted: range, limit_mb: float, progress: NodeProgress) -> tuple[torch.Tensor, str]:
    """float32 [n, h, w, 3] of the frames of `wanted` that there are, and a sentence of what they cost.

    Raises InputError, before anything is decoded, when there are none or they would take more than `limit_mb` megabytes."""
    chosen = range(wanted.start, min(wanted.stop, source.n_frames), wanted.step)
    if not chosen:
        raise InputError(f"'{source.path.name}' has {source.n_frames} frames, so none from number {wanted.start} on: begin earlier.")
    megabytes = len(chosen) * source.width * source.height * _BYTES / _MB
    cost = f"{len(chosen)} frames of {source.width} x {source.height} take {megabytes:,.0f} MB"
    if megabytes > limit_mb:
        most = int(limit_mb * _MB / (source.width * source.height * _BYTES))
        raise InputError(f"{cost}, more than the limit of {limit_mb:,.0f} MB: take at most {most} frames, shrink the avatar (max_side), "
                         "or raise the limit.")
    images = torch.empty((len(chosen), source.height, source.width, 3), dtype=torch.float32)
    with progress.stage("decoding frames", total=len(chosen)) as stage:
        for place, frame in enumerate(progress.watched(source.walk(chosen))):
            np.divide(frame.picture.rgb(), np.float32(255), out=images[place].numpy())
            stage.advance()
    return images, cost + "."


def image_of(pixels: np.ndarray) -> torch.Tensor:
    """IMAGE [1, h, w, 3] of uint8 RGB [h, w, 3]."""
    return torch.from_numpy(pixels.astype(np.float32) / 255)[None]
