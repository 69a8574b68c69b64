"""The noise levels of Stable Video Diffusion and one step of Euler's method between two of them.

Levels: Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based Generative Models", equation 5 with rho 7, from 700 to 0.002;
the table comes from diffusers' `EulerDiscreteScheduler`. The network predicts v (Salimans and Ho 2022).
"""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_SVD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "interpolation_type": "linear",
        "num_train_timesteps": 1000, "prediction_type": "v_prediction", "sigma_min": 0.002, "sigma_max": 700.0, "steps_offset": 1,
        "timestep_spacing": "leading", "timestep_type": "continuous", "use_karras_sigmas": True}


@dataclass(frozen=True)
class Schedule:
    """sigmas: float32 [steps + 1], falling, the last is 0. timesteps: float32 [steps], 0.25 ln sigma, what the network is told."""

    sigmas: Tensor
    timesteps: Tensor


def schedule(steps: int) -> Schedule:
    """The published table for so many steps."""
    from diffusers import EulerDiscreteScheduler

    scheduler = EulerDiscreteScheduler(**_SVD)
    scheduler.set_timesteps(steps)
    return Schedule(scheduler.sigmas.float(), scheduler.timesteps.float())


def scaled(latents: Tensor, sigma: Tensor) -> Tensor:
    """Noisy latents as the network takes them, of about unit variance."""
    return latents / torch.sqrt(sigma**2 + 1)


def likely(latents: Tensor, velocity: Tensor, sigma: Tensor) -> Tensor:
    """What noisy latents of level `sigma` will be without noise, by what the network predicts."""
    return latents / (sigma**2 + 1) - velocity * (sigma / torch.sqrt(sigma**2 + 1))


def euler_step(latents: Tensor, clean: Tensor, sigma: Tensor, following: Tensor) -> Tensor:
    """Noisy latents one level further down. clean: of `likely` at level `sigma`."""
    return latents + (latents - clean) / sigma * (following - sigma)
