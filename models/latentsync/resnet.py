"""The residual block of LatentSync's denoiser, whose norms look at all frames of a chunk at once."""
from __future__ import annotations

from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu


class Resnet(nn.Module):
    """norm, SiLU, conv, + time, norm, SiLU, conv, + input; under the names of diffusers' `ResnetBlock2D`."""

    def __init__(self, channels: int, out_channels: int, time_channels: int, groups: int, eps: float) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, channels, eps)
        self.conv1 = nn.Conv2d(channels, out_channels, 3, padding=1)
        self.time_emb_proj = nn.Linear(time_channels, out_channels)
        self.norm2 = nn.GroupNorm(groups, out_channels, eps)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        if channels != out_channels:
            self.conv_shortcut = nn.Conv2d(channels, out_channels, 1)

    def forward(self, x: Tensor, time: Tensor, frames: int) -> Tensor:
        """x: [B * F, C, h, w], time: [1, T] -> [B * F, out, h, w]."""
        hidden = self.conv1(silu(norm_over_frames(self.norm1, x, frames)))
        hidden = hidden + self.time_emb_proj(silu(time))[..., None, None]
        hidden = self.conv2(silu(norm_over_frames(self.norm2, hidden, frames)))
        return hidden + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


class Downsample(nn.Module):
    """Half the height and width."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Upsample(nn.Module):
    """Twice the height and width."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(interpolate(x, scale_factor=2.0, mode="nearest"))


def norm_over_frames(norm: nn.GroupNorm, x: Tensor, frames: int) -> Tensor:
    """x: [B * F, C, h, w], mean and variance of each group taken over frames, height and width together."""
    height = x.shape[-2]
    together = norm(rearrange(x, "(b f) c h w -> b c (f h w)", f=frames))
    return rearrange(together, "b c (f h w) -> (b f) c h w", f=frames, h=height)
