"""From noise to the latents of the film: windows of 25 frames that move by seven with each step, each frame guided three ways."""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ...host.progress import Progress
from ...models.overflow import check_finite
from ...models.sonic.audio_attention import Condition, FaceMask
from ...models.sonic.schedule import Schedule, euler_step, likely, scaled
from ...models.sonic.unet import velocity
from ...models.sonic.vae import SCALE

WINDOW = 25
SHIFT = 7
FRAME_RATE = 12.5


@dataclass(frozen=True)
class Score:
    """All that the network is told about a film of N frames, float32 on the CPU. latents: [4, h, w] of the portrait, not scaled. image:
    [1, D], its embedding. mask: [1, 1, H, W], where the face is, or None. tokens: [N, L, D], what is heard in each frame. silence: [1,
    L, D], the tokens of nothing. motion: [N, 2], how much moves."""

    latents: Tensor
    image: Tensor
    mask: Tensor | None
    tokens: Tensor
    silence: Tensor
    motion: Tensor


@dataclass(frozen=True)
class Guidance:
    """picture: how closely the film keeps to the portrait. speech: how strongly it follows what is heard. scale: of the speech's share in
    each cross-attention."""

    picture: float = 2.0
    speech: float = 7.5
    scale: float = 1.0


def denoised(unet: nn.Module, score: Score, noise: Tensor, table: Schedule, guidance: Guidance, device: torch.device, progress: Progress,
             keep: Callable[[int, Tensor], None] = lambda step, latents: None, resumed: tuple[int, Tensor] | None = None,
             watch: Callable[[Tensor], None] = lambda clean: None) -> Tensor:
    """The film's latents, float32 [N, 4, h, w], scaled as the denoiser leaves them.

    noise: float32 [N, 4, h, w], standard normal. keep: is given what each step made and the step's number; resumed: what it was given last
    in an earlier run. watch: sees, after each window of a step, what its first frame is likely to become, [4, h, w], scaled. Between
    windows everything lies in main memory, so that the device holds one window however long the film is.
    Raises Cancelled within one call of the network."""
    first, latents = resumed or (0, SCALE * score.latents + table.sigmas[0] * noise)
    branches = _Branches(unet, score, guidance, device)
    steps, count = len(table.timesteps), len(noise)
    windows = math.ceil(count / WINDOW)
    with progress.stage("animating the portrait", total=(steps - first) * windows) as stage:
        for step in range(first, steps):
            latents = _stepped(branches, latents, table, step, windows, progress, stage, watch)
            keep(step + 1, latents)
    return latents


def window_frames(number: int, step: int, count: int) -> Tensor:
    """int64 [25]: the frames of a window at a step, of a film of `count` frames that is taken for a ring."""
    return (torch.arange(WINDOW) + WINDOW * number - SHIFT * step) % count


def film_noise(seed: int, count: int, size: tuple[int, int]) -> Tensor:
    """float32 [count, 4, h / 8, w / 8] for a picture of height, width = size: drawn on the CPU in the published order, so that it is the
    same on every machine, and a frame's noise the same in films of any length."""
    height, width = size
    generator = torch.Generator().manual_seed(seed)
    torch.randn(1, 3, height, width, generator=generator)  # the picture's own, whose strength is 0
    return torch.randn(1, count, 4, height // 8, width // 8, generator=generator)[0]


def _stepped(branches: _Branches, latents: Tensor, table: Schedule, step: int, windows: int, progress: Progress, stage,
             watch: Callable[[Tensor], None]) -> Tensor:
    """All windows of one step; frames in several windows, or several times in one, get the mean."""
    sigma, following = table.sigmas[step], table.sigmas[step + 1]
    total, times = torch.zeros_like(latents), latents.new_zeros(len(latents), 1, 1, 1)
    for number in range(windows):
        frames = window_frames(number, step, len(latents))
        noisy = latents[frames]
        clean = likely(noisy, branches.velocity(scaled(noisy, sigma), table.timesteps[step], frames, progress), sigma)
        total.index_add_(0, frames, euler_step(noisy, clean, sigma, following))
        times.index_add_(0, frames, latents.new_ones(WINDOW, 1, 1, 1))
        stage.advance()
        watch(clean[0])
    return total / times


class _Branches:
    """The three predictions for a window: nothing given, the picture given, picture and speech given. One runs after the other: together
    they would take three times the memory, and their sums would come out in another order."""

    def __init__(self, unet: nn.Module, score: Score, guidance: Guidance, device: torch.device) -> None:
        self._unet, self._guidance, self._device = unet, guidance, device
        self._dtype = next(unet.parameters()).dtype
        self._tokens, self._motion = score.tokens, score.motion
        self._picture = self._sent(score.latents)
        image, silence = self._sent(score.image), self._sent(score.silence)[None]
        mask = None if score.mask is None else FaceMask(self._sent(score.mask))
        self._unseen = Condition(torch.zeros_like(image), silence, mask, guidance.scale)
        self._silent = replace(self._unseen, image=image)

    def velocity(self, scaled_latents: Tensor, timestep: Tensor, frames: Tensor, progress: Progress) -> Tensor:
        """scaled_latents: [25, 4, h, w] -> the guided prediction, of the same shape and type, on the CPU."""
        noisy, picture = self._sent(scaled_latents), self._picture.expand(WINDOW, -1, -1, -1)
        motion = self._motion[frames].mean(0)
        ids = torch.cat([motion.new_tensor([FRAME_RATE]), motion])[None].to(self._device)
        heard = replace(self._silent, audio=self._sent(self._tokens[frames])[None])
        made = []
        for beside, condition in ((torch.zeros_like(picture), self._unseen), (picture, self._silent), (picture, heard)):
            progress.check()
            with torch.inference_mode():
                sample = torch.cat([noisy, beside], 1)[None]
                made.append(velocity(self._unet, sample, timestep.to(self._device), ids, condition)[0].to("cpu", scaled_latents.dtype))
        nothing, seen, both = made
        guided = nothing + self._guidance.picture * (seen - nothing) + self._guidance.speech * (both - seen)
        check_finite(guided, "Sonic", self._dtype)
        return guided

    def _sent(self, tensor: Tensor) -> Tensor:
        return tensor.to(self._device, self._dtype)
