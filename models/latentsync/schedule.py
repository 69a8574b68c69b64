"""The noise levels of Stable Diffusion 1.x and a step between two of them: DDIM without new noise (Song et al. 2021, "Denoising Diffusion
Implicit Models", equation 12 with sigma 0), as diffusers computes it."""
from __future__ import annotations

from typing import Any

_PUBLISHED = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
              "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1, "timestep_spacing": "leading",
              "prediction_type": "epsilon"}


def schedule(steps: int) -> Any:
    """diffusers' `DDIMScheduler` with so many steps: `timesteps` (int64, falling) and `step(noise, timestep, latents)`."""
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler(**_PUBLISHED)
    scheduler.set_timesteps(steps)
    return scheduler
