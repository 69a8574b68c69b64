"""What LatentSync costs: python bench/latentsync.py [--count] [--memory] [--start] [--folder DIR]

--count: floating point operations of our graph at the published size (on no device: nothing is computed) beside the published
pipeline's. --memory: peak memory of dubbing 4 s and 60 s, and --start: how soon a second run begins to denoise, both with a reduced
network whose weights are noise. On a graphics card --count also times a denoising step.
"""
from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

PUBLISHED = {256: (282, 128, 156), 512: (1220, 557, 669)}
"""TFLOP for a second of film by the published pipeline: 20 steps with guidance, the same with DeepCache 3, 20 steps without guidance."""

_CHUNK, _FPS, _STEPS = 16, 25, 20
_SMALL = ("--engine", "latentsync", "--set", "resolution=64", "--set", "steps=1", "--max-side", "360", "--duration", "3")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for part in ("count", "memory", "start"):
        parser.add_argument(f"--{part}", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path("demo/bench"), help="where films are kept between runs")
    chosen = parser.parse_args()
    everything = not (chosen.count or chosen.memory or chosen.start)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    if chosen.count or everything:
        count()
    if chosen.memory or everything:
        memory(chosen.folder)
    if chosen.start or everything:
        start(chosen.folder)


def count() -> None:
    """Print the operations of a second of film at both sizes, and on a card how long a step takes."""
    for side, (full, cached, unguided) in PUBLISHED.items():
        whole, light, alone = (flops(side, guided, part) for guided, part in ((True, "whole"), (True, "light"), (False, "whole")))
        faces = autoencoder_flops(side)
        rate = _FPS / _CHUNK / 1e12
        print(f"{side} pixels: a step of 16 frames {whole / 1e12:.2f} TFLOP (published 8.10 at 256, 35.25 at 512), light "
              f"{light / 1e12:.2f}, without guidance {alone / 1e12:.2f}")
        print(f"  a second of film: {rate * (_STEPS * whole + faces):.0f} TFLOP (published {full}), step caching "
              f"{rate * (7 * whole + 13 * light + faces):.0f} ({cached}), guidance 1 {rate * (_STEPS * alone + faces):.0f} ({unguided})")
        if torch.cuda.is_available():
            timed(side, whole)
    print("  saved: attention to silence is a bias; both halves of guidance are one up to the first of them; the speech's keys and values "
          "are made once a chunk")


def flops(side: int, guided: bool, part: str) -> float:
    """Operations of one step of the published UNet for 16 frames; the chunk's keys and values are spread over its steps."""
    from talking_avatar.models.latentsync.unet import LatentSyncUNet

    with torch.device("meta"):
        unet = LatentSyncUNet().eval()
        sample, at = torch.zeros(1, 13, _CHUNK, side // 8, side // 8), torch.tensor(1)
        audio = torch.zeros(_CHUNK, 50, 384)
    with torch.inference_mode():
        with FlopCounterMode(display=False) as hearing:
            heard = unet.listen(audio, guided)
        with FlopCounterMode(display=False) as stepping:
            _, deep = unet.whole(sample, at, heard)
        if part == "light":
            with FlopCounterMode(display=False) as stepping:
                unet.light(sample, at, heard, deep)
    return stepping.get_total_flops() + hearing.get_total_flops() / _STEPS


def autoencoder_flops(side: int) -> float:
    """Operations of two encodings and a decoding of 16 faces."""
    from talking_avatar.models.latentsync.vae import VAEConfig, autoencoder, decoded, encoded

    with torch.device("meta"):
        vae = autoencoder(VAEConfig())
        face, latents = torch.zeros(1, 3, side, side), torch.zeros(1, 4, side // 8, side // 8)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        encoded(vae, face, latents)
        encoded(vae, face, latents)
        decoded(vae, latents)
    return _CHUNK * counter.get_total_flops()


def timed(side: int, operations: float) -> None:
    """Print the seconds of a step on the card, and how many times the time of plain matrix products that is."""
    from talking_avatar.engines.cost import speed
    from talking_avatar.models.latentsync.unet import LatentSyncUNet

    device, dtype = torch.device("cuda"), torch.float16
    unet = LatentSyncUNet().to(device, dtype).eval()
    sample = torch.randn(1, 13, _CHUNK, side // 8, side // 8, device=device, dtype=dtype)
    with torch.inference_mode():
        heard = unet.listen(torch.randn(_CHUNK, 50, 384, device=device, dtype=dtype), guided=True)
        for _ in range(3):
            unet(sample, torch.tensor(1, device=device), heard)
        torch.cuda.synchronize()
        started = time.perf_counter()
        for _ in range(5):
            unet(sample, torch.tensor(1, device=device), heard)
        torch.cuda.synchronize()
    seconds = (time.perf_counter() - started) / 5
    print(f"  a step takes {seconds:.3f} s, {seconds * speed(device, dtype) / operations:.2f} times the card's plain matrix products")


def memory(folder: Path) -> None:
    """Print the peak memory of dubbing 4 s and 60 s."""
    from memory import peak

    film, _ = _prepared(folder)
    short, long = (peak(film, _speech(folder, seconds), *_SMALL) for seconds in (4, 60))
    print(f"4 s: {short:.0f} MB, 60 s: {long:.0f} MB ({long - short:+.0f} MB; bar: within 300)")


def start(folder: Path) -> None:
    """Print how long two runs of one session take from the call to the first finished denoising step."""
    from talking_avatar.engines.engine import Take, make_engine
    from talking_avatar.faces.avatar import make_avatar
    from talking_avatar.faces.settings import TrackSettings
    from talking_avatar.host.progress import Silent
    from talking_avatar.media.open import open_sound, open_source
    from talking_avatar.media.timeline import lay_out
    from talking_avatar.media.trimmed import trimmed
    from talking_avatar.speech.speech import Speech

    film, _ = _prepared(folder)
    source = trimmed(open_source(film), 0.0, 1.0)
    avatar, speech = make_avatar(source, TrackSettings(), Silent()), Speech(open_sound(_speech(folder, 4)))
    take, engine = Take(avatar, speech, lay_out(source, speech.sound)), make_engine("latentsync")
    settings = engine.settings_type(resolution=64, steps=20)
    for name in ("first", "second"):
        begun = time.perf_counter()
        progress = _FirstStep()
        for _ in engine.patches(take, settings, progress):
            break
        print(f"{name} run: denoising after {progress.at - begun:.2f} s", flush=True)


class _FirstStep:
    """A progress that remembers when the first denoising step was finished."""

    at = 0.0

    def check(self) -> None:
        return None

    def stage(self, name: str, total: int | None = None):
        return _Stage(self, name)


class _Stage:
    def __init__(self, progress: _FirstStep, name: str) -> None:
        self._progress, self._counts = progress, name.startswith("painting")

    def __enter__(self) -> _Stage:
        return self

    def __exit__(self, *error) -> None:
        return None

    def advance(self, steps: int = 1) -> None:
        if self._counts and not self._progress.at:
            self._progress.at = time.perf_counter()


def _prepared(folder: Path) -> tuple[Path, Path]:
    """A film, and the folder of the stand-in networks, which becomes the one that models are looked for in."""
    from films import talking_film
    from latentsync_stand_in import make
    from talking_avatar.host.folders import models_folders

    film, models = talking_film(folder, 640, 360), (folder / "models").resolve()
    make(models / "latentsync")
    if not (models / "mediapipe").exists():
        (models / "mediapipe").symlink_to(models_folders("mediapipe")[-1], target_is_directory=True)
    os.environ["TALKING_AVATAR_MODELS"] = str(models)
    return film, models


def _speech(folder: Path, seconds: int) -> Path:
    import soundfile
    from films import spoken

    samples, rate = soundfile.read(spoken(folder))
    path = folder / f"speech_{seconds}s.wav"
    soundfile.write(path, np.resize(samples, seconds * rate), rate)
    return path


if __name__ == "__main__":
    main()
