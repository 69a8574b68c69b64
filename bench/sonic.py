"""Sonic's costs, with stand-in weights: python bench/sonic.py [--count] [--memory] [--means] [--seconds 60] [--side 512]

--count: floating point operations of the full-size networks, counted on shape-only tensors, for a second of film at 25 steps, beside the
published pipeline's. --memory: peak memory of what comes after decoding (pictures between, encoding) above the resting process, with
RIFE at full size and a decoder that only enlarges; without either both are done.
"""
from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import nn
from torch.nn.functional import interpolate

PUBLISHED = 1289.0
"""TFLOP for a second of film by the published pipeline (jixiaozhong/Sonic, its processors counted the same way): 1,250 of the UNet with
keys and values repeated for each pixel, 38 of the decoder, 0.84 of RIFE."""

STEPS, WINDOW, BRANCHES, RATE = 25, 25, 3, 12.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--means", action="store_true", help="means instead of RIFE's pictures: a minute of film in less than one of work")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--side", type=int, default=512)
    chosen = parser.parse_args()
    if chosen.count or not chosen.memory:
        count(chosen.side)
    if chosen.memory or not chosen.count:
        memory(chosen.seconds, chosen.side, chosen.means)


def count(side: int) -> None:
    """Print TFLOP of a second of film, part by part."""
    from talking_avatar.models.rife.ifnet import IFNet
    from talking_avatar.models.sonic.audio_attention import Condition, FaceMask
    from talking_avatar.models.sonic.unet import UNetConfig, sonic_unet, velocity
    from talking_avatar.models.sonic.vae import CHUNK, VAEConfig, decoded, svd_vae

    latent = side // 8
    with torch.device("meta"):
        unet, vae, rife = (network.to("meta") for network in (sonic_unet(UNetConfig()), svd_vae(VAEConfig()), IFNet()))
        mask = FaceMask(torch.zeros(1, 1, side, side))
        condition = Condition(torch.zeros(1, 1024), torch.zeros(1, WINDOW, 32, 1024), mask)
        sample, ids = torch.zeros(1, WINDOW, 8, latent, latent), torch.zeros(1, 3)
        branch = _counted(lambda: velocity(unet, sample, torch.zeros(()), ids, condition))
        frame = _counted(lambda: decoded(vae, torch.zeros(CHUNK, 4, latent, latent))) / CHUNK
        between = _counted(lambda: rife(torch.zeros(1, 3, side, side), torch.zeros(1, 3, side, side)))
    parts = {"UNet": branch * BRANCHES * STEPS * RATE / WINDOW, "decoder": frame * RATE, "pictures between": between * RATE}
    for name, tera in parts.items():
        print(f"{name:18} {tera:9.2f} TFLOP for a second of film")
    total = sum(parts.values())
    print(f"{'all':18} {total:9.2f}")
    if side == 512:
        print(f"published pipeline {PUBLISHED:9.0f}, so {100 * (total / PUBLISHED - 1):+.1f} %")


def memory(seconds: float, side: int, means: bool) -> None:
    """Print the peak memory of putting pictures between and encoding for a film of that length, from latents that are there."""
    import psutil
    from talking_avatar.engines.sonic.frames import film_pictures
    from talking_avatar.media.clock import Clock
    from talking_avatar.media.film import Frame
    from talking_avatar.media.picture import Picture
    from talking_avatar.media.write import write_film
    from talking_avatar.models.rife.ifnet import IFNet

    frames = round(seconds * RATE)
    latents = 0.18 * torch.randn(frames, 4, side // 8, side // 8, generator=torch.Generator().manual_seed(0))
    vae, rife = Enlarger(), (Means() if means else IFNet()).eval().requires_grad_(False)
    process, highest, over = psutil.Process(os.getpid()), [0], threading.Event()
    resting = process.memory_info().rss

    def watch() -> None:
        while not over.wait(0.05):
            highest[0] = max(highest[0], process.memory_info().rss)

    with tempfile.TemporaryDirectory() as folder:
        watcher = threading.Thread(target=watch)
        watcher.start()
        pictures = film_pictures(vae, rife, latents, torch.device("cpu"), _silent())
        film = (Frame(index, Picture.from_rgb(pixels)) for index, pixels in enumerate(pictures))
        started = time.process_time()
        try:
            written = write_film(film, Clock(Fraction(25)), 2 * frames - 1, Path(folder) / "film.mp4")
        finally:
            over.set()
            watcher.join()
    above, spent = (highest[0] - resting) / 1e6, time.process_time() - started
    print(f"{written.frames} frames of {side} x {side}: {above:.0f} MB above the {resting / 1e6:.0f} MB of the resting process (bar: below "
          f"1000), {spent:.0f} s of CPU time")


class Enlarger(nn.Module):
    """A decoder that shows three channels of the latents, eight times as large."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1), requires_grad=False)

    def decode(self, latents: torch.Tensor, num_frames: int) -> SimpleNamespace:
        return SimpleNamespace(sample=interpolate(latents[:, :3], scale_factor=8, mode="bilinear"))


class Means(nn.Module):
    """The picture between two is their mean."""

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return (first + second) / 2


def _counted(run) -> float:
    from torch.utils.flop_counter import FlopCounterMode

    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops() / 1e12


def _silent():
    from talking_avatar.host.progress import Silent

    return Silent()


if __name__ == "__main__":
    main()
