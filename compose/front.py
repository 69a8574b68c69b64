"""What passes in front of the mouth (a hand, a microphone, a cup) and has to stay there.

Each frame's lower face is read as a small picture of fixed shape. A robust linear model learns from a sample of the
shot how that picture looks and varies (speech, turns, light); cells that it cannot explain, in groups that come from outside the face,
lie in front of it. The model is a principal-component one, fitted by reweighted least squares so that the thing in front does not
draw it along (after "A robust PCA for eigentracking": Black & Jepson 1998); frames with something large in front are left out of learning.

Measured on six films, each with a thing moved through 40 of its 126 to 302 frames and tracked again, learnt with these frames among the
others: a dark microphone, all of its cells found; two real hands tinted to the face's own skin, .96 and .94 of the cells, and all 275
frames in which they lie over the mouth (a per-cell median colour with limits from the same film: .02 of the cells); a flat disc in the
cheek's colour, which no hand is, .7 of the cells and 96 of 113 frames. False alarms: 11 to 15 of 1030 free frames, 8 of them in one
film with strong grimaces.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import cv2
import numpy as np

from ..host.device import one_thread
from ..host.progress import Progress, Silent
from .lower_face import CELLS, face_mask, in_frame, inner_mouth_mask, lips_mask
from .mask import Box, face_height

_LOOKS = 12  # principal components
_FEWEST = 24  # faces from which a look can be learnt
_ROUNDS = 3  # of learning and leaving out
_STEPS = 5  # of reweighted least squares
_LOOSE = np.float32([6, 3, 3])  # least spread of a cell over the shot, in 8-bit Lab
_TIGHT = np.float32([3, 1.5, 1.5])  # least error of a cell that is explained
_OUTLIER = 1.5  # spreads at which a cell has lost most of its say
_WEAK, _STRONG = 1.3, 1.8  # times a cell's usual error
_TOUCHING, _FLOATING = 10, 60  # strong cells a group needs that reaches the face's rim, and one that does not
_LARGE = 200  # strong cells of something that was in front for certain
_LOST = 3.5  # spreads of redness below which lips count as hidden (free lips of 13 films: at most 3.0)
_AT_A_TIME = 16  # faces that are explained together, between two looks at the cancel
_REACH = 3  # cells of the rim a group must hold to count as reaching it


FaceCells = np.ndarray
"""The lower face of a frame as `lower_face.face_cells` reads it: float32 [40, 40, 3], 8-bit Lab."""


@dataclass(frozen=True, eq=False)
class FaceLook:
    """How a face looks in a shot. middle, spread, error: float32 [4800], median, spread and usual unexplained rest of the lightness of
    every cell, then of a and b. mean, looks, sizes: float32 [4800], [k, 4800], [k], principal components of what is left, in spreads.
    limit: float32 [40, 40], above which the error of a cell is unusual. redness: of the lips against the skin, its median and spread."""

    middle: np.ndarray
    spread: np.ndarray
    mean: np.ndarray
    looks: np.ndarray
    sizes: np.ndarray
    error: np.ndarray
    limit: np.ndarray
    redness: tuple[float, float]

    @cached_property
    def products(self) -> np.ndarray:
        """float32 [1600, k * (k + 1) / 2]: what a cell adds to the products of every two looks."""
        planes = self.looks.reshape(len(self.looks), 3, -1)
        first, second = np.triu_indices(len(self.looks))
        return np.ascontiguousarray((planes[first] * planes[second]).sum(1).T)

    @cached_property
    def prior(self) -> np.ndarray:
        """float32 [k, k]: how little of every look there usually is."""
        return np.diag(1 / np.maximum(self.sizes, 1e-3) ** 2)


def learn_look(sample: list[FaceCells], progress: Progress | None = None) -> FaceLook | None:
    """The look of the face in one shot, from faces spread over it in order (24 to a few hundred); None if there are too few, or if
    something is in front of most of them, so that nothing can be told. Raises Cancelled when the user stops."""
    progress = progress or Silent()
    if len(sample) < _FEWEST:
        return None
    lab = _planes(np.stack(sample))
    red = _redness(lab)
    middle, spread = _usual(red)
    usable = np.flatnonzero(red >= middle - _LOST * spread)
    keep = usable[_calm(lab[usable])]
    for _ in range(_ROUNDS):
        if len(keep) < _FEWEST:
            return None
        look, errors = _fitted(lab, keep, _usual(red[keep]), progress)
        sizes = np.array([_sized_hits(look, one)[1] for one in errors])
        keep = np.setdiff1d(usable, _large_events(sizes))
    return look if np.mean(sizes > 0) <= 0.5 else None


def things_in_front(look: FaceLook, cells: FaceCells) -> np.ndarray:
    """bool [40, 40]: the cells that something hides, without holes, and carried on a little beyond the face, where none are judged."""
    rest = _unexplained(look, _without_light(_planes(cells[None]), look.middle) / look.spread)
    hits, _ = _sized_hits(look, _errors(look, rest[0]))
    if not hits.any():
        return hits
    closed = cv2.morphologyEx(hits.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = cv2.drawContours(closed, outlines, -1, 1, cv2.FILLED)
    beyond = cv2.dilate(whole, np.ones((7, 7), np.uint8)) > 0
    return (whole > 0) | (beyond & ~face_mask())


def lips_shown(look: FaceLook, cells: FaceCells) -> float:
    """1 while the lips are as red against the skin as they may be, falling to 0 where something of the skin's own colour hides them."""
    middle, spread = look.redness
    return float(np.clip(_LOST + 0.5 - (middle - _redness(_planes(cells[None]))[0]) / spread, 0, 1))


def front_mask(hits: np.ndarray, points: np.ndarray, box: Box) -> np.ndarray:
    """uint8 [h, w] of a box in the frame: what stays in front (hits: bool [40, 40]), with soft edges."""
    return cv2.GaussianBlur(in_frame(hits, points, box), (0, 0), max(0.012 * face_height(points), 0.5))


def _planes(faces: np.ndarray) -> np.ndarray:
    """float32 [n, 4800] of faces [n, 40, 40, 3]: all cells' lightness, then a, then b."""
    return faces.transpose(0, 3, 1, 2).reshape(len(faces), -1)


def _redness(lab: np.ndarray) -> np.ndarray:
    """float64 [n]: how much redder the lips are than the skin, of faces [n, 4800]."""
    red, (lips, skin) = lab[:, CELLS * CELLS:2 * CELLS * CELLS], _lips_and_skin()
    return np.percentile(red[:, lips], 80, axis=1).astype(np.float64) - np.median(red[:, skin], axis=1)


@lru_cache(maxsize=1)
def _lips_and_skin() -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the cells of the lips, and of the others of the face."""
    return np.flatnonzero(lips_mask()), np.flatnonzero(face_mask() & ~lips_mask())


def _usual(redness: np.ndarray) -> tuple[float, float]:
    middle = float(np.median(redness))
    return middle, max(float(_spread(redness - middle)), 0.6)


def _spread(values: np.ndarray) -> np.ndarray:
    """Robust standard deviation around 0 over the first axis."""
    return 1.4826 * _median(np.abs(values))


def _median(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """As numpy's, which picks the middle; sorting all takes a seventh of the time, as processors sort many numbers at once."""
    ordered, n = np.sort(values, axis=axis), values.shape[axis]
    return (ordered.take((n - 1) // 2, axis) + ordered.take(n // 2, axis)) / 2


def _calm(lab: np.ndarray) -> np.ndarray:
    """Numbers of the faces that lie close to the median of all: hardly any skin cell far from it, or the calmer half of them."""
    middle, spread = _middle_and_spread(lab)
    far = (_without_light(lab, middle) / spread).reshape(len(lab), 3, -1)
    share = ((far**2).mean(1) > 2.5**2)[:, _lips_and_skin()[1]].mean(1)
    return np.flatnonzero(share <= max(0.02, np.median(share)))


def _middle_and_spread(lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = _median(lab)
    return middle, np.hypot(_spread(lab - middle), np.repeat(_LOOSE, CELLS * CELLS)).astype(np.float32)


def _without_light(lab: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """float32 [n, 4800]: differences from the middle less what a change of light does to all cells alike."""
    far = (lab - middle).reshape(len(lab), 3, -1)
    light = _median(far, axis=2) * np.float32([1, 0.5, 0.5])
    return (far - light[..., None]).reshape(len(lab), -1)


def _fitted(lab: np.ndarray, keep: np.ndarray, redness: tuple[float, float], progress: Progress) -> tuple[FaceLook, np.ndarray]:
    """The look of the faces `keep`, and how far every cell of all faces is from what it explains, float32 [n, 40, 40]."""
    middle, spread = _middle_and_spread(lab[keep])
    standing = _without_light(lab, middle) / spread
    learnt = np.clip(standing[keep], -4, 4)
    mean = _median(learnt)
    looks, sizes = _principal(learnt - mean, max(1, min(_LOOKS, len(keep) // 10)))
    ones = np.ones(len(mean), np.float32)
    look = FaceLook(middle, spread, mean, looks, sizes, ones, ones, redness)
    rest = np.concatenate([_unexplained(look, part) for part in _parts(standing, progress)])
    usual = np.hypot(_spread(rest[keep]), np.repeat(_TIGHT, CELLS * CELLS))
    error = np.maximum(usual, 0.5 * np.sqrt((rest[keep] ** 2).mean(0))).astype(np.float32)
    look = replace(look, error=error)
    errors = np.stack([_errors(look, one) for one in rest])
    most = np.percentile(errors[keep], 98, axis=0).astype(np.float32)
    return replace(look, limit=np.maximum(cv2.dilate(most, np.ones((3, 3), np.uint8)), 0.5)), errors


def _principal(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` principal components of faces [n, 4800] around 0, float32 [count, 4800] and their standard deviations, by way of
    the faces' products with each other: there are far fewer faces than cells."""
    import torch

    faces = torch.from_numpy(values).double()
    with one_thread():
        squares, ways = torch.linalg.eigh(faces @ faces.T)
        squares, ways = squares[-count:].flip(0).clamp(min=0), ways[:, -count:].flip(1)
        looks = (ways.T @ faces) / squares.sqrt().clamp(min=1e-6)[:, None]
    return looks.float().numpy(), (squares / len(values)).sqrt().float().numpy()


def _parts(values: np.ndarray, progress: Progress) -> Iterator[np.ndarray]:
    for start in range(0, len(values), _AT_A_TIME):
        progress.check()
        yield values[start:start + _AT_A_TIME]


def _unexplained(look: FaceLook, standing: np.ndarray) -> np.ndarray:
    """float32 [n, 4800]: what the look cannot explain of faces in spreads, in 8-bit Lab. On one thread: NumPy's would wait for each
    other, so small this is."""
    import torch

    count, pairs = len(standing), torch.from_numpy(_pairs(len(look.looks)))
    away, looks, products, prior = map(torch.from_numpy, (standing - look.mean, look.looks, look.products, look.prior))
    say = torch.ones(count, 1, CELLS * CELLS)
    with one_thread():
        for _ in range(_STEPS):
            system = (say[:, 0] @ products)[:, pairs] + prior
            parts = torch.linalg.solve(system, (away.view(count, 3, -1) * say).view(count, -1) @ looks.T)
            rest = away - parts @ looks
            say = 1 / (1 + (rest.view(count, 3, -1).square().sum(1, keepdim=True) / (3 * _OUTLIER**2)).square())
    return rest.numpy() * look.spread


@lru_cache(maxsize=_LOOKS)
def _pairs(count: int) -> np.ndarray:
    """int64 [count, count]: where the product of two looks stands among all of them."""
    first, second = np.triu_indices(count)
    numbers = np.zeros((count, count), np.int64)
    numbers[first, second] = numbers[second, first] = np.arange(len(first))
    return numbers


def _errors(look: FaceLook, rest: np.ndarray) -> np.ndarray:
    """float32 [40, 40]: how far each cell with its neighbours is from what the look explains, in usual errors."""
    squares = ((rest / look.error) ** 2).reshape(3, CELLS, CELLS).mean(0)
    return np.sqrt(cv2.blur(squares, (3, 3)))


def _sized_hits(look: FaceLook, errors: np.ndarray) -> tuple[np.ndarray, int]:
    """Cells of the face that something hides, and the strong ones of the largest group among them."""
    unusual = errors / look.limit
    strong = (unusual > _STRONG) & _judged()[1]
    if np.count_nonzero(strong) < _TOUCHING:
        return np.zeros((CELLS, CELLS), bool), 0
    weak = (unusual > _WEAK) & _judged()[0]
    count, groups = cv2.connectedComponents(weak.astype(np.uint8), connectivity=4)
    sizes = np.bincount(groups[strong], minlength=count)
    reach = np.bincount(groups[weak & _judged()[2]], minlength=count)
    is_thing = sizes >= np.where(reach >= _REACH, _TOUCHING, _FLOATING)
    is_thing[0] = False
    return is_thing[groups], int(sizes[is_thing].max(initial=0))


@lru_cache(maxsize=1)
def _judged() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """bool [40, 40] each: the face, the face without the inner mouth, and cells at the face's rim."""
    face = face_mask()
    inner = cv2.erode(face.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return face, face & ~inner_mouth_mask(), inner == 0


def _large_events(sizes: np.ndarray) -> np.ndarray:
    """Numbers of the faces in stretches with something in front (single misses bridged) that becomes large at some time, and their
    neighbours. Small stretches are grimaces, which shall be learnt."""
    busy = cv2.dilate(np.uint8(sizes > 0)[None], np.ones((1, 3), np.uint8))[0]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], busy, [0]]).astype(int)))
    events = [np.arange(a, b) for a, b in edges.reshape(-1, 2) if sizes[a:b].max() >= _LARGE]
    return np.concatenate([np.zeros(0, int), *events])
