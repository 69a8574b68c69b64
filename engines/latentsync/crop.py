"""The square face LatentSync works on, cut from a picture, and laid back into it; facts from bytedance/LatentSync.

Affines go from the picture to the crop and count from the middle of pixel (0, 0). Everything is float32: the published half precision
displaces the mouth by up to half a pixel in a picture of 1080 lines, in each frame differently.
"""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from ...media.picture import Picture
from .alignment import crop_size

_OUTSIDE = 127.0
_WHOLE = 2e-5
"""Added before truncation, so that whole numbers do not fall by one where float32 rounds them down."""

_MARGIN = 2
_FEATHER = 20
"""The soft edge is sqrt(area) / 20 pixels wide."""

_SMALLEST_KERNEL = 3  # what an erosion without a size comes to


@dataclass(frozen=True)
class Restored:
    """What is laid into a picture. box: x0, y0, x1, y1, whole pixels inside it. pixels: float32 [h, w, 3], 0 .. 255. share: float32
    [h, w], 0 (the picture stays) .. 1."""

    box: tuple[int, int, int, int]
    pixels: np.ndarray
    share: np.ndarray


def square_face(picture: Picture, affine: np.ndarray, resolution: int) -> np.ndarray:
    """uint8 RGB [R, R, 3] of a picture; only the part that is needed is converted."""
    box = face_box(affine, resolution, picture.width, picture.height)
    if box is None:
        return np.full((resolution, resolution, 3), int(_OUTSIDE), np.uint8)
    crop = cropped(picture.rgb(box), _moved(affine, box), resolution)
    return cv2.resize(crop, (resolution, resolution), interpolation=cv2.INTER_LANCZOS4)


def cropped(pixels: np.ndarray, affine: np.ndarray, resolution: int) -> np.ndarray:
    """uint8 [fh, fw, 3], 75 : 100, of pixels uint8 [H, W, 3]: linear, truncated, grey outside."""
    made, seen = _warped(_chw(pixels), _inverse(affine), crop_size(resolution))
    made = made + (1 - seen) * _OUTSIDE + _WHOLE
    return made.clamp(0, 255).to(torch.uint8)[0].permute(1, 2, 0).numpy()


def resized_face(face: Tensor, resolution: int) -> Tensor:
    """float32 [3, R, R] -> [3, fh, fw]: cubic (a = -0.5) and free of aliases, not clamped."""
    width, height = crop_size(resolution)
    return interpolate(face[None].float(), (height, width), mode="bicubic", antialias=True, align_corners=False)[0]


def restored(face: Tensor, affine: np.ndarray, size: tuple[int, int], seen_in_face: np.ndarray | None = None) -> Restored | None:
    """A finished face, float32 [3, R, R], -1 .. 1, as it is laid into a picture of width, height = size; None where it lies outside.

    seen_in_face: float32 [R, R]: a share of the face that is laid in, 1 inside, instead of the published whole crop with soft edges."""
    resolution = face.shape[-1]
    box = face_box(affine, resolution, *size)
    if box is None:
        return None
    inside, place = _moved(affine, box), (box[2] - box[0], box[3] - box[1])
    resized = resized_face(face, resolution)
    made, seen = _warped(resized[None], inside, place)
    pixels = ((made + (1 - seen) * _OUTSIDE) / 2 + 0.5).clamp(0, 1)[0].permute(1, 2, 0).numpy() * 255
    edge = cv2.erode(seen[0, 0].numpy(), np.ones((2, 2), np.uint8))
    if seen_in_face is None:
        share = soft_edge(edge)
    else:
        shown, _ = _warped(resized_face(torch.tensor(seen_in_face)[None], resolution)[None], inside, place)
        share = shown[0, 0].clamp(0, 1).numpy()
    return Restored(box, pixels * edge[..., None], share)


def soft_edge(seen: np.ndarray) -> np.ndarray:
    """float32 [h, w]: how much is laid of what is there (`seen`, 0 .. 1): narrowed by a twentieth of its size, then blurred by as much."""
    width = int(np.sqrt(float(seen.sum(dtype=np.float64)))) // _FEATHER
    kernel = 2 * width or _SMALLEST_KERNEL
    core = cv2.erode(seen, np.ones((kernel, kernel), np.uint8))
    sigma = 0.3 * (width - 1) + 0.8
    return cv2.GaussianBlur(core, (2 * width + 1, 2 * width + 1), sigma, borderType=cv2.BORDER_REFLECT_101)


def face_box(affine: np.ndarray, resolution: int, width: int, height: int) -> tuple[int, int, int, int] | None:
    """The whole pixels of a picture that the crop covers, and a margin; None where there are none."""
    wide, high = crop_size(resolution)
    corners = np.array([[-1, -1], [wide, -1], [-1, high], [wide, high]], np.float64)
    inverse = _inverse(affine)
    corners = corners @ inverse[:, :2].T + inverse[:, 2]
    x0, y0 = np.floor(corners.min(0)).astype(int) - _MARGIN
    x1, y1 = np.ceil(corners.max(0)).astype(int) + 1 + _MARGIN
    box = max(0, int(x0)), max(0, int(y0)), min(width, int(x1)), min(height, int(y1))
    return box if box[0] < box[2] and box[1] < box[3] else None


def _moved(affine: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """The affine from a part of the picture."""
    affine = np.asarray(affine, np.float64)
    return np.column_stack([affine[:, :2], affine[:, 2] + affine[:, :2] @ np.array(box[:2], np.float64)])


def _inverse(affine: np.ndarray) -> np.ndarray:
    turn = np.linalg.inv(np.asarray(affine[:, :2], np.float64))
    return np.column_stack([turn, -turn @ np.asarray(affine[:, 2], np.float64)])


def _warped(source: Tensor, to_source: np.ndarray, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """source: float32 [1, C, H, W]. to_source: takes places of the result to places of the source -> linear samples [1, C, h, w], 0
    outside, and how much of each lies inside [1, 1, h, w]; size = width, height."""
    high, wide = source.shape[2:]
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    places = np.stack([x, y], 2) @ to_source[:, :2].T + to_source[:, 2]
    grid = torch.from_numpy((places * 2 / (max(wide - 1, 1), max(high - 1, 1)) - 1).astype(np.float32))[None]
    inside = torch.ones((1, 1, high, wide))
    return tuple(grid_sample(one, grid, mode="bilinear", padding_mode="zeros", align_corners=True) for one in (source, inside))


def _chw(pixels: np.ndarray) -> Tensor:
    return torch.tensor(pixels).permute(2, 0, 1)[None].float()
