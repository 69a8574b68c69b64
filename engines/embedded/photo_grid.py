"""The coarse grid on which a photo's motion is described, and what is done with fields on it."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ...host.device import one_thread
from .thin_plate import solved

STEP = 4
FEWEST, MOST = 96, 160


@dataclass(frozen=True)
class Grid:
    """Nodes spread evenly over a crop of width x height pixels, about one every 4 pixels: the middles of columns x rows cells.

    A displacement field is float32 [rows, columns, 2], x and y in pixels."""

    width: int
    height: int

    @cached_property
    def columns(self) -> int:
        return _nodes(self.width)

    @cached_property
    def rows(self) -> int:
        return _nodes(self.height)

    @cached_property
    def places(self) -> np.ndarray:
        """float32 [rows, columns, 2]: where the nodes lie, centre of pixel (0, 0) = (0, 0)."""
        x = (np.arange(self.columns) + 0.5) * self.width / self.columns - 0.5
        y = (np.arange(self.rows) + 0.5) * self.height / self.rows - 0.5
        return np.stack(np.meshgrid(x, y), -1).astype(np.float32)

    def mixed(self, numbers: np.ndarray, fields: np.ndarray) -> np.ndarray:
        """float32 [rows, columns, 2]: the sum of fields (float32 [k, rows * columns * 2]) times numbers (float32 [k]). On one thread: on
        large photos NumPy's would spin for many times as long as it takes."""
        import torch

        with one_thread():
            mixed = torch.from_numpy(numbers) @ torch.from_numpy(fields)
        return mixed.numpy().reshape(self.rows, self.columns, 2)

    @cached_property
    def _scale(self) -> np.ndarray:
        return np.float32([self.columns / self.width, self.rows / self.height])

    @cached_property
    def _indices(self) -> np.ndarray:
        return pixels_of((0, 0, self.columns, self.rows))

    def read(self, field: np.ndarray, places: np.ndarray) -> np.ndarray:
        """The field at float32 places [..., 2], linear between nodes, held at the border."""
        at = (places + np.float32(0.5)) * self._scale - np.float32(0.5)
        flat = at if at.ndim == 3 else at.reshape(1, -1, 2)
        out = cv2.remap(field, flat, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return out if at.ndim == 3 else out.reshape(places.shape[:-1] + field.shape[2:])

    def inverse(self, field: np.ndarray, steps: int) -> np.ndarray:
        """Where each node came from: off with off(x) = -field(x + off(x)), by fixed-point steps (3 to 4 are enough for smooth fields)."""
        in_nodes = field * self._scale
        off = in_nodes
        for _ in range(steps):
            off = cv2.remap(in_nodes, self._indices - off, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return off * (-1 / self._scale)

    def moved_pixels(self, offset: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
        """float32 [h, w, 2]: the centre of each pixel of box x0, y0, x1, y1 plus the offset there."""
        x0, y0, x1, y1 = box
        if (x1 - x0) * (y1 - y0) < 0.3 * self.width * self.height:
            pixels = pixels_of(box)
            return pixels + self.read(offset, pixels)
        moved = cv2.resize(offset, (self.width, self.height), interpolation=cv2.INTER_LINEAR)[y0:y1, x0:x1]
        moved[..., 0] += np.arange(x0, x1, dtype=np.float32)
        moved[..., 1] += np.arange(y0, y1, dtype=np.float32)[:, None]
        return moved

    def border(self, share: float) -> np.ndarray:
        """float32 [rows, columns]: 0 at the crop's edge rising smoothly to 1 over `share` of its shorter side."""
        reach = min(self.width, self.height) * share
        x, y = self.places[..., 0], self.places[..., 1]
        near = [smoothstep(0.5, reach, one) for one in (x, self.width - 1 - x, y, self.height - 1 - y)]
        return np.prod(near, axis=0).astype(np.float32)


def pixels_of(box: tuple[int, int, int, int]) -> np.ndarray:
    """float32 [h, w, 2]: x, y of each pixel's centre in box x0, y0, x1, y1."""
    x0, y0, x1, y1 = box
    return np.stack(np.meshgrid(np.arange(x0, x1, dtype=np.float32), np.arange(y0, y1, dtype=np.float32)), -1)


def smoothstep(low: float, high: float, value: np.ndarray | float) -> np.ndarray:
    """0 at `low` (and below), 1 at `high` (and above), 3x^2 - 2x^3 between."""
    x = np.clip((np.asarray(value) - low) / (high - low), 0, 1)
    return x * x * (3 - 2 * x)


def thin_plate(sources: np.ndarray, values: np.ndarray, queries: np.ndarray, smoothing: float) -> np.ndarray:
    """Values [m, k] at queries [m, 2] of the smoothing thin-plate spline r^2 log r plus a plane through values [n, k] at sources [n, 2].

    Coordinates about 1 in size. After Duchon (1977); `smoothing` stands on the diagonal."""
    n = len(sources)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _kernel(sources, sources) + smoothing * np.eye(n)
    system[:n, n] = system[n, :n] = 1
    system[:n, n + 1:] = sources
    system[n + 1:, :n] = sources.T
    weights = solved(system, np.concatenate([values, np.zeros((3, values.shape[1]))]))
    out = np.empty((len(queries), values.shape[1]))
    for start in range(0, len(queries), 4096):
        part = queries[start:start + 4096]
        out[start:start + 4096] = _kernel(part, sources) @ weights[:n] + weights[n] + part @ weights[n + 1:]
    return out


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squared = np.maximum((a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T, 1e-12)
    return 0.5 * squared * np.log(squared)


def _nodes(pixels: int) -> int:
    return int(min(pixels, np.clip(round(pixels / STEP), FEWEST, MOST)))
