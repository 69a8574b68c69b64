"""LatentSync as an engine: the lower face of a film or photo is painted anew so that it says the speech."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

from ...compose.patch import FacePatch
from ...host.device import number_type, torch_device
from ...host.errors import InputError
from ...host.networks import enough_memory, on_device
from ...host.progress import Progress
from ...media.ahead import ahead
from ...models.find import file_stamp
from ...models.latentsync.checkpoint_set import CheckpointSet, find_set
from ...models.latentsync.networks import PACKAGES, LatentSyncNetworks
from ...models.latentsync.resnet import Resnet
from ...models.latentsync.unet import LatentSyncUNet
from ...models.overflow import check_finite
from ...models.packages import require_packages
from ...speech.features import features_of
from ...speech.speech import Speech
from ...speech.whisper_features import frame_tokens, whisper_rows
from ..cost import Cost
from ..engine import Take, register
from .alignment import face_affines, three_points
from .chunks import Chunk, chunks, stretches
from .cost import activations, cost
from .crop import face_box, square_face
from .denoise import conditions, denoised, finished_face, in_numbers
from .noise import film_noise, frame_noise
from .patch import patch_of
from .settings import LatentSyncSettings

LICENCE = "code: Apache-2.0; weights: openrail++ (as their card says)"
_NAME = "LatentSync"
_MULTIPLE = 64
_VOLTA = 7
_MEASURED = 200  # frames from which the size of a film's faces is told
_TOO_LITTLE = "The memory of the device is too small for this face: choose a smaller resolution, or guidance 1, which needs half as much."


@register("latentsync")
@dataclass
class LatentSync:
    """preview: gets a function that makes a picture (uint8 RGB) of what the first chunk is about to become, to be called if one is wanted
    just now."""

    preview: Callable[[Callable[[], np.ndarray]], None] | None = None

    name = "latentsync"
    title = "LatentSync: diffusion paints the lower face anew; needs checkpoints and a graphics card"
    licence = LICENCE
    settings_type = LatentSyncSettings

    def made_from(self, settings: LatentSyncSettings) -> str:
        """The stamps of the files. Raises MissingModel where one is not there."""
        files = find_set(settings.unet)
        return repr([file_stamp(path) for path in (files.unet, files.whisper, files.vae)])

    def patches(self, take: Take, settings: LatentSyncSettings, progress: Progress, first: int = 0) -> Iterator[FacePatch]:
        """See engines.engine.Engine; memory: a chunk. Raises MissingModel for a missing or wrong file or package, InputError for a
        resolution that does not fit."""
        require_packages(_NAME, PACKAGES)
        if settings.resolution % _MULTIPLE:
            raise InputError(f"resolution is {settings.resolution}; it must be a multiple of {_MULTIPLE}: 256 for version 1.5, 512 for "
                             "1.6.")
        files, dtype = find_set(settings.unet), number_type(settings.precision, _VOLTA)
        networks = LatentSyncNetworks(files, dtype)
        plan = [chunk for start, stop in stretches(take) for chunk in chunks(start, stop, settings.chunks) if chunk.stop > first]
        if not plan:
            return
        unet, vae = networks.unet(), networks.vae()
        values = sum(weights.numel() for weights in unet.parameters())
        reckoned = cost(len(plan), settings, torch_device(), dtype, values)
        rows = heard_rows(take.speech, networks, files, settings.hearing == "seamless", progress)
        affines = face_affines(three_points(take.avatar.track), settings.resolution)
        size = take.avatar.source.width, take.avatar.source.height
        run = _Run(unet, vae, settings, progress, take.timeline.times(), rows)
        with enough_memory(_TOO_LITTLE), on_device(unet, vae, activations=activations(settings, dtype, values)) as device, \
                interruptible(unet, progress), closing(_squares(take, plan, affines, settings)) as squares, \
                progress.stage(f"painting the mouth ({reckoned})", len(plan) * settings.steps) as stage:
            for index, face in _joined(plan, (run.painted(chunk, squares, device, stage, None if number else self.preview)
                                              for number, chunk in enumerate(plan))):
                if index >= first:
                    yield patch_of(index, face, affines[take.timeline.source[index]], size, settings.paste)

    def cost(self, take: Take, settings: LatentSyncSettings) -> Cost:
        """What the film will take on this machine. Raises what `patches` raises before it begins."""
        require_packages(_NAME, PACKAGES)
        dtype = number_type(settings.precision, _VOLTA)
        values = LatentSyncNetworks(find_set(settings.unet), dtype).unet_values()
        plan = [chunk for one in stretches(take) for chunk in chunks(*one, settings.chunks)]
        return cost(len(plan), settings, torch_device(), dtype, values, patch_bytes(take, settings))


def heard_rows(speech: Speech, networks: LatentSyncNetworks, files: CheckpointSet, seamless: bool, progress: Progress) -> np.ndarray:
    """Whisper's rows of a speech, computed once for it, whichever avatar or engine asks."""
    def compute() -> np.ndarray:
        encoder = networks.whisper()
        with on_device(encoder) as device:
            return whisper_rows(speech.sound, encoder, device, progress, seamless)

    return features_of(speech, f"whisper {file_stamp(files.whisper)} {'seamless' if seamless else 'published'}", compute)


def patch_bytes(take: Take, settings: LatentSyncSettings) -> int:
    """Bytes of the patches of a film, before they are packed."""
    frames = sum(stop - start for start, stop in stretches(take))
    if settings.paste == "dressed":
        return frames * 3 * settings.resolution**2
    points, source = three_points(take.avatar.track), take.avatar.source
    some = face_affines(points[::max(1, len(points) // _MEASURED)], settings.resolution)
    boxes = [face_box(affine, settings.resolution, source.width, source.height) for affine in some if np.isfinite(affine).all()]
    sizes = [4 * (x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in filter(None, boxes)]
    return round(frames * float(np.mean(sizes or [0])))


@contextmanager
def interruptible(unet: nn.Module, progress: Progress) -> Iterator[None]:
    """Inside the block a cancel is heard within a denoising step too, which takes long on slow machines."""
    hooks = [module.register_forward_pre_hook(lambda *_: progress.check()) for module in unet.modules() if isinstance(module, Resnet)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@dataclass(frozen=True)
class _Run:
    """What is the same for all chunks of a film. times: seconds of its output frames. rows: of its speech."""

    unet: LatentSyncUNet
    vae: nn.Module
    settings: LatentSyncSettings
    progress: Progress
    times: np.ndarray
    rows: np.ndarray

    def painted(self, chunk: Chunk, squares: Iterator[np.ndarray], device: torch.device, stage, preview) -> dict[int, Tensor]:
        """float32 [3, R, R] on the CPU of the frames that the chunk is used for."""
        settings, dtype, side = self.settings, next(self.unet.parameters()).dtype, self.settings.resolution // 8
        with torch.inference_mode():
            faces = in_numbers(torch.from_numpy(np.stack(list(islice(squares, len(chunk.frames)))))).to(device, dtype)
            noises = [frame_noise(settings.seed, index, side) for index in chunk.frames]
            known = conditions(self.vae, faces, *(torch.stack(one) for one in zip(*noises, strict=True)), self.progress.check)
            tokens = torch.from_numpy(frame_tokens(self.rows, self.times[list(chunk.frames)])).to(device, dtype)
            start = film_noise(settings.seed, side).to(device)[None, :, None].expand(-1, -1, len(chunk.frames), -1, -1)

            def tick(likely: Tensor) -> None:
                stage.advance()
                check_finite(likely, _NAME, dtype)
                if preview is not None:
                    preview(lambda: _picture(finished_face(self.vae, likely[0, :, len(chunk.frames) // 2], faces[len(faces) // 2])))

            heard = self.unet.listen(tokens, guided=settings.guidance > 1)
            latents = denoised(self.unet, start, known, heard, settings.steps, settings.guidance, settings.whole_every, tick)
            made = {}
            for place, index in enumerate(chunk.frames):
                if chunk.start <= index < chunk.stop and index not in made:
                    made[index] = finished_face(self.vae, latents[0, :, place], faces[place]).cpu().clone()
                    check_finite(made[index], "LatentSync's autoencoder", dtype)
                    self.progress.check()
            return made


def _squares(take: Take, plan: list[Chunk], affines: np.ndarray, settings: LatentSyncSettings) -> Iterator[np.ndarray]:
    """uint8 [R, R, 3] of every frame of every chunk, decoded and cut while the network works."""
    wanted = take.timeline.source[[index for chunk in plan for index in chunk.frames]].tolist()

    def cut() -> Iterator[np.ndarray]:
        with closing(take.avatar.source.walk(wanted)) as frames:
            for frame in frames:
                yield square_face(frame.picture, affines[frame.index], settings.resolution)

    return ahead(cut(), 16)


def _joined(plan: list[Chunk], made: Iterator[dict[int, Tensor]]) -> Iterator[tuple[int, Tensor]]:
    """Each output frame once, in order; where two chunks share frames, the earlier one fades into the later one."""
    held: dict[int, Tensor] = {}
    for number, faces in enumerate(made):
        shared = [index for index in faces if index in held]
        for place, index in enumerate(shared):
            share = (place + 1) / (len(shared) + 1)
            faces[index] = (1 - share) * held[index] + share * faces[index]
        limit = plan[number + 1].start if number + 1 < len(plan) else None
        held = {index: face for index, face in faces.items() if limit is not None and index >= limit}
        for index in sorted(faces):
            if index not in held:
                yield index, faces[index]


def _picture(face: Tensor) -> np.ndarray:
    """uint8 RGB [R, R, 3]."""
    return ((face.float().clamp(-1, 1) + 1) * 127.5).byte().permute(1, 2, 0).cpu().numpy()
