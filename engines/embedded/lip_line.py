"""Where a photo's lips meet, or where its open mouth begins and ends, read from the picture.

The mesh's inner-lip points lie off by up to 0.03 face heights: opening a mouth along them tears the lips in the wrong place."""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .photo_face import LOWER_INNER, LOWER_OUTER, UPPER_INNER, UPPER_OUTER, PhotoFace
from .photo_grid import smoothstep

COLUMNS = 61
SHUT_REACH, SHUT_ROWS = 0.035, 71
OPEN_REACH, OPEN_STEP = 0.040, 0.0025
LIP_POINTS = (85, 16, 315, 15, 84, 17, 314, 86, 316, 180, 404)
PARTED_GAP = 0.022
SMALL = 120.0
"""Face heights in pixels below which the lines are read from an enlarged copy."""
SHARE_OF_TOOTHED_COLUMNS = 0.25
SHORTEST_TOOTH = 0.006
_MIDDLE = slice(COLUMNS // 5, -(COLUMNS // 5))
PADDING, PADDING_PIXELS = 0.003, 0.4
"""Face heights (and pixels) by which both lines of a parted mouth are moved into the lips, so that no fringe of old teeth rides on them."""


@dataclass(frozen=True)
class LipLines:
    """along: float64 [61], a of the columns (pixels along the mouth, rising). upper, lower: float64 [61], t of the upper lip's lower
    edge and of the lower lip's upper edge (equal where the lips meet). parted: whether the photo shows the inside of the mouth.
    toothed: 0..1, share of the columns in which teeth are seen."""

    along: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    parted: bool
    toothed: float = 0.0

    @property
    def middle(self) -> np.ndarray:
        return (self.upper + self.lower) / 2

    @property
    def gap(self) -> float:
        """Largest distance of the two lines, pixels; 0 where the lips meet."""
        return float((self.lower - self.upper).max())


def find_lip_lines(face: PhotoFace) -> LipLines:
    """The lip lines of the photo, by dynamic programming over columns across the mouth.

    A mouth is parted when the mesh says so (|13-14| above 0.022 face heights), or when teeth are seen between the lips, which the mesh
    often misses. Then each sample of a column is judged inside (less red than the lips, as teeth are, or much darker) or not, and
    the run that is most surely inside is taken. Else one line is laid along the dark valley between the lips."""
    if face.height < SMALL:
        return _of_enlarged(face, SMALL / face.height)
    along = _columns(face, 0.0)
    lab = _lab(face)
    run = _open_run(face, lab, _columns(face, 0.5))
    if _parted(face, run):
        return _trimmed(face, run)
    line = _smooth(_valley(face, along), 11)
    return LipLines(along, line, line.copy(), False)


def _of_enlarged(face: PhotoFace, times: float) -> LipLines:
    """The lines read from an enlarged copy: on a face of few pixels the smallest blur would swallow a lip."""
    size = tuple(int(np.ceil(side * times)) for side in face.pixels.shape[1::-1])
    points = face.points * times
    points[:, :2] += (times - 1) / 2
    lines = find_lip_lines(PhotoFace(cv2.resize(face.pixels, size, interpolation=cv2.INTER_CUBIC), 0, 0, points))
    return LipLines(lines.along / times, lines.upper / times, lines.lower / times, lines.parted, lines.toothed)


@dataclass(frozen=True)
class _Run:
    along: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    toothed: np.ndarray


def _columns(face: PhotoFace, beyond: float) -> np.ndarray:
    """Columns between the inner corners, or `beyond` of the way from there to the outer corners."""
    left, right = (inner + beyond * (outer - inner) for inner, outer in zip(face.inner, face.outer, strict=True))
    return np.linspace(left, right, COLUMNS)


def _mesh_line(face: PhotoFace, ids: tuple[int, ...], along: np.ndarray) -> np.ndarray:
    at = face.along(face.flat[list(ids)])
    order = np.argsort(at[:, 0])
    return np.interp(along, at[order, 0], at[order, 1])


def _samples(image: np.ndarray, face: PhotoFace, along: np.ndarray, t: np.ndarray) -> np.ndarray:
    at = face.place(np.broadcast_to(along[:, None], t.shape), t).astype(np.float32)
    return cv2.remap(image, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _lab(face: PhotoFace) -> np.ndarray:
    blurred = cv2.GaussianBlur(face.pixels, (0, 0), max(0.6, 0.003 * face.height))
    return cv2.cvtColor(blurred, cv2.COLOR_RGB2LAB).astype(np.float32) - np.float32([0, 128, 128])


def _valley(face: PhotoFace, along: np.ndarray) -> np.ndarray:
    """t of the dark valley between shut lips [61]."""
    fh = face.height
    grey = cv2.GaussianBlur(cv2.cvtColor(face.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), max(0.7, 0.004 * fh))
    middle = (_mesh_line(face, UPPER_INNER, along) + _mesh_line(face, LOWER_INNER, along)) / 2
    offsets = np.linspace(-SHUT_REACH, SHUT_REACH, SHUT_ROWS) * fh
    seen = _samples(grey, face, along, middle[:, None] + offsets)
    seen = seen - seen.mean(1, keepdims=True)
    depth = _valley_depth(seen, 12)
    cost = 0.6 * seen / (seen.std() + 1) - 0.7 * depth / (depth.std() + 1) + 0.5 * (offsets / fh / 0.02) ** 2
    return middle + offsets[_cheapest_path(cost)]


def _valley_depth(seen: np.ndarray, step: int) -> np.ndarray:
    """How much darker a sample is than those `step` rows above and below it."""
    padded = np.pad(seen, ((0, 0), (step, step)), mode="edge")
    return padded[:, :-2 * step] + padded[:, 2 * step:] - 2 * seen


def _cheapest_path(cost: np.ndarray) -> np.ndarray:
    """Row of each column on the path of least cost; up to 3 rows a column, each step s costing 0.175 s^2."""
    columns, rows = cost.shape
    steps = np.arange(-3, 4)
    total, back = cost[0].copy(), np.zeros((columns, rows), int)
    for column in range(1, columns):
        padded = np.pad(total, 3, constant_values=np.inf)
        choices = np.stack([padded[3 + s:3 + s + rows] + 0.175 * s * s for s in steps])
        best = choices.argmin(0)
        back[column] = np.arange(rows) + steps[best]
        total = cost[column] + choices[best, np.arange(rows)]
    path = [int(total.argmin())]
    for column in range(columns - 1, 0, -1):
        path.append(int(back[column, path[-1]]))
    return np.array(path[::-1])


def _open_run(face: PhotoFace, lab: np.ndarray, along: np.ndarray) -> _Run:
    """In each column the run of samples that is most surely inside the mouth (maybe none), smooth from column to column."""
    fh = face.height
    upper, lower = _mesh_line(face, UPPER_INNER, along), _mesh_line(face, LOWER_INNER, along)
    middle = (upper + lower) / 2
    half = OPEN_REACH * fh + max(0.0, float((lower - upper).max())) / 2
    offsets = np.linspace(-half, half, 2 * int(half / (OPEN_STEP * fh)) + 1)
    t = middle[:, None] + offsets
    seen = _samples(lab, face, along, t)
    tooth, dark = _judge(seen, _lip_colour(face, lab))
    # Towards the corners teeth lie in shadow and beyond them there are none: what is pale there is skin.
    to_corner = np.where(along < 0, along / face.inner[0], along / face.inner[1])
    tooth = np.clip(tooth - 2 * smoothstep(0.78, 1.0, to_corner)[:, None], -1, 1)
    inside = np.maximum(tooth, dark)
    inside += _said_by_mesh(float((lower - upper).max()) / fh, (t > upper[:, None]) & (t < lower[:, None]), inside)
    beyond = np.maximum(upper[:, None] - t, t - lower[:, None]) / fh
    inside -= 0.8 * np.clip((beyond - 0.012) / 0.010, 0, 1)  # a pale spot on a lip next to teeth
    edge_up, edge_down = _mesh_line(face, UPPER_OUTER, along), _mesh_line(face, LOWER_OUTER, along)
    allowed = (t > (edge_up + 0.35 * (upper - edge_up))[:, None]) & (t < (edge_down + 0.35 * (lower - edge_down))[:, None])
    inside = np.where(allowed, inside, -1.5) - 0.10 * (offsets / (0.02 * fh)) ** 2 * (np.abs(offsets) > half / 2)
    depth = _valley_depth(seen[..., 0], max(1, round(0.006 / OPEN_STEP)))
    first, last = _best_runs(inside, 0.8 * np.clip(depth / (depth.std() + 1), -1, 2))
    rows = np.arange(len(offsets))
    within = (rows >= first[:, None]) & (rows < last[:, None])
    toothed = (within & (tooth > 0)).sum(1) * (offsets[1] - offsets[0])
    step = (offsets[1] - offsets[0]) / 2
    return _Run(along, middle + offsets[first] - step, middle + offsets[np.minimum(last, len(offsets) - 1)] - step, toothed / fh)


def _said_by_mesh(gap: float, within: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """What is added to samples between the mesh's lips: something where the picture is undecided, and much in a wide open mouth, which
    the mesh does not miss and in which a tongue looks like a lip."""
    return within * (0.4 * np.clip((gap - 0.015) / 0.02, 0, 1) * (inside > -0.8) + 1.4 * smoothstep(0.085, 0.13, gap))


def _lip_colour(face: PhotoFace, lab: np.ndarray) -> np.ndarray:
    """Lightness and redness of the lips, [2]: medians; of the redness rather more, for lips have pale highlights."""
    at = np.clip(face.flat[list(LIP_POINTS)].round().astype(int), 0, [lab.shape[1] - 1, lab.shape[0] - 1])
    seen = lab[at[:, 1], at[:, 0]]
    return np.array([np.median(seen[:, 0]), np.percentile(seen[:, 1], 65)])


def _judge(seen: np.ndarray, lip: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How surely each sample is a tooth, and how surely the dark of a mouth, -1 .. 1, by its redness and lightness over the lips'."""
    light = seen[..., 0] / max(float(lip[0]), 1)
    if lip[1] > 6:
        tooth = np.minimum(np.clip((0.60 - seen[..., 1] / lip[1]) / 0.14, -1, 1), np.clip((light - 0.45) / 0.1, -1, 1))
    else:
        tooth = np.clip((light - 1.25) / 0.1, -1, 1)
    return tooth, np.clip((0.54 - light) / 0.10, -1, 1)


def _best_runs(inside: np.ndarray, valley: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First row and the row after the last of each column's run: the largest sum of `inside` [columns, rows] over all columns, ends moving
    at most 3 rows a column at a price; an empty run lies where the valley is deep."""
    columns, rows = inside.shape
    price = 0.25 * np.arange(-3, 4) ** 2
    summed = np.concatenate([np.zeros((columns, 1)), np.cumsum(inside, 1)], 1)
    impossible = np.tril(np.ones((rows + 1, rows + 1), bool), -1)
    value, back = np.zeros((rows + 1, rows + 1)), []
    for column in range(columns):
        gain = summed[column][None, :] - summed[column][:, None]
        gain[np.arange(rows), np.arange(rows)] += valley[column] - 0.5
        gain[impossible] = -np.inf
        if column:
            value, from_last = _best_step(value, price, axis=1)
            value, from_first = _best_step(value, price, axis=0)
            back.append((from_first, from_last))
        value = value + gain
    first, last = np.unravel_index(int(value.argmax()), value.shape)
    path = [(first, last)]
    for from_first, from_last in reversed(back):
        step = from_first[first, last]
        first = first + step
        last = last + from_last[first, last]
        path.append((first, last))
    ends = np.array(path[::-1])
    return ends[:, 0], ends[:, 1]


def _best_step(value: np.ndarray, price: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Best value reached by moving up to 3 along an axis, and the move back to where it came from."""
    reach = len(price) // 2
    pad = [(reach, reach) if axis == one else (0, 0) for one in (0, 1)]
    padded = np.pad(value, pad, constant_values=-np.inf)
    size = value.shape[axis]
    moved = np.stack([np.take(padded, np.arange(k, k + size), axis) - price[k] for k in range(len(price))])
    best = moved.argmax(0)
    return np.take_along_axis(moved, best[None], 0)[0], best - reach


def _parted(face: PhotoFace, run: _Run) -> bool:
    fh = face.height
    mesh_gap = float(np.linalg.norm(face.flat[13] - face.flat[14])) / fh
    toothed = float((run.toothed[_MIDDLE] > SHORTEST_TOOTH).mean())
    return mesh_gap > PARTED_GAP or toothed > SHARE_OF_TOOTHED_COLUMNS


def _trimmed(face: PhotoFace, run: _Run) -> LipLines:
    """The lines between the inner corners, or as far out as the mouth is seen open."""
    fh = face.height
    padding = PADDING * fh + PADDING_PIXELS
    # A dim tooth or a light spot makes a line jump over it: such dents are filled, lips have none so narrow.
    upper = _smooth(np.minimum(run.upper, _smooth(run.upper, 21)), 11) - padding
    lower = _smooth(np.maximum(run.lower, _smooth(run.lower, 21)), 11) + padding
    open_at = np.flatnonzero(run.lower - run.upper > 0.002 * fh)
    left, right = face.inner
    if len(open_at):
        left, right = min(left, run.along[open_at[0]]), max(right, run.along[open_at[-1]])
    along = np.linspace(left, right, COLUMNS)
    upper, lower = (np.interp(along, run.along, line) for line in (upper, lower))
    ends = smoothstep(0, 8, np.minimum(np.arange(COLUMNS), np.arange(COLUMNS)[::-1]))
    middle, half = (upper + lower) / 2, np.maximum(lower - upper, 0) / 2 * ends
    return LipLines(along, middle - half, middle + half, True, float((run.toothed[_MIDDLE] > SHORTEST_TOOTH).mean()))


def _smooth(line: np.ndarray, taps: int) -> np.ndarray:
    kernel = np.hanning(taps + 2)[1:-1]
    return np.convolve(np.pad(line, taps // 2, mode="edge"), kernel / kernel.sum(), "valid")
