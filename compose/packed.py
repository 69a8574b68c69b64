"""One patch as bytes: lossless, small and quick, with a check sum."""
from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np

from .cut import whole_shift
from .patch import FacePatch

_HEAD = struct.Struct("<4sIIHHHH6dI")  # magic, check sum of all that follows, index, width, height, planes, hidden, affine, payload bytes
_MAGIC = b"PTCH"
_WHOLE = 65535  # what is hidden of a patch is stored in parts of this
_CUBIC_REACH = 4  # pixels; a patch that will be resampled keeps what a cubic kernel may read beside its mask
HEAD_BYTES = _HEAD.size


def packed(patch: FacePatch) -> bytes:
    """The patch as a record: a fixed head and a payload. Pixels that can never be seen (mask 0) are stored as 0."""
    pixels = patch.pixels if patch.mask is None else _seen(patch.pixels, patch.mask, patch.affine)
    planes = _rows_of_differences(pixels, patch.mask)
    squeeze = zlib.compressobj(1, zlib.DEFLATED, -15, 9, zlib.Z_RLE)
    payload = squeeze.compress(planes.tobytes()) + squeeze.flush()
    height, width = patch.pixels.shape[:2]
    affine, hidden = np.asarray(patch.affine, np.float64).ravel(), round((1 - patch.shown) * _WHOLE)
    rest = _HEAD.pack(_MAGIC, 0, patch.index, width, height, len(planes), hidden, *affine, len(payload))[8:] + payload
    return _MAGIC + struct.pack("<I", zlib.crc32(rest)) + rest


def record_bytes(head: bytes) -> int | None:
    """Length of the record that begins with these HEAD_BYTES; None if no record begins here."""
    if len(head) < HEAD_BYTES or head[:4] != _MAGIC:
        return None
    return HEAD_BYTES + _HEAD.unpack(head)[-1]


def is_whole(record: bytes) -> bool:
    """Whether a record of the length that its head names is unbroken."""
    return zlib.crc32(record[8:]) == struct.unpack_from("<I", record, 4)[0]


def index_of(record: bytes) -> int:
    """The frame number of a record."""
    return _HEAD.unpack_from(record)[2]


def unpacked(record: bytes) -> FacePatch:
    """The patch of an unbroken record."""
    _, _, index, width, height, planes, hidden, *affine, _ = _HEAD.unpack_from(record)
    data = zlib.decompress(record[HEAD_BYTES:], -15)
    differences = np.frombuffer(data, np.uint8).reshape(planes, height, width)
    summed = np.add.accumulate(np.add.accumulate(differences, axis=1, dtype=np.uint8), axis=2, dtype=np.uint8)
    green = summed[0]
    pixels = cv2.merge([summed[1] + green, green, summed[2] + green])
    mask = summed[3] if planes == 4 else None
    return FacePatch(index, pixels, np.array(affine).reshape(2, 3), mask, 1 - hidden / _WHOLE)


def _seen(pixels: np.ndarray, mask: np.ndarray, affine: np.ndarray) -> np.ndarray:
    near = mask if whole_shift(affine) is not None else cv2.dilate(mask, np.ones((2 * _CUBIC_REACH + 1,) * 2, np.uint8))
    return cv2.copyTo(pixels, near)


def _rows_of_differences(pixels: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """uint8 [3 or 4, h, w]: green, red and blue less green, mask; each as the difference of differences along both axes, which leaves
    mostly small numbers (half the bytes and half the time of PNG)."""
    red, green, blue = cv2.split(pixels)
    planes = np.stack([green, red - green, blue - green] + ([] if mask is None else [mask]))
    planes[:, :, 1:] -= planes[:, :, :-1].copy()
    planes[:, 1:] -= planes[:, :-1].copy()
    return planes
