"""A chunk of faces through LatentSync: encoded, denoised by what is heard, decoded, what is kept of them laid over; facts from
bytedance/LatentSync (latentsync/pipelines/lipsync_pipeline.py).

The autoencoder works on one face at a time: the same numbers as for all at once, at a sixteenth of the memory.
"""
from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...models.latentsync.schedule import schedule
from ...models.latentsync.spatial_transformer import Heard
from ...models.latentsync.unet import LatentSyncUNet
from ...models.latentsync.vae import decoded, encoded
from .mask import face_mask, latent_mask

Tick = Callable[[], None]


def in_numbers(faces: Tensor) -> Tensor:
    """faces: uint8 [F, R, R, 3] -> float32 [F, 3, R, R], -1 .. 1."""
    return (faces.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5


def conditions(vae: nn.Module, faces: Tensor, masked_noise: Tensor, reference_noise: Tensor, tick: Tick) -> Tensor:
    """What the denoiser knows of a chunk, the same at every step: mask, latents of the masked face, latents of the same face whole.

    faces: float32 [F, 3, R, R]. noises: [F, 4, R / 8, R / 8], which draw the latents from what the autoencoder finds likely. tick: called
    after every face -> [1, 9, F, R / 8, R / 8]."""
    resolution = faces.shape[-1]
    kept = torch.tensor(face_mask(resolution)).to(faces)
    rows = []
    for face, *noises in zip(faces, masked_noise, reference_noise, strict=True):
        parts = [encoded(vae, one[None], noise[None].to(faces))[0] for one, noise in zip((face * kept, face), noises, strict=True)]
        rows.append(torch.cat([torch.tensor(latent_mask(resolution)).to(faces)[None], *parts]))
        tick()
    return torch.stack(rows, 1)[None]


def denoised(unet: LatentSyncUNet, start: Tensor, known: Tensor, heard: Heard, steps: int, guidance: float, whole_every: int = 1,
             tick: Callable[[Tensor], None] = lambda likely: None) -> Tensor:
    """Latents [1, 4, F, h, w] of a chunk.

    start: noise [1, 4, F, h, w]. known: `conditions`. heard: `unet.listen` of the chunk's tokens, guided where guidance > 1.
    whole_every: every so manieth step is computed whole, the others only in the outermost layers (DeepCache); 1: all whole. tick: called
    after each step with what it takes the finished latents to be."""
    scheduler = schedule(steps)
    latents, deep = start.float() * scheduler.init_noise_sigma, None
    for number, timestep in enumerate(scheduler.timesteps):
        sample = torch.cat([latents.to(known), known], 1)
        if number % whole_every == 0:
            noise, deep = unet.whole(sample, timestep, heard)
        else:
            noise = unet.light(sample, timestep, heard, deep)
        noise = noise.float()
        if heard.guided:
            without, with_speech = noise.chunk(2)
            noise = without + guidance * (with_speech - without)
        made = scheduler.step(noise, timestep, latents, return_dict=True)
        latents = made.prev_sample
        tick(made.pred_original_sample)
    return latents


def finished_face(vae: nn.Module, latents: Tensor, face: Tensor) -> Tensor:
    """latents: [4, h, w]. face: the one it was made from, [3, R, R] -> float32 [3, R, R]: painted below, the original where it is kept."""
    made = decoded(vae, latents[None].to(face))[0].float()
    kept = torch.tensor(face_mask(face.shape[-1])).to(made)
    return made * (1 - kept) + face.float() * kept
