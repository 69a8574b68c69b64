"""Blinks and glances of a photo: a closed-lid picture, made once, is uncovered from above; the skin is never stretched."""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...faces.eyes import Eye
from .photo_face import PhotoFace
from .photo_grid import smoothstep

BETWEEN_BROWS, NOSE = 9, 197

TRAVEL = 0.86
"""Share of the way to the lower lid that the upper lid goes: the lower lid hides the rest."""
ABOVE, BELOW = 0.14, 0.08
"""Eye lengths above and below the lids that belong to the hole: lashes and the rim."""


@dataclass(frozen=True)
class EyeRig:
    """One eye of a photo, ready to blink. All float32 [h, w] of the box (x0, y0, x1, y1 in the crop) unless said otherwise.

    t: pixels down the eye; upper, lower: t of the lids' edges at the pixel's place along the eye; along: 0..1 between the
    corners, from the left of the picture; outwards: 0 at the nose .. 1 at the outer corner. ends: 0 beyond the corners .. 1.
    skin: float32 RGB [h, w, 3], the closed lid. lash: float32 RGB [h, w, 3], colour of the lashes. pull: how much a pixel follows
    the iris. length: distance of the corners, pixels. right, down: unit vectors [2]."""

    box: tuple[int, int, int, int]
    t: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    along: np.ndarray
    outwards: np.ndarray
    ends: np.ndarray
    skin: np.ndarray
    lash: np.ndarray
    pull: np.ndarray
    length: float
    right: np.ndarray
    down: np.ndarray


def rig_eye(pixels: np.ndarray, eye: Eye, noise: np.ndarray, skin_level: float) -> EyeRig | None:
    """Prepare one eye. pixels: uint8 RGB [h, w, 3], the crop. eye: contours in the crop, centre of pixel (0, 0) at 0, 0. noise: float32
    [h, w], grain for what is painted. skin_level: mean of the cheeks' colour, 0..255. None where no open eye is to be seen: it is
    shut, behind dark glasses, at the border, or a few pixels wide."""
    outer_first = eye.outer[0] <= eye.inner[0]
    upper, lower = (line if outer_first else line[::-1] for line in (eye.upper.astype(np.float64), eye.lower.astype(np.float64)))
    left, length = upper[0], eye.width
    if length < 3:
        return None
    right = (upper[-1] - left) / length
    down = np.array([-right[1], right[0]])
    box = _box(upper, length, pixels.shape)
    if box is None:
        return None
    x0, y0, x1, y1 = box
    away = np.stack(np.meshgrid(np.arange(x0, x1), np.arange(y0, y1)), -1) - left
    along, t = away @ right / length, away @ down
    upper_t, lower_t = (_lid(line - left, right, down, along * length) for line in (upper, lower))
    inside = pixels[y0:y1, x0:x1]
    if _is_shut_or_hidden(inside, along, t, upper_t, lower_t, length, skin_level):
        return None
    lower_t = _lowered_for_drawn_eyes(inside, along, t, upper_t, lower_t, length)
    ends = smoothstep(-0.10, 0.06, along) * smoothstep(-0.10, 0.06, 1 - along)
    skin = _closed_lid(inside, along, t, upper_t, lower_t, length, noise[y0:y1, x0:x1])
    iris = (eye.iris - left) @ right
    pull = smoothstep(-0.02, 0.05, (t - upper_t) / length) * smoothstep(-0.02, 0.05, (lower_t - t) / length)
    pull = pull * smoothstep(0.02, 0.16, along) * smoothstep(0.02, 0.16, 1 - along)
    pull = pull * np.exp(-(np.abs(along * length - iris) / max(1.45 * eye.radius, 1)) ** 4)
    maps = (t, upper_t, lower_t, along, 1 - along if outer_first else along, ends)
    return EyeRig(box, *(one.astype(np.float32) for one in maps), skin, _lash_colour(inside, along, t, upper_t, length),
                  pull.astype(np.float32), length, right.astype(np.float32), down.astype(np.float32))


def wears_glasses(face: PhotoFace) -> bool:
    """Whether a bridge crosses the nose between the eyes: a line in all of three columns down from between the brows that is lighter
    or darker than what lies above and below it by an eighth (measured: 1 to 9 percent on bare faces, 23 to 31 with glasses)."""
    light = cv2.cvtColor(cv2.GaussianBlur(face.pixels, (0, 0), max(0.6, 0.004 * face.height)), cv2.COLOR_RGB2GRAY)
    way = np.linspace(0, 1, 61)[:, None] * (face.flat[NOSE] - face.flat[BETWEEN_BROWS]) + face.flat[BETWEEN_BROWS]
    aside = np.array([-0.02, 0, 0.02])[:, None, None] * face.height * face.right
    seen = cv2.remap(light, (way + aside).astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    calm = np.median(np.lib.stride_tricks.sliding_window_view(np.pad(seen, ((0, 0), (10, 10)), mode="edge"), 21, axis=1), axis=2)
    return bool((np.abs(seen - calm).max(1) > 0.125 * np.median(seen)).all())


def lid_layer(rig: EyeRig, closure: float) -> tuple[np.ndarray, np.ndarray]:
    """The lid for a closure 0..1: float32 RGB [h, w, 3] and how much of it is seen, float32 [h, w], in the rig's box at rest."""
    length = rig.length
    edge = rig.upper + TRAVEL * closure * (rig.lower - rig.upper)
    soft = max(1.0, 0.012 * length)
    below = np.clip((rig.lower + 0.06 * length - rig.t) / (0.05 * length), 0, 1) * np.clip((closure - 0.65) / 0.3, 0, 1)
    cover = smoothstep(0, 1, (rig.t - (rig.upper - ABOVE * length)) / (0.85 * ABOVE * length))
    cover = cover * np.maximum(np.clip((edge - rig.t) / soft + 0.5, 0, 1), below) * rig.ends * min(1.0, 6 * closure)
    thick = length * (0.026 + 0.020 * np.clip(rig.outwards, 0, 1))
    line = np.exp(-(np.clip(rig.t - edge, 0, None) / (0.9 * thick)) ** 2) * np.exp(-(np.clip(edge - rig.t, 0, None) / (0.6 * thick)) ** 2)
    line = line * smoothstep(-0.03, 0.10, rig.along) * smoothstep(-0.03, 0.10, 1 - rig.along) * (0.75 * min(1.0, 4 * closure))
    colour = rig.skin + (rig.lash - rig.skin) * line[..., None]
    return colour.astype(np.float32), np.maximum(cover, line).astype(np.float32)


def _box(upper: np.ndarray, length: float, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    middle = (upper[0, 1] + upper[-1, 1]) / 2
    x0, x1 = max(0, int(upper[0, 0] - 0.4 * length)), min(shape[1], int(np.ceil(upper[-1, 0] + 0.4 * length)))
    y0, y1 = max(0, int(middle - 0.75 * length)), min(shape[0], int(np.ceil(middle + 0.65 * length)))
    return (x0, y0, x1, y1) if x1 - x0 > 3 and y1 - y0 > 3 else None


def _lid(line: np.ndarray, right: np.ndarray, down: np.ndarray, along: np.ndarray) -> np.ndarray:
    """t of a lid's edge at each `along` (pixels)."""
    return np.interp(along, np.maximum.accumulate(line @ right), line @ down)


def _is_shut_or_hidden(inside: np.ndarray, along: np.ndarray, t: np.ndarray, upper: np.ndarray, lower: np.ndarray, length: float,
                       skin_level: float) -> bool:
    """Behind dark glasses nothing is as light as the white of an eye."""
    within = (t > upper) & (t < lower) & (along > 0.1) & (along < 0.9)
    if float((lower - upper).max()) < 0.08 * length or within.sum() < 6:
        return True
    dark, light = np.percentile(inside[within].mean(1), [10, 90])
    return light < 0.38 * skin_level and light - dark < 0.2 * skin_level


def _lowered_for_drawn_eyes(inside: np.ndarray, along: np.ndarray, t: np.ndarray, upper: np.ndarray, lower: np.ndarray,
                            length: float) -> np.ndarray:
    """Drawn eyes are larger than the network believes: lower the lower lid until the colour there is nearly skin. In eyes of
    natural size only the white of the eye is taken for a sign that the lid lies lower."""
    middle = (along > 0.25) & (along < 0.75)
    skin = _median_of(inside, middle & (np.abs(t - lower - 0.28 * length) < 0.04 * length))
    opening = lower - upper
    eye = _median_of(inside, middle & (t > upper + 0.2 * opening) & (t < lower - 0.2 * opening))
    if skin is None or eye is None:
        return lower
    large = float(opening.max()) > 0.42 * length
    by = 0.0
    for by in np.arange(0, 0.15, 0.02):
        here = _median_of(inside, middle & (np.abs(t - lower - by * length) < 0.015 * length + 0.5))
        if here is None or np.linalg.norm(here - skin) < 0.4 * np.linalg.norm(eye - skin):
            break
        if not large and here[2] - here[0] < skin[2] - skin[0] + 25:
            break
    return lower + by * length * np.clip(1 - (2 * np.clip(along, 0, 1) - 1) ** 2, 0, 1)


def _median_of(pixels: np.ndarray, where: np.ndarray) -> np.ndarray | None:
    return np.median(pixels[where], axis=0).astype(float) if where.sum() > 3 else None


def _closed_lid(inside: np.ndarray, along: np.ndarray, t: np.ndarray, upper: np.ndarray, lower: np.ndarray, length: float,
                noise: np.ndarray) -> np.ndarray:
    """float32 RGB [h, w, 3]: the eye with its lashes filled from around it, calmed towards the skin's own colour, lit like a ball."""
    hole = (t > upper - ABOVE * length) & (t < lower + BELOW * length) & (along > -0.06) & (along < 1.06)
    scale = 0.5 if length > 40 else 1.0
    small = cv2.resize(cv2.GaussianBlur(inside, (0, 0), 1.0), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small_hole = cv2.resize(hole.astype(np.uint8), small.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    filled = cv2.inpaint(small, cv2.dilate(small_hole, np.ones((3, 3), np.uint8)), max(3, 0.08 * length * scale), cv2.INPAINT_TELEA)
    filled = cv2.resize(filled, inside.shape[1::-1], interpolation=cv2.INTER_CUBIC).astype(np.float32)
    calm = cv2.GaussianBlur(filled, (0, 0), max(1.0, 0.05 * length))
    ring = (t > upper - 0.26 * length) & (t < lower + 0.22 * length) & (along > 0) & (along < 1) & ~hole
    if ring.sum() > 8:
        light = inside[ring].mean(1)
        low, high = np.percentile(light, [55, 85])
        calm = 0.30 * calm + 0.69 * inside[ring][(light >= low) & (light <= high)].mean(0)
    share = np.clip((t - upper) / np.maximum(lower - upper, 0.05 * length), 0, 1)
    shade = 1.04 - 0.15 * (2 * np.clip(along, 0, 1) - 1) ** 2 - 0.09 * share
    shade = shade - 0.10 * np.exp(-((t - upper + 0.045 * length) / (0.03 * length)) ** 2)
    within = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), max(0.8, 0.02 * length))[..., None]
    lid = filled + (calm - filled) * within
    lid = lid * (1 + (shade[..., None] - 1) * within) + 0.8 * noise[..., None] * within
    return lid.astype(np.float32)


def _lash_colour(inside: np.ndarray, along: np.ndarray, t: np.ndarray, upper: np.ndarray, length: float) -> np.ndarray:
    """float32 RGB [h, w, 3]: the dark of the photo's own lashes."""
    band = (np.abs(t - upper) < 0.05 * length) & (along > 0.05) & (along < 0.95)
    dark = np.percentile(inside[band], 12, axis=0) if band.sum() > 8 else np.array([60.0, 45.0, 40.0])
    return np.broadcast_to(dark.astype(np.float32), (*inside.shape[:2], 3))
