"""What LatentSync costs: python bench/latentsync.py [--count] [--memory] [--start] [--caching] [--step] [--film FILM] [--folder DIR]

--count: floating point operations of our graph at the published size (on no device: nothing is computed) beside the published
pipeline's. --memory: peak memory of dubbing 4 s and 60 s; --start: how soon a second run begins to denoise; --caching: what step caching
saves and changes on 16 frames of a film: all three with a reduced network whose weights are noise. --step: time and memory of one step of
the published size on this machine (5 GB of noise). Without any of them all but --step.
"""
from __future__ import annotations

import argparse
import math
import os
import threading
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
    for part in ("count", "memory", "start", "caching", "step"):
        parser.add_argument(f"--{part}", action="store_true")
    parser.add_argument("--film", type=Path, help="the film for --caching, of somebody who talks")
    parser.add_argument("--folder", type=Path, default=Path("demo/bench"), help="where films are kept between runs")
    chosen = parser.parse_args()
    everything = not (chosen.count or chosen.memory or chosen.start or chosen.caching or chosen.step)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    if chosen.count or everything:
        count()
    if chosen.memory or everything:
        memory(chosen.folder)
    if chosen.start or everything:
        start(chosen.folder)
    if chosen.caching or everything:
        caching(chosen.folder, chosen.film)
    if chosen.step:
        step()


def count() -> None:
    """Print the operations of a second of film at both sizes."""
    for side, (full, cached, unguided) in PUBLISHED.items():
        whole, light, alone = (flops(side, guided, part) for guided, part in ((True, "whole"), (True, "light"), (False, "whole")))
        faces = autoencoder_flops(side)
        rate = _FPS / _CHUNK / 1e12
        print(f"{side} pixels: a step of 16 frames {whole / 1e12:.2f} TFLOP (published 8.10 at 256, 35.25 at 512), light "
              f"{light / 1e12:.2f}, without guidance {alone / 1e12:.2f}")
        print(f"  a second of film: {rate * (_STEPS * whole + faces):.0f} TFLOP (published {full}), step caching "
              f"{rate * (7 * whole + 13 * light + faces):.0f} ({cached}), guidance 1 {rate * (_STEPS * alone + faces):.0f} ({unguided})")
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


def step(side: int = 256) -> None:
    """Print the seconds of a step of the published UNet on this machine, how many times plain matrix products would take less, and the
    memory beside the weights next to what the node reckons with."""
    from talking_avatar.engines.cost import speed
    from talking_avatar.engines.latentsync.cost import activations
    from talking_avatar.engines.latentsync.settings import LatentSyncSettings
    from talking_avatar.host.device import torch_device
    from talking_avatar.models.latentsync.unet import LatentSyncUNet

    device = torch_device()
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    unet = LatentSyncUNet().to(device, dtype).eval().requires_grad_(False)
    sample = torch.randn(1, 13, _CHUNK, side // 8, side // 8, device=device, dtype=dtype)
    resting, watcher = _memory_in_use(device), _Highest(device)
    with torch.inference_mode(), watcher:
        heard, at = unet.listen(torch.randn(_CHUNK, 50, 384, device=device, dtype=dtype), guided=True), torch.tensor(1, device=device)
        for _ in range(2):
            begun, spent = time.perf_counter(), time.process_time()
            unet(sample, at, heard).sum().item()
            seconds, spent = time.perf_counter() - begun, time.process_time() - spent
    ratio = seconds * speed(device, dtype) / flops(side, True, "whole")
    print(f"a step of the published size, {side} pixels, {device}: {seconds:.2f} s ({spent:.0f} s of CPU time), {ratio:.2f} times that of "
          f"plain matrix products (reckoned with: 2.5); {(watcher.most - resting) / 1e9:.2f} GB beside the weights (reckoned with: "
          f"{activations(LatentSyncSettings(resolution=side), dtype) / 1e9:.2f})")


class _Highest:
    """The most memory in use while the block runs."""

    def __init__(self, device: torch.device) -> None:
        self._device, self._over, self.most = device, threading.Event(), 0

    def __enter__(self) -> None:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def __exit__(self, *error) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, _memory_in_use(self._device))


def _memory_in_use(device: torch.device) -> int:
    import psutil

    return torch.cuda.memory_allocated() if device.type == "cuda" else psutil.Process(os.getpid()).memory_info().rss


def caching(folder: Path, film: Path | None) -> None:
    """Print CPU time and difference of 16 frames with step caching from the same without."""
    from talking_avatar.engines.latentsync.denoise import conditions, denoised, finished_face, in_numbers
    from talking_avatar.engines.latentsync.mask import face_mask
    from talking_avatar.engines.latentsync.noise import film_noise, frame_noise
    from talking_avatar.models.latentsync.checkpoint_set import find_set
    from talking_avatar.models.latentsync.networks import LatentSyncNetworks

    side, made = 128, _prepared(folder)[0]
    networks = LatentSyncNetworks(find_set("latentsync_unet.pt"), torch.float32)
    unet, vae = networks.unet(), networks.vae()
    faces, tokens = _sixteen(film or made, _speech(folder, 4), networks, side)
    painted = torch.from_numpy(1 - face_mask(side)).bool().expand(_CHUNK, 3, -1, -1)
    with torch.inference_mode():
        faces = in_numbers(faces)
        noises = (torch.stack(one) for one in zip(*[frame_noise(1247, index, side // 8) for index in range(_CHUNK)], strict=True))
        known = conditions(vae, faces, *noises, lambda: None)
        noise = film_noise(1247, side // 8)[None, :, None].expand(-1, -1, _CHUNK, -1, -1)
        heard, exact = unet.listen(tokens, guided=True), None
        for every in (1, 2, 3, 5):
            begun = time.process_time()
            latents = denoised(unet, noise, known, heard, _STEPS, 1.5, every)
            spent = time.process_time() - begun
            levels = torch.stack([finished_face(vae, one, face) for one, face in zip(latents[0].transpose(0, 1), faces, strict=True)])
            levels = (levels.clamp(-1, 1) * 127.5)[painted]
            exact = levels if exact is None else exact
            off, power = (levels - exact).abs().mean().item(), (levels - exact).square().mean().item()
            apart = "" if every == 1 else f", {off:.2f} grey levels off on average, {10 * math.log10(255**2 / power):.1f} dB"
            print(f"every {every}. of {_STEPS} steps whole: {spent:.1f} s of CPU time{apart}", flush=True)


def _sixteen(film: Path, speech: Path, networks, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The faces of a film's first frames that have one, uint8 [16, R, R, 3], and what they hear, float32 [16, L, D]."""
    from talking_avatar.engines.latentsync.alignment import face_affines, three_points
    from talking_avatar.engines.latentsync.crop import square_face
    from talking_avatar.faces.avatar import make_avatar
    from talking_avatar.faces.settings import TrackSettings
    from talking_avatar.host.progress import Silent
    from talking_avatar.media.open import open_sound, open_source
    from talking_avatar.media.trimmed import trimmed
    from talking_avatar.speech.whisper_features import frame_tokens, whisper_rows

    source = trimmed(open_source(film), 0.0, 2.0)
    affines = face_affines(three_points(make_avatar(source, TrackSettings(), Silent()).track), side)
    wanted = np.flatnonzero(np.isfinite(affines).all((1, 2)))[:_CHUNK]
    faces = np.stack([square_face(source.frame(int(index)).picture, affines[index], side) for index in wanted])
    rows = whisper_rows(open_sound(speech), networks.whisper(), torch.device("cpu"), Silent())
    return torch.from_numpy(faces), torch.from_numpy(frame_tokens(rows, np.arange(_CHUNK) / _FPS))


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
    from films import look_for_models_in, talking_film
    from latentsync_stand_in import make

    film, models = talking_film(folder, 640, 360), (folder / "models").resolve()
    make(models / "latentsync")
    look_for_models_in(models)
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
