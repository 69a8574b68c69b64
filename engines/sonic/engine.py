"""Sonic: one portrait and a speech or song become a living portrait, laid back into its picture."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ...compose.patch import FacePatch
from ...faces.track import FaceTrack
from ...host.device import number_type, torch_device
from ...host.errors import InputError
from ...host.networks import visiting
from ...host.progress import Progress
from ...media.film import FrameSource
from ...models.find import file_stamp
from ...models.packages import require_packages
from ...models.sonic.checkpoint_set import find_set
from ...models.sonic.networks import SonicNetworks
from ...speech.whisper_tiny import FRAME_RATE
from ..cost import Cost
from ..engine import Take, register
from .cost import cost
from .film_latents import film_latents
from .frames import film_pictures
from .portrait import MULTIPLE, Portrait, portrait_of
from .settings import SonicSettings

LICENCE = "CC BY-NC-SA 4.0 (Sonic's published code and weights: no commercial use)"
_NAME = "Sonic"
_PACKAGES = ("diffusers", "transformers", "einops")
_SEAM = 1 / 16  # of the square's side, over which it fades into the picture around it
_EARLY = 1e-6  # frames that rounding may take off a moment


@register("sonic")
@dataclass
class Sonic:
    """Whole frames of a square around the face, or of the whole picture, as patches whose mask is full.

    preview: gets a function that makes a picture (uint8 RGB) of what the film is about to become, to be called if one is wanted just
    now."""

    preview: Callable[[Callable[[], np.ndarray]], None] | None = None

    name, title, licence, settings_type = "sonic", "Sonic: a portrait lives by what is heard", LICENCE, SonicSettings

    slow_rate = Fraction(25, 2)  # of the film without pictures between

    def made_from(self, settings: SonicSettings) -> str:
        """The stamps of the files. Raises MissingModel where one is not there."""
        files = find_set(settings.unet)
        return repr([file_stamp(path) for path in (*files.paths(), *([files.rife] if settings.between else []))])

    def patches(self, take: Take, settings: SonicSettings, progress: Progress, first: int = 0) -> Iterator[FacePatch]:
        """See engines.engine.Engine. Raises InputError for a film instead of a picture, MissingModel for missing files or packages."""
        require_packages(_NAME, _PACKAGES)
        source = take.avatar.source
        portrait = portrait_in(source, take.avatar.track, settings)
        dtype = number_type(settings.precision)
        networks = SonicNetworks(find_set(settings.unet), dtype)
        rife = networks.rife() if settings.between else None
        with progress.stage(f"Sonic: {self.cost(take, settings)}"):
            latents = film_latents(portrait, source.content_key, take.speech, networks, settings, progress, self.preview)
        shown = _shown(take, len(latents), settings.between)
        affine, mask = placed(portrait, source.width, source.height)
        vae = networks.vae(dtype)
        with visiting(*[network for network in (vae, rife) if network is not None]) as device:
            pictures = film_pictures(vae, rife, latents, device, progress, int(shown[first]) if first < len(shown) else 0)
            yield from _patches(pictures, shown, first, affine, mask)

    def cost(self, take: Take, settings: SonicSettings) -> Cost:
        """What the film will take on this machine. Raises what `patches` raises before it begins."""
        require_packages(_NAME, _PACKAGES)
        portrait = portrait_in(take.avatar.source, take.avatar.track, settings)
        dtype = number_type(settings.precision)
        values = SonicNetworks(find_set(settings.unet), dtype).unet_values()
        return cost(_frames(take), portrait.pixels.shape[:2], settings.steps, torch_device(), dtype, values, take.timeline.n_frames)


def _frames(take: Take) -> int:
    return max(1, int(take.speech.sound.seconds * FRAME_RATE))


def portrait_in(source: FrameSource, track: FaceTrack, settings: SonicSettings) -> Portrait:
    """The portrait of a picture and its chosen face. Raises InputError for a film, or a resolution that does not fit."""
    if source.n_frames != 1:
        raise InputError(f"Sonic animates one picture, and '{source.path.name}' is a film of {source.n_frames} frames: give a photo, or "
                         "one frame of the film as a picture.")
    if settings.resolution % MULTIPLE:
        raise InputError(f"resolution is {settings.resolution}; it must be a multiple of {MULTIPLE}, for example 512.")
    picture, box = source.frame(0).picture.rgb(), tuple(float(edge) for edge in track.box[0])
    return portrait_of(picture, box, settings.expand if settings.crop == "face" else None, settings.resolution)


def placed(portrait: Portrait, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """The affine [2, 3] from the portrait to a picture of that size, and the mask, uint8 [H, W]: full, but fading where the square ends
    inside the picture."""
    x0, y0, x1, y1 = portrait.square
    high, wide = portrait.pixels.shape[:2]
    affine = np.array([[(x1 - x0) / wide, 0, x0], [0, (y1 - y0) / high, y0]], np.float64)
    across = _faded(wide, x0 > 0, x1 < width)
    down = _faded(high, y0 > 0, y1 < height)
    return affine, np.uint8(np.minimum(across[None], down[:, None]) * 255 + 0.5)


def _faded(length: int, at_start: bool, at_end: bool) -> np.ndarray:
    """float64 [length]: 1, rising from 0 over a seam at the ends that lie inside the picture."""
    place = (np.arange(length) + 0.5) / (_SEAM * length)
    return np.clip(np.minimum(place if at_start else 1.0, place[::-1] if at_end else 1.0) * np.ones(length), 0, 1)


def _shown(take: Take, frames: int, between: bool) -> np.ndarray:
    """int [n]: the picture of the film that stands under each output frame; the last stays to the end of the sound."""
    rate, last = (2 * FRAME_RATE, 2 * frames - 2) if between else (FRAME_RATE, frames - 1)
    return np.minimum((take.timeline.times() * rate + _EARLY).astype(int), last)


def _patches(pictures: Iterator[np.ndarray], shown: np.ndarray, first: int, affine: np.ndarray, mask: np.ndarray) -> Iterator[FacePatch]:
    """One patch for each output frame from `first` on; `pictures` begins with the one under it."""
    at, pixels = -1, None
    for index in range(first, len(shown)):
        if pixels is None:
            at, pixels = int(shown[index]), next(pictures)
        while at < shown[index]:
            at, pixels = at + 1, next(pictures)
        yield FacePatch(index, pixels, affine, mask)
