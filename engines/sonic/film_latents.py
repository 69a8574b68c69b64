"""From a portrait and a speech to the latents of the film, each network on the device only while it works."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import blake2b

import numpy as np
import torch
from torch import Tensor, nn

from ...host.networks import enough_memory, visiting
from ...host.progress import Progress
from ...models.find import file_stamp
from ...models.sonic.networks import SonicNetworks
from ...models.sonic.schedule import schedule
from ...models.sonic.vae import SCALE
from ...speech.features import features_of
from ...speech.speech import Speech
from ...speech.whisper_tiny import speech_states
from .cost import activations
from .denoise import Guidance, Score, denoised, film_noise
from .glimpse import Glimpse
from .hearing import motion_of, tokens_of
from .latents_file import LatentsFile
from .portrait import Portrait
from .seeing import Seen, look_at, seen_once
from .settings import SonicSettings


def film_latents(portrait: Portrait, picture_key: str, speech: Speech, networks: SonicNetworks, settings: SonicSettings,
                 progress: Progress, preview: Callable[[Callable[[], np.ndarray]], None] | None = None) -> Tensor:
    """float32 [N, 4, h, w], 12.5 frames a second of the speech. picture_key: names the picture's content. preview: see `engine.Sonic`.

    What an earlier run of the same film left is taken up again. Raises MissingModel, Cancelled."""
    key = _key(portrait, picture_key, speech, networks, settings)
    file = LatentsFile(key, settings.steps)
    left = file.read()
    if left is not None and left[0] == settings.steps:
        return left[1]
    score = _score(portrait, picture_key, speech, networks, settings, progress)
    height, width = portrait.pixels.shape[:2]
    noise = film_noise(settings.seed, len(score.tokens), (height, width))
    guidance = Guidance(settings.picture_guidance, settings.speech_guidance, settings.speech_scale)
    with progress.stage("loading Sonic's network"):
        unet = networks.unet()
    glimpse = Glimpse(portrait.pixels, score.latents)

    def watch(clean: Tensor) -> None:
        if preview is not None:
            preview(lambda: glimpse.picture(clean / SCALE))

    too_little = (f"The memory of the device is too small to animate {width} x {height} pixels: choose a smaller resolution, or crop to "
                  "the face.")
    with enough_memory(too_little), visiting(unet, activations=activations(height, width, networks.dtype)) as device, \
            _checked(unet, progress):
        return denoised(unet, score, noise, schedule(settings.steps), guidance, device, progress, file.keep, left, watch)


@contextmanager
def _checked(unet: nn.Module, progress: Progress) -> Iterator[None]:
    """A cancel is heard before each block of the network: a call may take many seconds."""
    blocks = [*unet.down_blocks, unet.mid_block, *unet.up_blocks]
    hooks = [block.register_forward_pre_hook(lambda block, given: progress.check()) for block in blocks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _score(portrait: Portrait, picture_key: str, speech: Speech, networks: SonicNetworks, settings: SonicSettings,
           progress: Progress) -> Score:
    states = features_of(speech, f"sonic {file_stamp(networks.files.speech_encoder)}", lambda: _heard(speech, networks, progress))
    seen = _seen(portrait, picture_key, networks, progress)
    audio2token, audio2bucket = networks.audio2token(), networks.audio2bucket()
    with progress.stage("preparing the tokens"), visiting(audio2token, audio2bucket) as device:
        tokens, silence = tokens_of(states, audio2token, device)
        motion = motion_of(states, audio2bucket, seen.image, device)
    mask = torch.from_numpy(portrait.mask)[None, None]
    return Score(seen.latents, seen.image, mask, tokens, silence, motion * settings.dynamic_scale)


def _heard(speech: Speech, networks: SonicNetworks, progress: Progress) -> np.ndarray:
    encoder = networks.speech_encoder()
    with visiting(encoder) as device:
        return speech_states(speech.sound, encoder, device, progress)


def _seen(portrait: Portrait, picture_key: str, networks: SonicNetworks, progress: Progress) -> Seen:
    files = networks.files
    key = (picture_key, portrait.square, portrait.pixels.shape, file_stamp(files.image_encoder), file_stamp(files.vae), networks.dtype)
    with progress.stage("looking at the portrait"):
        return seen_once(key, lambda: look_at(portrait, networks))


def _key(portrait: Portrait, picture_key: str, speech: Speech, networks: SonicNetworks, settings: SonicSettings) -> str:
    """A text that is the same only where the same latents come out."""
    made_from = (replace(settings, between=True), networks.dtype, picture_key, portrait.square, portrait.pixels.shape,
                 blake2b(portrait.mask.tobytes()).hexdigest(), speech.sound.content_key,
                 [file_stamp(path) for path in networks.files.paths()])
    return repr(made_from)
