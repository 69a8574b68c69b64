"""What a film hears: the tokens and the motion values of each of its frames."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from ...models.sonic.audio2bucket import motion_values
from ...speech.whisper_tiny import film_frames, motion_windows, token_windows

_AT_ONCE = 64


def tokens_of(states: np.ndarray, audio2token: nn.Module, device: torch.device) -> tuple[Tensor, Tensor]:
    """states: of `speech_states`. Returns the tokens of all N frames, float32 [N, L, D], and those of nothing, an all-zero window
    [1, L, D], on the CPU."""
    heard = _in_batches(states, lambda start, stop: audio2token(_sent(token_windows(states, start, stop), device)))
    nothing = np.zeros_like(token_windows(states, 0, 1))
    with torch.inference_mode():
        return heard, audio2token(_sent(nothing, device)).cpu()


def motion_of(states: np.ndarray, audio2bucket: nn.Module, image: Tensor, device: torch.device) -> Tensor:
    """image: [1, D] of the portrait. Returns float32 [N, 2], the two motion values of each frame, on the CPU."""
    seen = image.float().to(device)
    return motion_values(_in_batches(states, lambda start, stop: audio2bucket(_sent(motion_windows(states, start, stop), device), seen)))


def _in_batches(states: np.ndarray, run: Callable[[int, int], Tensor]) -> Tensor:
    with torch.inference_mode():
        return torch.cat([run(start, stop).cpu() for start, stop in _batches(film_frames(states))])


def _batches(count: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, _AT_ONCE):
        yield start, min(start + _AT_ONCE, count)


def _sent(windows: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(windows).to(device)
