"""A photo or drawing as a source of one frame."""
from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..host.errors import InputError
from .content_key import key_of_file
from .film import Frame
from .picture import Picture

# By content, never by name. What runs another program (EPS) or is rather a film (MPEG) is not among them.
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "BMP", "DIB", "TIFF", "GIF", "AVIF", "HEIF", "PPM", "JPEG2000", "ICO", "TGA")
_LARGEST = 8192


class Still:
    """A FrameSource (see `film.FrameSource`) of one frame."""

    is_still = True
    n_frames = 1
    clock = None
    sound = None

    def __init__(self, path: Path):
        """Decodes the picture. Raises InputError if it is damaged or too large."""
        self.path = path
        self._frame = Frame(0, read_picture(path))
        self.width, self.height = self._frame.picture.width, self._frame.picture.height

    @cached_property
    def content_key(self) -> str:
        return key_of_file(self.path)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        if start == 0 and (stop is None or stop > 0):
            yield self._frame

    def walk(self, indices: Iterable[int]) -> Iterator[Frame]:
        for index in indices:
            yield self.frame(index)

    def frame(self, index: int) -> Frame:
        if index != 0:
            raise IndexError(f"frame {index} of a still")
        return self._frame


def opened_picture(path: Path) -> Image.Image | None:
    """The file as Pillow sees it, its pixels not read yet; None if it is no picture. Raises InputError if it is too large."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(path, formats=[name for name in FORMATS if name in _known_formats()])
        except Image.DecompressionBombError:
            raise _too_large(path) from None
        except (OSError, SyntaxError, ValueError):
            return None
    if max(image.size) > _LARGEST:
        image.close()
        raise _too_large(path)
    return image


def read_picture(path: Path) -> Picture:
    """The picture upright (EXIF orientation applied), as grey, RGB or RGBA of 8 bits."""
    image = opened_picture(path)
    if image is None:
        raise InputError(f"'{path.name}' is no picture that can be read: convert it to png or jpg.")
    with image:
        try:
            image = ImageOps.exif_transpose(image)
            return picture_of(image)
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise InputError(f"'{path.name}' is damaged or cut off: copy or download it again.") from error


def picture_of(image: Image.Image) -> Picture:
    """A Picture of a Pillow image of any mode."""
    if image.mode.startswith(("I", "F")):
        return Picture.from_gray(_eight_bits(np.asarray(image)))
    if image.mode in ("L", "1"):
        return Picture.from_gray(np.asarray(image.convert("L")))
    if image.has_transparency_data:
        return Picture.from_rgba(np.asarray(image.convert("RGBA")))
    return Picture.from_rgb(np.asarray(image.convert("RGB")))


def _eight_bits(samples: np.ndarray) -> np.ndarray:
    """Grey of 16 bits (or wider, or real numbers 0 .. 1 or 0 .. 255) as uint8."""
    samples = np.nan_to_num(samples.astype(np.float64))
    if samples.max(initial=0) > 255:
        samples = samples / 257
    elif samples.max(initial=0) <= 1:
        samples = samples * 255
    return np.clip(np.rint(samples), 0, 255).astype(np.uint8)


def _known_formats() -> set[str]:
    Image.init()
    return set(Image.ID)


def _too_large(path: Path) -> InputError:
    return InputError(f"'{path.name}' is larger than {_LARGEST} pixels a side: shrink it to at most {_LARGEST}; 1080 is plenty for a face.")
