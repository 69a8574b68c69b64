"""How a photo's head and chest move: fixed fields, made once. Turning acts about the depth of the ears, so nose and mouth travel while
outline and hair stay, and nothing tears."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .photo_face import CHIN, PhotoFace
from .photo_grid import Grid, smoothstep, thin_plate

MOTIONS = ("yaw", "pitch", "roll", "across", "down", "breath")
"""yaw, pitch, roll in radians; across, down and breath in face heights."""

EARS = (234, 454, 127, 356)
EYE_CORNERS = (33, 263)


@dataclass(frozen=True)
class HeadFields:
    """fields: float32 [6, rows * columns * 2], pixels per unit of each of MOTIONS."""

    grid: Grid
    fields: np.ndarray

    def field(self, motions: np.ndarray) -> np.ndarray:
        """Displacement [rows, columns, 2] for float32 motions [6]."""
        return self.grid.mixed(motions, self.fields)


def make_head_fields(face: PhotoFace, grid: Grid) -> HeadFields:
    """Fields of a turning, nodding, leaning head on a breathing chest, all zero at the crop's edge."""
    fh = face.height
    eyes = face.flat[EYE_CORNERS[1]] - face.flat[EYE_CORNERS[0]]
    right = eyes / max(float(np.linalg.norm(eyes)), 1e-6)
    down = np.array([-right[1], right[0]])
    places = grid.places.astype(np.float64)
    border = grid.border(0.10)
    away = (places - face.centre) / fh
    across, along = away @ right / 0.78, away @ down / 0.80
    below_chin = (places - face.flat[CHIN]) @ down / fh
    with_head = 1 - smoothstep(0.95, 1.55, np.hypot(across, np.where(along < 0, 0.92 * along, along)))
    with_head = with_head * border * (1 - smoothstep(0.0, 0.5, below_chin))
    depth = (_depth(face, grid) * border)[..., None] * fh
    spoke = places - (face.flat[CHIN] + down * 0.18 * fh)
    roll = with_head[..., None] * np.stack([-spoke[..., 1], spoke[..., 0]], -1)
    chest = smoothstep(0.05, 0.6, below_chin) * border + 0.35 * with_head
    moved = with_head[..., None] * fh
    fields = (depth * right, depth * down, roll, moved * right, moved * down, -chest[..., None] * fh * down)
    return HeadFields(grid, np.stack([one.reshape(-1) for one in fields]).astype(np.float32))


def _depth(face: PhotoFace, grid: Grid) -> np.ndarray:
    """How far each node stands before the ears, face heights, 0 outside the face [rows, columns]."""
    fh = face.height
    nearer = np.clip((face.points[list(EARS), 2].mean() - face.points[:, 2]) / fh, -0.05, 0.6)
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.stack([0.85 * np.cos(angle), np.sin(angle)], 1)
    halo = np.concatenate([face.centre + fh * radius * ring for radius in (0.85, 1.2)])
    sources = (np.concatenate([face.flat, halo]) - face.origin) / fh
    values = np.concatenate([nearer, np.zeros(len(halo))])[:, None]
    queries = (grid.places.reshape(-1, 2).astype(np.float64) - face.origin) / fh
    return np.clip(thin_plate(sources, values, queries, 2e-3).reshape(grid.rows, grid.columns), -0.06, 0.6)
