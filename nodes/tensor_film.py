"""IMAGE tensors as films: read where they are, or held on disk as a lossless file."""
from __future__ import annotations

import uuid
import weakref
from collections.abc import Iterable, Iterator
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path

import numpy as np
import torch

from ..host.errors import InputError
from ..host.folders import temp_folder
from ..host.progress import Progress
from ..media.clock import Clock, exact_rate
from ..media.film import Frame, FrameSource
from ..media.film_file import FilmFile
from ..media.picture import Picture
from ..media.sound import Sound
from ..media.still import Still
from ..media.write import WriteSettings, write_film, write_picture

_NAME = Path("the connected images")


class TensorFilm:
    """A FrameSource (see `media.film.FrameSource`) over IMAGE, float [n, h, w, 1, 3 or 4], 0 .. 1, which stays where it is."""

    path = _NAME
    is_still = False

    def __init__(self, images: torch.Tensor, fps: Fraction | float, sound: Sound | None = None) -> None:
        """Raises InputError for an empty batch or a tensor of another shape."""
        if images.ndim == 3:
            images = images[None]
        if images.ndim != 4 or images.shape[-1] not in (1, 3, 4) or not images.numel():
            raise InputError(f"The images have the shape {tuple(images.shape)}; an IMAGE is [frames, height, width, 3] with at least one.")
        self._images = images
        self.sound = sound
        self.clock = Clock(exact_rate(fps))
        self.n_frames, self.height, self.width = images.shape[:3]

    @property
    def content_key(self) -> str:
        digest = blake2b(repr(tuple(self._images.shape)).encode(), digest_size=20)
        for image in self._images:
            digest.update(_bytes(image).data)
        return digest.hexdigest()

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        for index in range(start, self.n_frames if stop is None else min(stop, self.n_frames)):
            yield self.frame(index)

    def walk(self, indices: Iterable[int]) -> Iterator[Frame]:
        for index in indices:
            yield self.frame(int(index))

    def frame(self, index: int) -> Frame:
        pixels = _bytes(self._images[index])
        return Frame(index, Picture.from_rgba(pixels) if pixels.shape[2] == 4 else Picture.from_rgb(pixels))


class HeldFilm(FilmFile):
    """A film file that goes with this object. key: names its content."""

    def __init__(self, path: Path, key: str) -> None:
        super().__init__(path)
        self._key = key
        weakref.finalize(self, path.unlink, missing_ok=True)

    @property
    def content_key(self) -> str:
        return self._key


class HeldStill(Still):
    """A photo from memory."""

    def __init__(self, pixels: np.ndarray) -> None:
        path = _new_file(".png")
        try:
            write_picture(path, pixels)
            super().__init__(path)
            self.content_key  # noqa: B018  read while the file is there
        finally:
            path.unlink(missing_ok=True)
        self.path = _NAME


def held(images: torch.Tensor, fps: float, progress: Progress, sound: Sound | None = None) -> FrameSource:
    """One image as a photo, several as a film at `fps` (0: 25) in a lossless temporary file, so that the tensor need not stay."""
    film = TensorFilm(images, fps or 25, sound)
    if film.n_frames == 1 and sound is None:
        return HeldStill(film.frame(0).picture.rgb())
    path = _new_file(".mkv")
    write_film(film.frames(), film.clock, film.n_frames, path, WriteSettings(format="mkv-ffv1"), sound, progress)
    return HeldFilm(path, f"{film.content_key} {film.clock.fps} {sound.content_key if sound else ''}")


def _bytes(image: torch.Tensor) -> np.ndarray:
    """uint8 [h, w, 3 or 4] of one image of any float type; values outside 0 .. 1 are cut, NaN is black."""
    pixels = image.detach().to("cpu", torch.float32).nan_to_num(0.0).clamp(0, 1).mul(255).round().to(torch.uint8)
    return np.ascontiguousarray((pixels if pixels.shape[-1] > 1 else pixels.expand(-1, -1, 3)).numpy())


def _new_file(ending: str) -> Path:
    return temp_folder() / f"talking-avatar-{uuid.uuid4().hex[:12]}{ending}"
