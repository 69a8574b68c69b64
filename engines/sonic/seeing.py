"""What Sonic's networks see in a portrait, computed once for a picture."""
from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...host.networks import visiting
from ...models.sonic.image_encoder import SIDE, embedded, pixel_values
from ...models.sonic.networks import SonicNetworks
from ...models.sonic.vae import encoded
from .portrait import Portrait, resized

_MOST = 8
_kept: OrderedDict[Hashable, Seen] = OrderedDict()
_guard = threading.Lock()


@dataclass(frozen=True)
class Seen:
    """float32 on the CPU. image: [1, D], CLIP's embedding. latents: [4, H / 8, W / 8] of the autoencoder, not scaled."""

    image: Tensor
    latents: Tensor


def seen_once(key: Hashable, compute: Callable[[], Seen]) -> Seen:
    """What `compute` gives, kept for the last eight keys."""
    with _guard:
        if key not in _kept:
            _kept[key] = compute()
            while len(_kept) > _MOST:
                _kept.popitem(last=False)
        _kept.move_to_end(key)
        return _kept[key]


def look_at(portrait: Portrait, networks: SonicNetworks) -> Seen:
    """Embed and encode the portrait; both networks are on the device one after the other."""
    encoder = networks.image_encoder()
    with visiting(encoder) as device, torch.inference_mode():
        values = pixel_values(resized(portrait.pixels, (SIDE, SIDE))).to(device, networks.dtype)
        image = embedded(encoder, values).float().cpu()
    vae = networks.vae(torch.float32)
    with visiting(vae) as device, torch.inference_mode():
        picture = torch.from_numpy(portrait.pixels / np.float32(255) * 2 - 1).permute(2, 0, 1)[None]
        latents = encoded(vae, picture.to(device))[0].float().cpu()
    return Seen(image.clone(), latents.clone())
