"""One frame of a speaking photo."""
from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...faces.eyes import Eye
from .eyelids import EyeRig, lid_layer, rig_eye
from .head_fields import HeadFields, make_head_fields
from .inner_mouth import (
    MouthLook,
    MouthPlace,
    inside_matte,
    paint_depth,
    paint_lower_teeth,
    paint_upper_teeth,
    read_mouth_look,
    tooth_colour_seen,
)
from .lip_line import LipLines, find_lip_lines
from .mouth_fields import NUMBERS, MouthFields, make_mouth_fields
from .photo_face import PhotoFace
from .photo_grid import Grid, smoothstep

STILL = 0.02
"""Pixels of movement below which a pixel keeps its bits."""
LARGEST_DOUBLED = 1300
"""Longest side of a crop of which a double-size copy is kept: sampling that one keeps eyes sharp under sub-pixel motion."""
SMALLEST_EYE = 7
"""Pixels between the corners of the larger eye below which no lids are drawn."""
LINE_SAMPLES = 81
JAW, SHUT = NUMBERS.index("jaw"), NUMBERS.index("shut")
OPENERS = [NUMBERS.index(name) for name in ("jaw", "lower_wide", "lower_narrow", "upper_raise", "shut")]

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class PhotoRig:
    """Everything about a photo's face that stays the same from frame to frame."""

    face: PhotoFace
    grid: Grid
    lines: LipLines
    mouth: MouthFields
    head: HeadFields
    look: MouthLook
    eyes: tuple[EyeRig, ...]
    noise: np.ndarray
    doubled: np.ndarray | None
    soft: float


@dataclass(frozen=True)
class PhotoPose:
    """numbers: float32 [9], see `mouth_fields.NUMBERS`. tongue: 0..1. motions: float32 [6], see `head_fields.MOTIONS`.
    blink: 0 open .. 1 shut. glance: float32 [2], eye lengths right and down. All zero is the photo."""

    numbers: np.ndarray
    tongue: float
    motions: np.ndarray
    blink: float
    glance: np.ndarray


def rig_photo(face: PhotoFace, eyes: tuple[Eye, ...]) -> PhotoRig:
    """Prepare a face: about a second. eyes: contours in the crop, centre of pixel (0, 0) at 0, 0."""
    height, width = face.pixels.shape[:2]
    grid = Grid(width, height)
    lines = find_lip_lines(face)
    look = read_mouth_look(face.pixels, face.flat, face.height)
    if lines.toothed > 0.5:
        middle = slice(LINE_SAMPLES // 4, -LINE_SAMPLES // 4)
        look = replace(look, tooth=tooth_colour_seen(face.pixels, face.place(lines.along[middle], lines.middle[middle])))
    noise = np.random.default_rng(0).standard_normal((height, width), np.float32)
    if look.blur > 0.8:
        noise = cv2.GaussianBlur(noise, (0, 0), 0.7 * look.blur)
        noise /= noise.std()
    noise *= look.grain
    rigs = [rig_eye(face.pixels, eye, noise, look.skin_level) for eye in eyes if max(one.width for one in eyes) >= SMALLEST_EYE]
    return PhotoRig(face, grid, lines, make_mouth_fields(face, lines, grid), make_head_fields(face, grid), look,
                    tuple(rig for rig in rigs if rig is not None), noise, _doubled(face.pixels), _soft(look.blur, face.height))


def as_unsharp(rig: PhotoRig, blur: float) -> PhotoRig:
    """The rig with the inside of its mouth drawn for pictures of that unsharpness (see `inner_mouth.unsharpness`)."""
    return replace(rig, look=replace(rig.look, blur=blur), soft=_soft(blur, rig.face.height))


def render_pose(rig: PhotoRig, pose: PhotoPose) -> tuple[np.ndarray, np.ndarray]:
    """The crop in a pose: uint8 RGB [h, w, 3], and its mask, uint8 [h, w]: 255 where anything moved or was painted, 0 where the photo's
    own pixels stand (bit for bit, always along the crop's edge)."""
    grid, face = rig.grid, rig.face
    head = grid.inverse(rig.head.field(pose.motions), 3) if pose.motions.any() else np.zeros_like(grid.places)
    mouth = _move_mouth(rig, pose) if pose.numbers.any() else None
    total = head if mouth is None else head + _coarse_offset(rig, mouth, grid.places + head)
    still = np.float32(STILL)
    moving = (np.abs(total[..., 0]) > still) | (np.abs(total[..., 1]) > still)
    moving = cv2.dilate(moving.view(np.uint8), np.ones((3, 3), np.uint8))
    mask = cv2.resize(moving * 255, (grid.width, grid.height), interpolation=cv2.INTER_NEAREST)
    out = face.pixels.copy()
    box = _box_to_draw(rig, pose, moving)
    if box is not None:
        places = grid.moved_pixels(total, box)
        if pose.glance.any():
            _glance(rig, pose.glance, places, box, mask)
        out[_slices(box)] = _sampled(rig, places)
        if pose.blink > 0.01:
            _draw_lids(rig, pose.blink, places, box, out, mask)
    if mouth is not None:
        _draw_lips(rig, mouth, head, out)
        _draw_inside(rig, pose, mouth, head, out, mask)
    mask[[0, -1]] = 0
    mask[:, [0, -1]] = 0
    return out, mask


@dataclass(frozen=True)
class _Mouth:
    """The mouth in one pose. upper, lower: where each node of either layer came from, [rows, columns, 2]. along: a of the first and the
    last of 81 samples. lines: float32 [1, 81, 4], t of the upper and the lower lip line there as they shall be seen, and how far either
    is from where its layer's field puts it. moved: 0 at rest .. 1 under way."""

    upper: np.ndarray
    lower: np.ndarray
    along: tuple[float, float]
    lines: np.ndarray
    moved: float

    @property
    def opening(self) -> float:
        """Largest distance of the lips, pixels."""
        return float((self.lines[..., 1] - self.lines[..., 0]).max())


def _move_mouth(rig: PhotoRig, pose: PhotoPose) -> _Mouth:
    face, lines, grid = rig.face, rig.lines, rig.grid
    way = np.abs(pose.numbers[OPENERS]) * [1, 1, 1, 1, lines.gap / face.height]
    moved = float(smoothstep(0, 0.010, way.sum()))
    upper, lower = rig.mouth.upper_field(pose.numbers), rig.mouth.lower_field(pose.numbers)
    lowered = lines.lower + (0.003 * face.height * moved if lines.parted else 0.0)
    up, down = (face.along(places + grid.read(field, places.astype(np.float32)))
                for places, field in ((face.place(lines.along, lines.upper), upper), (face.place(lines.along, lowered), lower)))
    first, last = min(up[0, 0], down[0, 0]), max(up[-1, 0], down[-1, 0])
    samples = np.linspace(first, last, LINE_SAMPLES)
    high, low = np.interp(samples, up[:, 0], up[:, 1]), np.interp(samples, down[:, 0], down[:, 1])
    middle, half = (high + low) / 2, np.maximum(low - high, 0) / 2 * (1 - np.abs(np.linspace(-1, 1, LINE_SAMPLES)) ** 6)
    if pose.numbers[SHUT] > 0:
        left = np.interp(samples, lines.along, lines.lower - lines.upper) * (1 - pose.numbers[SHUT])
        drawn_apart = max(0.0, float(pose.numbers[OPENERS[:-1]].sum())) * face.height
        half = np.minimum(half, (left + drawn_apart) / 2)
    shown = np.stack([middle - half, middle + half, middle - half - high, middle + half - low], -1).astype(np.float32)[None]
    return _Mouth(grid.inverse(upper, 4), grid.inverse(lower, 4), (float(first), float(last)), shown, moved)


def _read_lines(rig: PhotoRig, mouth: _Mouth, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a, t of places at rest [h, w, 2], float32 [h, w], and the mouth's lines at their a, float32 [h, w, 4]."""
    at = rig.face.along(rest).astype(np.float32)
    a, t = at[..., 0], at[..., 1]
    first, last = mouth.along
    column = (a - np.float32(first)) * np.float32((LINE_SAMPLES - 1) / (last - first))
    lines = cv2.remap(mouth.lines, column, np.zeros_like(column), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return a, t, lines


def _coarse_offset(rig: PhotoRig, mouth: _Mouth, rest: np.ndarray) -> np.ndarray:
    """Offset [rows, columns, 2] of places at rest: the upper layer's above the moved cut, the lower layer's below it."""
    a, t, lines = _read_lines(rig, mouth, rest)
    high, low = (rig.grid.read(field, rest) for field in (mouth.upper, mouth.lower))
    return high + (low - high) * _share_of_lower(rig, mouth, a, t, lines)[0][..., None]


def _share_of_lower(rig: PhotoRig, mouth: _Mouth, a: np.ndarray, t: np.ndarray, lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much of the lower layer is seen, 0 above the cut .. 1 below it, and the pixels that a place lies beyond the mouth's corners,
    where the layers are mixed ever more softly."""
    beyond = np.maximum(np.maximum(np.float32(mouth.along[0]) - a, a - np.float32(mouth.along[1])), 0)
    middle = (lines[..., 0] + lines[..., 1]) * np.float32(0.5)
    return np.clip((t - middle) / (np.float32(rig.soft) + np.float32(1.2) * beyond) + np.float32(0.5), 0, 1), beyond


def _layers(rig: PhotoRig, mouth: _Mouth, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Offsets [h, w, 2] of places at rest in the upper and in the lower layer, and the lower one's share [h, w, 1]. Both are drawn to the
    lines that shall be seen, so that lips that are shut leave no slit with old teeth in it."""
    a, t, lines = _read_lines(rig, mouth, rest)
    share, beyond = _share_of_lower(rig, mouth, a, t, lines)
    high, low = (rig.grid.read(field, rest) for field in (mouth.upper, mouth.lower))
    fall = np.float32(0.02 * rig.face.height)
    ends = np.float32(mouth.moved) * np.exp(-beyond / fall)
    for offset, line, by in ((high, lines[..., 0], lines[..., 2]), (low, lines[..., 1], lines[..., 3])):
        offset -= (by * ends * np.exp(-np.abs(t - line) / fall))[..., None] * rig.mouth.down
    return high, low, share[..., None]


def _box_to_draw(rig: PhotoRig, pose: PhotoPose, moving: np.ndarray) -> Box | None:
    """The pixels that may change: moving nodes, and the eyes when they blink or look aside."""
    boxes = []
    columns, rows = np.flatnonzero(moving.any(0)), np.flatnonzero(moving.any(1))
    if len(columns):
        wide, high = rig.grid.width / rig.grid.columns, rig.grid.height / rig.grid.rows
        low = int(columns[0] * wide), int(rows[0] * high)
        boxes.append((*low, int(np.ceil((columns[-1] + 1) * wide)), int(np.ceil((rows[-1] + 1) * high))))
    if pose.blink > 0.01 or pose.glance.any():
        boxes.extend(_around(rig, eye.box) for eye in rig.eyes)
    if not boxes:
        return None
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return max(min(x0), 0), max(min(y0), 0), min(max(x1), rig.grid.width), min(max(y1), rig.grid.height)


def _draw_lips(rig: PhotoRig, mouth: _Mouth, head: np.ndarray, out: np.ndarray) -> None:
    """Draw the lips with their exact cut over what came from the coarse grid (changed), joined softly. The layers' colours are mixed at
    the cut, not their offsets: half way between parted lips lie teeth."""
    fh = rig.face.height
    near = _within(_mouth_box(rig, mouth, head, 0.10 * fh, 0.05 * fh), (0, 0, rig.grid.width, rig.grid.height))
    if near is None:
        return
    rest = rig.grid.moved_pixels(head, near)
    high, low, share = _layers(rig, mouth, rest)
    over, under = (_sampled(rig, rest + offset).astype(np.float32) for offset in (high, low))
    exact = over + (under - over) * share
    if rig.lines.parted:
        exact *= _crease(rig, mouth, rest)
    x, y = (np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.03 * fh) for n in (near[2] - near[0], near[3] - near[1]))
    join = np.clip(np.minimum(x[None], y[:, None]), 0, 1).astype(np.float32)[..., None]
    here = _slices(near)
    out[here] = out[here] + (exact - out[here]) * join + 0.5


def _crease(rig: PhotoRig, mouth: _Mouth, rest: np.ndarray) -> np.ndarray:
    """float32 [h, w, 1]: the shadow between lips that were parted in the photo and have met."""
    fh = rig.face.height
    a, t, lines = _read_lines(rig, mouth, rest)
    met = 1 - smoothstep(0.002, 0.010, (lines[..., 1] - lines[..., 0]) / fh)
    along = 2 * (a - mouth.along[0]) / (mouth.along[1] - mouth.along[0]) - 1
    line = np.exp(-((t - lines[..., 0]) / (0.0035 * fh + 0.5)) ** 2)
    return (1 - 0.30 * mouth.moved * met * line * np.clip(1 - along ** 4, 0, 1))[..., None].astype(np.float32)


def _mouth_box(rig: PhotoRig, mouth: _Mouth, head: np.ndarray, aside: float, above: float) -> Box:
    """Where the moved mouth stands in the output, with a margin in pixels."""
    a = [mouth.along[0] - aside, mouth.along[1] + aside]
    t = [float(mouth.lines[..., 0].min()) - above, float(mouth.lines[..., 1].max()) + above]
    corners = rig.face.place(np.array([a[0], a[1], a[0], a[1]]), np.array([t[0], t[0], t[1], t[1]]))
    corners = corners - rig.grid.read(head, corners.astype(np.float32))
    low, high = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int) + 1
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _sampled(rig: PhotoRig, places: np.ndarray) -> np.ndarray:
    if rig.doubled is None:
        return cv2.remap(rig.face.pixels, places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return cv2.remap(rig.doubled, places * 2, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _glance(rig: PhotoRig, glance: np.ndarray, places: np.ndarray, box: Box, mask: np.ndarray) -> None:
    for eye in rig.eyes:
        around = _within(_around(rig, eye.box), box)
        if around is None:
            continue
        here = _slices(around, box)
        pull = cv2.remap(eye.pull, places[here] - np.float32(eye.box[:2]), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        way = (eye.right * glance[0] + eye.down * glance[1]) * eye.length
        places[here] -= pull[..., None] * way
        mask[_slices(around)][pull * np.abs(way).max() > STILL] = 255


def _draw_lids(rig: PhotoRig, blink: float, places: np.ndarray, box: Box, out: np.ndarray, mask: np.ndarray) -> None:
    for eye in rig.eyes:
        around = _within(_around(rig, eye.box), box)
        if around is None:
            continue
        colour, seen = lid_layer(eye, blink)
        at = places[_slices(around, box)] - np.float32(eye.box[:2])
        colour = cv2.remap(colour, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        seen = cv2.remap(seen, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        _lay(out, mask, around, colour, seen)


def _draw_inside(rig: PhotoRig, pose: PhotoPose, mouth: _Mouth, head: np.ndarray, out: np.ndarray, mask: np.ndarray) -> None:
    """Paint what is seen between the lips."""
    fh, lines = rig.face.height, rig.lines
    if mouth.opening < 0.003 * fh:
        return
    box = _within(_mouth_box(rig, mouth, head, rig.soft, 0.012 * fh + rig.soft), (0, 0, rig.grid.width, rig.grid.height))
    if box is None:
        return
    finer = int(np.clip(np.ceil(150 / fh), 1, 4))
    rest = _finer_pixels(box, finer)
    rest = rest + rig.grid.read(head, rest)
    a, t, moved_lines = _read_lines(rig, mouth, rest)
    upper, lower = moved_lines[..., 0], moved_lines[..., 1]
    base = np.polyval(np.polyfit(lines.along, lines.middle, 2), a).astype(np.float32)
    place = MouthPlace(a, t, upper, lower, base, fh, rig.face.inner, rig.face.outer)
    inside = paint_depth(place, rig.look, mouth.opening / fh, pose.tongue)
    jaw = float(pose.numbers[JAW])
    if lines.parted:
        paint_lower_teeth(inside, place, rig.look, np.interp(a, lines.along, lines.lower) + (jaw - 0.018) * fh, 0.85,
                          0.95 * float(smoothstep(0.4, 0.8, lines.toothed)))
    else:
        paint_lower_teeth(inside, place, rig.look, base + (0.007 + jaw) * fh, 0.50, 0.85)
        paint_upper_teeth(inside, place, rig.look, rig.soft)
        inside *= (1 - 0.25 * np.exp(-(np.clip(t - upper, 0, None) / (0.004 * fh)) ** 2))[..., None]
    end_soft = 0.03 * fh if lines.parted else rig.soft
    seen = inside_matte(place, rig.soft, mouth.along, end_soft)
    seen = seen * float(smoothstep(0.003, 0.010, mouth.opening / fh)) * (min(1.0, 6 * mouth.moved) if lines.parted else 1.0)
    size = (box[2] - box[0], box[3] - box[1])
    inside, seen = (cv2.resize(one.astype(np.float32), size, interpolation=cv2.INTER_AREA) for one in (inside, seen))
    if rig.look.blur > 0.6:
        inside = cv2.GaussianBlur(inside, (0, 0), min(1.4 * rig.look.blur, 0.007 * fh))
    inside += 0.67 * rig.noise[_slices(box)][..., None]
    if lines.parted:
        _lay_own_inside(rig, mouth, head, box, inside)
    _lay(out, mask, box, inside, seen)


def _lay_own_inside(rig: PhotoRig, mouth: _Mouth, head: np.ndarray, box: Box, inside: np.ndarray) -> None:
    """Over what is painted, the photo's own teeth: they hang on the head, down to where the lower lip lay. Under a lip that is raised
    beyond where it lay, the rows below are repeated upwards."""
    fh, face, lines = rig.face.height, rig.face, rig.lines
    rest = rig.grid.moved_pixels(head, box)
    at = face.along(rest)
    a, t = at[..., 0], at[..., 1]
    upper, lower = np.interp(a, lines.along, lines.upper), np.interp(a, lines.along, lines.lower)
    lift = np.maximum(upper + 0.006 * fh - t, 0)[..., None] * face.down
    own = _sampled(rig, (rest + lift).astype(np.float32)).astype(np.float32)
    soft = max(1.2, (0.022 - 0.016 * float(smoothstep(0.1, 0.5, lines.toothed))) * fh)
    seen = np.clip((lower + 1.3 * soft * (1 - mouth.moved) - 0.004 * fh * mouth.moved - t) / soft, 0, 1)
    inside += (own - inside) * seen[..., None].astype(np.float32)


def _lay(out: np.ndarray, mask: np.ndarray, box: Box, colour: np.ndarray, seen: np.ndarray) -> None:
    """Blend float32 RGB [h, w, 3] into `out` by 0..1 [h, w] and say so in `mask` (both changed)."""
    here = _slices(box)
    under = out[here]
    out[here] = np.clip(under + (colour - under) * seen[..., None] + 0.5, 0, 255).astype(np.uint8)
    mask[here][seen > 0.002] = 255


def _soft(blur: float, height: float) -> float:
    """Pixels over which the lips' edges fade into the mouth."""
    return max(0.9, 0.0042 * height, min(2.2 * blur, 0.012 * height))


def _doubled(pixels: np.ndarray) -> np.ndarray | None:
    """The crop at twice its size, even samples equal to it."""
    height, width = pixels.shape[:2]
    if max(height, width) > LARGEST_DOUBLED:
        return None
    return cv2.warpAffine(pixels, np.float32([[2, 0, 0], [0, 2, 0]]), (2 * width, 2 * height), flags=cv2.INTER_LANCZOS4,
                          borderMode=cv2.BORDER_REPLICATE)


def _finer_pixels(box: Box, times: int) -> np.ndarray:
    """Places of a raster `times` as fine over a box, float32 [h * times, w * times, 2]."""
    x0, y0, x1, y1 = box
    x = x0 + (np.arange((x1 - x0) * times) + 0.5) / times - 0.5
    y = y0 + (np.arange((y1 - y0) * times) + 0.5) / times - 0.5
    return np.stack(np.meshgrid(x, y), -1).astype(np.float32)


def _around(rig: PhotoRig, box: Box) -> Box:
    """A box with room for the head's motion."""
    room = int(0.05 * rig.face.height) + 1
    return box[0] - room, box[1] - room, box[2] + room, box[3] + room


def _within(box: Box, outer: Box) -> Box | None:
    x0, y0, x1, y1 = max(box[0], outer[0]), max(box[1], outer[1]), min(box[2], outer[2]), min(box[3], outer[3])
    return (x0, y0, x1, y1) if x1 - x0 > 1 and y1 - y0 > 1 else None


def _slices(box: Box, outer: Box = (0, 0, 0, 0)) -> tuple[slice, slice]:
    return slice(box[1] - outer[1], box[3] - outer[1]), slice(box[0] - outer[0], box[2] - outer[0])
