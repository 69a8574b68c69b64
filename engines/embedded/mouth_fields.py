"""How a photo's lower face moves: fixed displacement fields, made once, that a few numbers a frame are multiplied with.

The face exists twice. The upper layer (upper lip and above) and the lower layer (lower lip, chin) have smooth fields each, without a
cut; the moved lip lines make the cut in the output. So lips keep their thickness and nothing smears across the opening."""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .lip_line import LipLines
from .photo_face import CHIN, LOWER_INNER, LOWER_OUTER, TOP, UPPER_INNER, UPPER_OUTER, PhotoFace
from .photo_grid import Grid, smoothstep, thin_plate

NUMBERS = ("jaw", "lower_wide", "lower_narrow", "upper_raise", "corners_up", "pout", "brows", "shut", "width")
"""What moves, in face heights (shut: share of the photo's own gap that is closed; width: half mouth widths, outwards)."""

LOWER_LIP = sorted(set(LOWER_OUTER[1:-1]) | {77, 90, 180, 85, 16, 315, 404, 320, 307, 89, 179, 86, 15, 316, 403, 319, 325, 96})
UPPER_LIP = sorted(set(UPPER_OUTER[1:-1]) | {74, 73, 72, 11, 302, 303, 304, 184, 42, 41, 38, 12, 268, 271, 272, 183, 407, 408})
CORNERS = (61, 291, 78, 308, 76, 306, 62, 292)
BROWS = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46, 300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
CREASES = (247, 30, 29, 27, 28, 56, 190, 414, 286, 258, 257, 259, 260, 467)
LINE_POINTS = 13
UPPER_SHARE_OF_SHUT, WIDEST_SHUT_BY_LIPS = 0.42, 0.06
"""The upper lip's part in shutting a parted mouth, and the gap in face heights beyond which the jaw shuts it."""


@dataclass(frozen=True)
class MouthFields:
    """upper, lower: float32 [9, rows * columns * 2], pixels x, y per unit of each of NUMBERS. down: float32 [2], down the face."""

    grid: Grid
    upper: np.ndarray
    lower: np.ndarray
    down: np.ndarray

    def upper_field(self, numbers: np.ndarray) -> np.ndarray:
        """Displacement [rows, columns, 2] of the upper layer for float32 numbers [9]."""
        return self.grid.mixed(numbers, self.upper)

    def lower_field(self, numbers: np.ndarray) -> np.ndarray:
        """Displacement [rows, columns, 2] of the lower layer for float32 numbers [9]."""
        return self.grid.mixed(numbers, self.lower)


def make_mouth_fields(face: PhotoFace, lines: LipLines, grid: Grid) -> MouthFields:
    """Thin-plate splines through the shares that landmarks and lip lines have in each number; zero far from the face and at the
    crop's edge."""
    points = _Points(face, lines)
    halo = _halo(face)
    halo_values = np.zeros((len(halo), len(NUMBERS)))
    under_chin = _under_chin(face, halo)
    halo_values[:, NUMBERS.index("jaw")] = under_chin * face.height
    halo_values[:, NUMBERS.index("shut")] = -under_chin * points.shut_by_jaw
    shares = np.stack(_shares(points), 1)
    queries = (grid.places.reshape(-1, 2).astype(np.float64) - face.origin) / face.height
    fade = ((1 - smoothstep(0.02, 0.16, _outside(face, grid) / face.height)) * grid.border(0.06)).ravel()
    layers = []
    for keep in (points.in_upper_layer, points.in_lower_layer):
        sources = np.concatenate([points.places[keep], halo])
        values = np.concatenate([shares[keep], halo_values])
        spread = thin_plate((sources - face.origin) / face.height, values, queries, 2e-4)
        ways = np.where(np.arange(len(NUMBERS))[:, None] == NUMBERS.index("width"), face.right, face.down)
        fields = (spread * fade[:, None]).T[..., None] * ways[:, None]
        layers.append(np.ascontiguousarray(fields.reshape(len(NUMBERS), -1), dtype=np.float32))
    return MouthFields(grid, layers[0], layers[1], face.down.astype(np.float32))


class _Points:
    """The mesh without its inner lips, and points of the lip lines read from the picture in their stead, with what each belongs to."""

    def __init__(self, face: PhotoFace, lines: LipLines) -> None:
        mesh = np.setdiff1d(np.arange(len(face.points)), sorted(set(UPPER_INNER[1:-1]) | set(LOWER_INNER[1:-1])))
        picked = np.linspace(0, len(lines.along) - 1, LINE_POINTS + 2).round().astype(int)[1:-1]
        upper_line = face.place(lines.along[picked], lines.upper[picked])
        lower_line = face.place(lines.along[picked], lines.lower[picked])
        self.face = face
        self.places = np.concatenate([face.flat[mesh], upper_line, lower_line])
        self.ids = np.concatenate([mesh, np.full(2 * LINE_POINTS, -1)])
        kind = np.concatenate([np.zeros(len(mesh), int), np.ones(LINE_POINTS, int), np.full(LINE_POINTS, 2)])
        self.on_upper_line, self.on_lower_line = kind == 1, kind == 2
        self.lower_lip = np.isin(self.ids, LOWER_LIP) | self.on_lower_line
        self.upper_lip = np.isin(self.ids, UPPER_LIP) | self.on_upper_line
        self.corner = np.isin(self.ids, CORNERS)
        self.lip = self.lower_lip | self.upper_lip | self.corner
        self.u, self.v = face.mouth_units(self.places)
        self.off_middle = np.abs(self.u)
        a = face.along(self.places)[:, 0]
        self.inner = np.clip(np.where(a < 0, a / face.inner[0], a / face.inner[1]), 0, 1)
        self.gap = np.interp(a, lines.along, lines.lower - lines.upper, left=0, right=0)
        self.shut_by_jaw = max(0.0, lines.gap - WIDEST_SHUT_BY_LIPS * face.height)
        self.jaws_part = self.shut_by_jaw / max(lines.gap, 1e-6)
        _, mesh_v = face.mouth_units(face.flat)
        self.v_nose, self.v_lip, self.v_chin = float(mesh_v[2]), float(mesh_v[17]), float(mesh_v[CHIN])
        self.v_top, self.v_brows = float(mesh_v[TOP]), float(mesh_v[list(BROWS)].mean())
        skin = ~self.lip & (self.off_middle < 1)
        self.in_upper_layer = ~self.lower_lip & ~(skin & (self.v > 0) & (self.v < 0.75 * self.v_chin))
        self.in_lower_layer = ~self.upper_lip & ~(skin & (self.v < 0) & (self.v > 0.95 * self.v_nose))


def _shares(p: _Points) -> tuple[np.ndarray, ...]:
    """Pixels each point moves per unit of each of NUMBERS, [n] each, in their order."""
    fh = p.face.height
    down = (_jaw(p), _lower(p, 1.0, 2.2), _lower(p, 0.68, 2.0), -_upper_raise(p), -_corners_up(p), _pout(p), -_brows(p))
    return tuple(one * fh for one in down) + (_shut(p), _width(p) * p.face.half_width)


def _jaw(p: _Points) -> np.ndarray:
    below = (p.v > 0) & ~p.lip
    share = np.where(below, smoothstep(-0.02, 0.09, p.v) * np.exp(-(np.clip(p.off_middle - 0.75, 0, None) / 1.05) ** 2), 0.0)
    share[p.lower_lip] = (0.20 + 0.80 * (1 - p.inner ** 2.2))[p.lower_lip]
    share[p.corner] = 0.20
    near = below & (p.off_middle < 1.15) & (p.v < 2.2 * p.v_lip)
    least = 0.20 + 0.80 * (1 - np.clip(p.off_middle / 1.25, 0, 1) ** 2.4)
    return np.where(near, np.maximum(share, least), share)


def _lower(p: _Points, reach: float, power: float) -> np.ndarray:
    """The lower lip alone, over `reach` of its width."""
    profile = np.clip(1 - (p.inner / reach) ** power, 0, None)
    below = (p.v > 0) & ~p.lip & (p.off_middle < 1)
    falling = np.clip(1 - (p.v - p.v_lip) / (0.55 * max(p.v_chin - p.v_lip, 0.05)), 0, 1)
    return np.where(p.lower_lip, profile, np.where(below, 0.75 * profile * falling, 0.0))


def _upper_raise(p: _Points) -> np.ndarray:
    above = (p.v < 0) & ~p.lip & (p.off_middle < 1.2) & (p.v > p.v_nose)
    skin = 0.6 * np.clip(1 - p.off_middle / 1.2, 0, 1) * np.clip(1 - p.v / p.v_nose, 0, 1)
    return np.where(p.upper_lip, np.clip(1 - (p.inner / 0.95) ** 2, 0, None), np.where(above, skin, 0.0))


def _corners_up(p: _Points) -> np.ndarray:
    away = np.hypot(np.clip(p.off_middle - 1, 0, None), p.v / 0.16)
    skin = 0.8 * np.minimum(p.off_middle, 1) ** 2 * np.exp(-(away / 0.6) ** 2)
    return np.where(p.lip, np.minimum(p.off_middle, 1.05) ** 3, skin)


def _pout(p: _Points) -> np.ndarray:
    """Outer edges of both lips away from the line: lips grow fuller (pouting) or thinner (pressed)."""
    outer = np.isin(p.ids, UPPER_OUTER + LOWER_OUTER)
    depth = np.where(outer, 1.0, np.where(p.on_upper_line | p.on_lower_line, 0.0, 0.5))
    lip = depth * np.where(p.lower_lip, 1.0, -1.0) * (1 - 0.8 * p.inner ** 2)
    near = ~p.lip & (p.off_middle < 1.3) & (np.abs(p.v) < 0.14)
    skin = np.sign(p.v) * 0.5 * np.exp(-p.off_middle ** 2) * np.clip(1 - np.abs(p.v) / 0.14, 0, 1)
    return np.where(p.lip & ~p.corner, lip, np.where(near, skin, 0.0))


def _brows(p: _Points) -> np.ndarray:
    forehead = 0.55 * np.clip((p.v - p.v_top) / (p.v_brows - p.v_top), 0, 1)
    share = np.where(p.v < p.v_brows, forehead, 0.0)
    share[np.isin(p.ids, CREASES)] = 0.45
    share[np.isin(p.ids, BROWS)] = 1
    return share


def _shut(p: _Points) -> np.ndarray:
    """Pixels to move so that the photo's parted lips meet in every column; the outer edges of the lips and the skin follow by
    half and less, as lips that were stretched grow full again."""
    depth = np.where(p.on_upper_line | p.on_lower_line, 1.0, np.where(np.isin(p.ids, UPPER_OUTER + LOWER_OUTER), 0.5, 0.72))
    above = 0.42 * np.clip(1 - p.v / min(p.v_nose, -0.05), 0, 1)
    below = 0.42 * np.clip(1 - (p.v - p.v_lip) / (0.8 * max(p.v_chin - p.v_lip, 0.05)), 0, 1)
    skin = np.where(p.v < 0, above, below) * (~p.lip & (p.off_middle < 1) & (p.v > p.v_nose))
    by_lips = np.where(p.lip & ~p.corner, depth, skin) * p.gap * (1 - p.jaws_part)
    upper = p.upper_lip | (~p.lip & (p.v < 0))
    by_jaw = np.where(p.on_lower_line, p.gap * p.jaws_part, _jaw(p) * p.shut_by_jaw)
    return by_lips * np.where(upper, UPPER_SHARE_OF_SHUT, UPPER_SHARE_OF_SHUT - 1) - by_jaw


def _width(p: _Points) -> np.ndarray:
    side = np.sign(p.u) * np.minimum(p.off_middle, 1)
    away = np.hypot(np.clip(p.off_middle - 1, 0, None), p.v / 0.16)
    return np.where(p.lip, side, 0.9 * side * np.exp(-(away / 0.55) ** 2))


def _halo(face: PhotoFace) -> np.ndarray:
    """Three rings of 40 points round the face that stay where they are."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.stack([0.85 * np.cos(angle), np.sin(angle)], 1)
    return np.concatenate([face.centre + face.height * radius * ring for radius in (0.72, 0.95, 1.3)])


def _outside(face: PhotoFace, grid: Grid) -> np.ndarray:
    """Pixels by which each node lies outside the face and the skin under its chin, 0 within [rows, columns]."""
    below = face.flat[[149, 378, CHIN]] + np.outer([0.14, 0.14, 0.22], face.down) * face.height
    outline = cv2.convexHull(np.concatenate([face.flat, below]).astype(np.float32))
    inside = [cv2.pointPolygonTest(outline, (float(x), float(y)), True) for x, y in grid.places.reshape(-1, 2)]
    return np.maximum(-np.array(inside), 0).reshape(grid.rows, grid.columns)


def _under_chin(face: PhotoFace, halo: np.ndarray) -> np.ndarray:
    """What the halo takes of the jaw's way below the chin, so that the neck is not crushed."""
    u, v = face.mouth_units(halo)
    _, v_chin = face.mouth_units(face.flat[CHIN])
    return np.where(v > v_chin, 0.75 * np.clip(1 - (v - v_chin) / 0.32, 0, 1) * np.exp(-(u / 2) ** 2), 0.0)
