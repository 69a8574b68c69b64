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
_REACH = 3  # cells of the rim a group must hold to count as reaching it


FaceCells = np.ndarray
"""The lower face of a frame as `lower_face.face_cells` reads it: float32 [40, 40, 3], 8-bit Lab."""


@dataclass(frozen=True)
class FaceLook:
    """How a face looks in a shot. middle, spread, error: float32 [4800], median, spread and usual unexplained rest of every cell and
    channel. mean, looks, sizes: float32 [4800], [k, 4800], [k], principal components of what is left, in spreads. limit: float32
    [40, 40], above which the error of a cell is unusual. redness: of the lips against the skin, its median and spread."""

    middle: np.ndarray
    spread: np.ndarray
    mean: np.ndarray
    looks: np.ndarray
    sizes: np.ndarray
    error: np.ndarray
    limit: np.ndarray
    redness: tuple[float, float]


def learn_look(sample: list[FaceCells], progress: Progress | None = None) -> FaceLook | None:
    """The look of the face in one shot, from faces spread over it in order (24 to a few hundred); None if there are too few, or if
    something is in front of most of them, so that nothing can be told. Raises Cancelled when the user stops: it may take a second."""
    progress = progress or Silent()
    if len(sample) < _FEWEST:
        return None
    usable = np.flatnonzero(~_lips_lost(sample))
    keep = usable[_calm([sample[k] for k in usable])]
    for _ in range(_ROUNDS):
        if len(keep) < _FEWEST:
            return None
        look = _fitted([sample[k] for k in keep], progress)
        sizes = np.array([_sized_hits(look, cells)[1] for cells in _checked(sample, progress)])
        keep = np.setdiff1d(usable, _large_events(sizes))
    return look if np.mean(sizes > 0) <= 0.5 else None


def things_in_front(look: FaceLook, cells: FaceCells) -> np.ndarray:
    """bool [40, 40]: the cells that something hides, without holes, and carried on a little beyond the face, where none are judged."""
    hits, _ = _sized_hits(look, cells)
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
    return float(np.clip(_LOST + 0.5 - (middle - _redness(cells)) / spread, 0, 1))


def front_mask(hits: np.ndarray, points: np.ndarray, box: Box) -> np.ndarray:
    """uint8 [h, w] of a box in the frame: what stays in front (hits: bool [40, 40]), with soft edges."""
    return cv2.GaussianBlur(in_frame(hits, points, box), (0, 0), max(0.012 * face_height(points), 0.5))


def _lips_lost(sample: list[FaceCells]) -> np.ndarray:
    """bool [n]: faces whose lips are far less red against the skin than they mostly are."""
    middle, spread = _usual_redness(sample)
    return np.array([_redness(cells) < middle - _LOST * spread for cells in sample])


def _usual_redness(sample: list[FaceCells]) -> tuple[float, float]:
    red = np.array([_redness(cells) for cells in sample])
    return float(np.median(red)), max(float(_spread(red - np.median(red))), 0.6)


def _redness(cells: FaceCells) -> float:
    return float(np.percentile(cells[lips_mask(), 1], 80) - np.median(cells[face_mask() & ~lips_mask(), 1]))


def _spread(values: np.ndarray) -> np.ndarray:
    """Robust standard deviation around 0 over the first axis."""
    return 1.4826 * np.median(np.abs(values), axis=0)


def _calm(sample: list[FaceCells]) -> np.ndarray:
    """Numbers of the faces that lie close to the median of all: hardly any skin cell far from it, or the calmer half of them."""
    lab = np.stack([cells.ravel() for cells in sample])
    middle, spread = _middle_and_spread(lab)
    far = (_without_light(lab, middle) / spread).reshape(len(lab), CELLS, CELLS, 3)
    share = ((far**2).mean(-1) > 2.5**2)[:, face_mask() & ~lips_mask()].mean(1)
    return np.flatnonzero(share <= max(0.02, np.median(share)))


def _middle_and_spread(lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = np.median(lab, axis=0)
    return middle, np.hypot(_spread(lab - middle), np.tile(_LOOSE, CELLS * CELLS)).astype(np.float32)


def _without_light(lab: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """float32 [n, 4800]: differences from the middle less what a change of light does to all cells alike."""
    far = (lab - middle).reshape(len(lab), -1, 3)
    light = np.median(far, axis=1, keepdims=True) * np.float32([1, 0.5, 0.5])
    return (far - light).reshape(len(lab), -1)


def _checked(sample: list[FaceCells], progress: Progress) -> Iterator[FaceCells]:
    for cells in sample:
        progress.check()
        yield cells


def _fitted(sample: list[FaceCells], progress: Progress) -> FaceLook:
    lab = np.stack([cells.ravel() for cells in sample])
    middle, spread = _middle_and_spread(lab)
    standing = np.clip(_without_light(lab, middle) / spread, -4, 4)
    mean = np.median(standing, axis=0)
    _, sizes, looks = np.linalg.svd(standing - mean, full_matrices=False)
    count = max(1, min(_LOOKS, len(sample) // 10))
    ones = np.ones(CELLS * CELLS * 3, np.float32)
    look = FaceLook(middle, spread, mean, looks[:count], sizes[:count] / len(sample) ** 0.5, ones, ones, _usual_redness(sample))
    rest = np.stack([_unexplained(look, cells) for cells in _checked(sample, progress)])
    error = np.maximum(np.hypot(_spread(rest), np.tile(_TIGHT, CELLS * CELLS)), 0.5 * np.sqrt((rest**2).mean(0)))
    look = replace(look, error=error.astype(np.float32))
    usual = np.percentile([_errors(look, cells) for cells in _checked(sample, progress)], 98, axis=0).astype(np.float32)
    return replace(look, limit=np.maximum(cv2.dilate(usual, np.ones((3, 3), np.uint8)), 0.5))


def _unexplained(look: FaceLook, cells: FaceCells) -> np.ndarray:
    """float32 [4800]: what the look cannot explain, in 8-bit Lab. On one thread: NumPy's would wait for each other, so small this is."""
    import torch

    standing = torch.from_numpy(_without_light(cells.reshape(1, -1), look.middle)[0] / look.spread - look.mean).float()
    looks = torch.from_numpy(look.looks).float()
    prior = torch.from_numpy(np.diag(1 / np.maximum(look.sizes, 1e-3) ** 2)).float()
    say = torch.ones(CELLS * CELLS)
    with one_thread():
        for _ in range(_STEPS):
            weighted = looks * say.repeat_interleave(3)
            rest = standing - torch.linalg.solve(weighted @ looks.T + prior, weighted @ standing) @ looks
            say = 1 / (1 + ((rest.reshape(-1, 3) ** 2).mean(-1) / _OUTLIER**2) ** 2)
    return rest.numpy() * look.spread


def _errors(look: FaceLook, cells: FaceCells) -> np.ndarray:
    """float32 [40, 40]: how far each cell with its neighbours is from what the look explains, in usual errors."""
    squares = ((_unexplained(look, cells) / look.error) ** 2).reshape(CELLS, CELLS, 3).mean(-1)
    return np.sqrt(cv2.blur(squares, (3, 3)))


def _sized_hits(look: FaceLook, cells: FaceCells) -> tuple[np.ndarray, int]:
    """Cells of the face that something hides, and the strong ones of the largest group among them."""
    unusual = _errors(look, cells) / look.limit
    weak, strong = (unusual > _WEAK) & face_mask(), (unusual > _STRONG) & face_mask() & ~inner_mouth_mask()
    inner = cv2.erode(face_mask().astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    count, groups = cv2.connectedComponents(weak.astype(np.uint8), connectivity=4)
    sizes = np.bincount(groups[strong], minlength=count)
    reach = np.bincount(groups[weak & (inner == 0)], minlength=count)
    is_thing = sizes >= np.where(reach >= _REACH, _TOUCHING, _FLOATING)
    is_thing[0] = False
    return is_thing[groups], int(sizes[is_thing].max(initial=0))


def _large_events(sizes: np.ndarray) -> np.ndarray:
    """Numbers of the faces in stretches with something in front (single misses bridged) that becomes large at some time, and their
    neighbours. Small stretches are grimaces, which shall be learnt."""
    busy = cv2.dilate(np.uint8(sizes > 0)[None], np.ones((1, 3), np.uint8))[0]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], busy, [0]]).astype(int)))
    events = [np.arange(a, b) for a, b in edges.reshape(-1, 2) if sizes[a:b].max() >= _LARGE]
    return np.concatenate([np.zeros(0, int), *events])
