"""The inside of a mouth, painted: cavity, tongue, lower and upper teeth, in colours read from the face around it.

Works on any face with 468 landmarks, photo or film frame: `read_mouth_look` reads the colours, a `MouthPlace` says where each pixel
lies in the mouth, the `paint_...` functions paint from back to front. Proportions of teeth after the mean widths of human incisors
(8.4, 6.5, 7.1, 6.5 mm from the middle) on a face 180 mm high; colours and shades tuned by eye on photographs."""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .photo_grid import smoothstep

TOOTH_LIMITS = np.array([0, 8.4, 14.9, 22.0, 28.5])
TOOTH_LENGTHS = np.array([0.0150, 0.0132, 0.0138, 0.0110])
IN_THE_MOUTH = np.float32([1.0, 0.89, 0.84])
"""Light that red walls have thrown back."""
CHEEKS_LEFT, CHEEKS_RIGHT = (205, 50), (425, 280)
AROUND_MOUTH = (164, 18, 57, 287, 43, 273)
LOWER_LIP = (85, 16, 315, 15)
_YELLOWEST_SKIN = 24.0
"""b of Lab in daylight; what is beyond it is the light, or varnish."""
NOSTRILS = (98, 327, 2, 4)
EYE_RIMS, MOUTH_RIMS = (33, 133, 159, 145, 263, 362, 386, 374), (61, 291, 0, 17)


@dataclass(frozen=True)
class MouthLook:
    """tooth, cavity, tongue: float32 RGB 0..255. light: the level of the left and of the right cheek over their mean.
    grain: standard deviation of the picture's noise, 0..6 levels. blur: sigma in pixels of the picture's own unsharpness.
    skin_level: mean of the cheeks' colour."""

    tooth: np.ndarray
    cavity: np.ndarray
    tongue: np.ndarray
    light: tuple[float, float]
    grain: float
    blur: float
    skin_level: float


@dataclass(frozen=True)
class MouthPlace:
    """a, t: float32 [h, w], where each pixel lies along the lips and down the face, in pixels from the middle of the lips.
    upper, lower: float32 [h, w], t of the two moved lip lines at the pixel's a. rest: float32 [h, w], t of the upper teeth's roots (the
    shut lips' line at rest). height: of the face, pixels. inner, outer: a of the corners, left (negative) and right."""

    a: np.ndarray
    t: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    rest: np.ndarray
    height: float
    inner: tuple[float, float]
    outer: tuple[float, float]

    @property
    def side(self) -> np.ndarray:
        """-1 .. 1 between the outer corners."""
        return np.where(self.a < 0, -self.a / np.float32(self.outer[0]), self.a / np.float32(self.outer[1]))

    @property
    def off_middle(self) -> np.ndarray:
        """0 .. 1 between the middle and the inner corners."""
        return np.abs(np.where(self.a < 0, self.a / np.float32(self.inner[0]), self.a / np.float32(self.inner[1])))


def read_mouth_look(pixels: np.ndarray, points: np.ndarray, height: float) -> MouthLook:
    """The colours of a mouth's inside, from the face's own.

    pixels: uint8 RGB [h, w, 3]. points: [468, 2] with the centre of pixel (0, 0) at 0, 0. height: |10-152| in pixels."""
    cheek = _median(pixels, points, CHEEKS_LEFT + CHEEKS_RIGHT, 0.03 * height)
    lip = _median(pixels, points, LOWER_LIP, 0.008 * height)
    left, right = (float(_median(pixels, points, ids, 0.03 * height).mean()) for ids in (CHEEKS_LEFT, CHEEKS_RIGHT))
    around = float(_median(pixels, points, AROUND_MOUTH, 0.015 * height).mean())
    shade = np.clip(np.sqrt(max(around, 1.05 * lip.mean()) / max(cheek.mean(), 1)), 0.7, 1)
    lip = lip * min(1.0, 150 / max(lip.mean(), 1))
    grey = np.ptp(cheek) <= 6
    cavity = np.clip(lip * (0.15 if grey else np.array([0.27, 0.135, 0.13])), 3, 70)
    cavity += max(0.0, _darkest(pixels, points) - cavity.mean())
    tongue = lip * (0.62 if grey else np.array([0.80, 0.60, 0.61]))
    level = max((left + right) / 2, 1)
    return MouthLook((_tooth_colour(cheek) * shade).astype(np.float32), cavity.astype(np.float32), tongue.astype(np.float32),
                     (left / level, right / level), _grain(pixels, points), unsharpness(pixels, points, height), float(cheek.mean()))


def tooth_colour_seen(pixels: np.ndarray, places: np.ndarray) -> np.ndarray:
    """float32 RGB of teeth that a photo shows: the median of its pixels at places [n, 2] between the lips."""
    seen = cv2.remap(pixels, places.astype(np.float32)[None], None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    return np.median(seen[seen.mean(1) >= np.median(seen.mean(1))], axis=0).astype(np.float32)


def unsharpness(pixels: np.ndarray, points: np.ndarray, height: float) -> float:
    """Sigma in pixels of a picture's unsharpness: the mean of what the steepest edges about the eyes and about the mouth show. A step of
    height c blurred by s is nowhere steeper than c / (s sqrt(2 pi)); the sharpest pictures give 0.6 pixels, which are taken off."""
    found = []
    for ids, margin in ((EYE_RIMS, 0.02), (MOUTH_RIMS, 0.03)):
        low, high = points[list(ids)].min(0) - margin * height, points[list(ids)].max(0) + margin * height
        x0, y0 = np.maximum(low.astype(int), 0)
        grey = pixels[y0:max(int(high[1]) + 1, y0 + 3), x0:max(int(high[0]) + 1, x0 + 3)].astype(np.float32).mean(-1)
        if min(grey.shape) < 3:
            continue
        steep = np.hypot(grey[1:-1, 2:] - grey[1:-1, :-2], grey[2:, 1:-1] - grey[:-2, 1:-1]) / 2
        step = np.percentile(grey, 98) - np.percentile(grey, 2)
        found.append(step / (2.507 * np.percentile(steep, 99.5) + 1e-6))
    return float(np.sqrt(np.clip(np.mean(found) ** 2 - 0.36, 0, 16))) if found else 0.0


def inside_matte(place: MouthPlace, soft: float, ends: tuple[float, float], end_soft: float) -> np.ndarray:
    """float32 [h, w]: how much of the inside is seen, 1 between the lip lines, 0 on the lips, edges `soft` pixels wide.

    ends: a where the mouth ends; the inside fades in over `end_soft` pixels there."""
    matte = np.clip((place.t - place.upper) / soft + 0.15, 0, 1) * np.clip((place.lower - place.t) / (1.35 * soft) + 0.15, 0, 1)
    matte = matte * matte * (3 - 2 * matte)
    return matte * np.clip((place.a - ends[0]) / end_soft, 0, 1) * np.clip((ends[1] - place.a) / end_soft, 0, 1)


def paint_depth(place: MouthPlace, look: MouthLook, opening: float, tongue_up: float) -> np.ndarray:
    """Cavity and tongue, float32 RGB [h, w, 3]. opening: largest distance of the lips, face heights. tongue_up: 0 at rest .. 1 its
    tip behind the upper teeth (l n t d)."""
    fh = place.height
    off = np.clip(place.off_middle, 0, 1)
    down = place.t - place.upper
    cavity = (1 - 0.45 * off ** 2) * (0.70 + 0.50 * np.clip(down / (0.03 * fh), 0, 1))
    out = look.cavity * cavity[..., None]
    gap = np.maximum(place.lower - place.upper, 1e-3)
    top = place.lower - gap * (0.66 + 0.24 * tongue_up) * (1 - 0.7 * off ** 2)
    back = smoothstep(0, 1, (place.t - top) / (0.50 * gap * (1 - 0.5 * tongue_up)))
    seen = back * (1 - off ** 4) * max(float(smoothstep(0.010, 0.034, opening)), 0.9 * tongue_up)
    light = 0.45 + 0.47 * back + 0.10 * tongue_up - 0.26 * np.exp(-np.clip(place.lower - place.t, 0, None) / (0.003 * fh))
    light = light * (1 - 0.45 * off ** 2) * (1 - 0.10 * np.exp(-(place.a / (0.006 * fh)) ** 2))
    return out + (look.tongue * light[..., None] - out) * seen[..., None]


def paint_lower_teeth(image: np.ndarray, place: MouthPlace, look: MouthLook, edge: np.ndarray, light: float, cover: float) -> None:
    """Lay the lower teeth over `image` (float32 RGB [h, w, 3], changed). edge: t of their upper edges [h, w] (they ride on the jaw).
    light: 0..1, their brightness beside the upper
    teeth's. cover: 0..1, how much of them is seen."""
    fh = place.height
    side = place.side
    millimetres = np.abs(side) * 26 + 2.7
    within = np.abs((millimetres % 5.4) / 2.7 - 1)
    down = place.t - edge - 0.0012 * fh * within ** 4
    seen = np.clip(down / (0.0045 * fh), 0, 1) * np.clip(1 - (np.abs(side) / 0.66) ** 4, 0, 1)
    shade = light * _lit(side, look) * np.clip(1 - 0.7 * side ** 2, 0.1, 1) * (1 - 0.16 * within ** 6)
    shade = shade * (1 - 0.35 * np.exp(-np.clip(place.lower - place.t, 0, None) / (0.0025 * fh)))
    image += (look.tooth * IN_THE_MOUTH * shade[..., None] - image) * (cover * seen)[..., None]


def paint_upper_teeth(image: np.ndarray, place: MouthPlace, look: MouthLook, soft: float) -> None:
    """Hang upper teeth over `image` (float32 RGB [h, w, 3], changed). They stay with the head, whatever the lips do."""
    fh = place.height
    side = place.side
    millimetres = np.abs(side) * 26
    tooth = np.clip(np.searchsorted(TOOTH_LIMITS, millimetres, side="right") - 1, 0, 3)
    centre = (TOOTH_LIMITS[:-1] + TOOTH_LIMITS[1:]) / 2
    half = np.diff(TOOTH_LIMITS)[tooth] / 2
    within = np.abs(millimetres - centre[tooth]) / half
    length = 0.55 * np.interp(millimetres, centre, TOOTH_LENGTHS) + 0.45 * TOOTH_LENGTHS[tooth] - 0.0016 * within ** 4
    edge = place.rest + length * fh
    seen = smoothstep(0, 1, (edge - place.t) / max(0.9 * soft, 0.0028 * fh) + 0.5) * np.clip(1 - (np.abs(side) / 0.93) ** 6, 0, 1)
    under_lip = np.clip((place.t - place.upper) / fh, 0, 1)
    light = np.clip(0.95 - 0.8 * side ** 2 - 0.12 * np.abs(side), 0.12, 1) * _lit(side, look)
    light = light * (1 - 0.20 * np.exp(-((1 - within) * half / 0.55) ** 2)) * (1 - 0.50 * np.exp(-(under_lip / 0.0055) ** 1.2))
    light = light * (1 - 0.10 * np.clip(1 - (edge - place.t) / (0.004 * fh), 0, 1))
    light = light * (0.42 + 0.58 * smoothstep(0, 0.034, (place.lower - place.upper) / fh))
    image += (look.tooth * light[..., None] - image) * seen[..., None]


def _lit(side: np.ndarray, look: MouthLook) -> np.ndarray:
    rightness = np.clip(side * 0.5 + 0.5, 0, 1)
    return np.clip(look.light[0] * (1 - rightness) + look.light[1] * rightness, 0.7, 1.25)


def _tooth_colour(cheek: np.ndarray) -> np.ndarray:
    """A little lighter than the cheek, with a third of its redness and three quarters of its yellow; of a yellow that no skin has (old
    varnish, candle light) more, as it lies on everything: beside it plain teeth look blue."""
    lab = cv2.cvtColor(np.uint8([[np.clip(cheek, 0, 255)]]), cv2.COLOR_RGB2LAB)[0, 0].astype(float)
    yellow = lab[2] - 128
    tooth = np.array([np.clip(1.03 * lab[0] + 9, 55, 228), 128 + 0.36 * (lab[1] - 128),
                      128 + 0.72 * yellow + 1.5 + 0.5 * max(0.0, yellow - _YELLOWEST_SKIN)])
    return cv2.cvtColor(np.uint8([[tooth]]), cv2.COLOR_LAB2RGB)[0, 0].astype(float)


def _median(pixels: np.ndarray, points: np.ndarray, ids: tuple[int, ...], radius: float) -> np.ndarray:
    """Median RGB of the squares round some landmarks."""
    return np.median(np.concatenate([one.reshape(-1, 3) for one in _squares(pixels, points, ids, max(2, int(radius)))]), axis=0)


def _darkest(pixels: np.ndarray, points: np.ndarray) -> float:
    """Level of the darkest that is seen about eyes, nostrils or mouth: a flat picture has no deeper dark, also between the lips."""
    boxes = []
    for ids in (EYE_RIMS, NOSTRILS, MOUTH_RIMS):
        (x0, y0), (x1, y1) = (np.maximum(corner, 0).astype(int) for corner in (points[list(ids)].min(0), points[list(ids)].max(0) + 1))
        boxes.append(pixels[y0:y1, x0:x1].mean(-1))
    return min((float(np.percentile(box, 3)) for box in boxes if box.size), default=0.0)


def _squares(pixels: np.ndarray, points: np.ndarray, ids: tuple[int, ...], radius: int) -> list[np.ndarray]:
    height, width = pixels.shape[:2]
    at = np.clip(points[list(ids)].round().astype(int), 0, [width - 1, height - 1])
    return [pixels[max(0, y - radius):y + radius + 1, max(0, x - radius):x + radius + 1] for x, y in at]


def _grain(pixels: np.ndarray, points: np.ndarray) -> float:
    """Noise on the cheeks: what a blur of one pixel takes away, by its median."""
    rough = [np.abs(one.astype(np.float32).mean(-1) - cv2.GaussianBlur(one.astype(np.float32).mean(-1), (0, 0), 1.0)).ravel()
             for one in _squares(pixels, points, CHEEKS_LEFT + CHEEKS_RIGHT, 8)]
    return float(np.clip(1.2 * 1.48 * np.median(np.concatenate(rough)), 0, 6))
