"""Choose whose face it shall be, among those seen in a few frames of a shot."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..host.errors import InputError
from ..media.film import Frame
from .look import likeness, look_of
from .mesh import Reading
from .search import all_faces
from .settings import RULES, FaceChoice

ALIKE = 0.58
"""Likeness above which two faces on one set are taken for the same person. Measured on 13 films: one person's faces 0.64 and
more, two people's 0.57 at most."""

UNLIKE = 0.45
"""Likeness below which they are taken for two."""

_SAME_PLACE = 0.7


@dataclass
class Candidate:
    """A face seen in some of the sampled frames. seen: {position of the frame in the sample: what was read there}."""

    seen: dict[int, Reading]

    @property
    def latest(self) -> Reading:
        return self.seen[max(self.seen)]

    def mean(self, number) -> float:
        """The mean of number(reading) over the frames in which it was seen."""
        return float(np.mean([number(reading) for reading in self.seen.values()]))


def choose(frames: list[Frame], choice: FaceChoice, known: np.ndarray | None) -> tuple[int, Reading] | None:
    """The face to follow, from sampled frames of one shot: (position in `frames` where it was first seen, its reading there), or
    None if no face is seen or fewer than the rule counts.

    known: the look of the person followed in the shot before; who resembles them is preferred to the rule."""
    candidates = _candidates(frames)
    chosen = None
    if known is not None and len(candidates) > 1:
        chosen = _most_alike(candidates, frames, known)
    if chosen is None:
        picture = frames[0].picture
        chosen = by_rule(candidates, choice, len(frames), (picture.width, picture.height))
    return None if chosen is None else min(chosen.seen.items())


def _candidates(frames: list[Frame]) -> list[Candidate]:
    """Who is seen in the frames. Where the first and the last show one face alone, at one place, nobody is looked for between them."""
    samples = {at: all_faces(frames[at].picture) for at in {0, len(frames) - 1}}
    if any(len(faces) != 1 for faces in samples.values()) or len(gather([*samples.values()])) > 1:
        samples |= {at: all_faces(frames[at].picture) for at in range(1, len(frames) - 1)}
    return gather([samples.get(at, []) for at in range(len(frames))])


def gather(samples: list[list[Reading]]) -> list[Candidate]:
    """Readings of several frames put together by place: each goes to the candidate that was last seen nearest, if near enough."""
    candidates: list[Candidate] = []
    for position, readings in enumerate(samples):
        for reading in readings:
            free = [one for one in candidates if position not in one.seen and _is_near(one.latest, reading)]
            if free:
                nearest = min(free, key=lambda one, reading=reading: np.linalg.norm(one.latest.centre - reading.centre))
                nearest.seen[position] = reading
            else:
                candidates.append(Candidate({position: reading}))
    return candidates


def by_rule(candidates: list[Candidate], choice: FaceChoice, n_frames: int, picture: tuple[int, int]) -> Candidate | None:
    """The candidate a rule of `FaceChoice` names. n_frames: how many frames were sampled. picture: width, height.

    Raises InputError for a rule there is not."""
    if choice.rule in ("largest", "by size", "mask"):
        ranked = sorted(candidates, key=lambda one: one.mean(lambda r: r.size**2) * len(one.seen) / n_frames, reverse=True)
        if choice.rule == "mask":
            ranked = [one for one in ranked if _inside(choice.mask, one.latest.centre, picture)]
    elif choice.rule == "left to right":
        ranked = sorted(candidates, key=lambda one: one.mean(lambda r: r.centre[0]))
    elif choice.rule in ("centre", "point"):
        target = choice.point if choice.rule == "point" else (picture[0] / 2, picture[1] / 2)
        ranked = sorted(candidates, key=lambda one: one.mean(lambda r: np.linalg.norm(r.centre - target)))
    else:
        raise InputError(f"'{choice.rule}' is no rule for choosing a face; use one of: {', '.join(RULES)}.")
    index = choice.index if choice.rule in ("by size", "left to right") else 0
    return ranked[index] if index < len(ranked) else None


def _most_alike(candidates: list[Candidate], frames: list[Frame], known: np.ndarray) -> Candidate | None:
    """The candidate that resembles the known person most, if one does."""
    likes = []
    for one in candidates:
        position, reading = min(one.seen.items())
        likes.append(likeness(known, look_of(frames[position].picture, reading.region)))
    best = int(np.argmax(likes))
    return candidates[best] if likes[best] > ALIKE else None


def _is_near(one: Reading, other: Reading) -> bool:
    apart = float(np.linalg.norm(one.centre - other.centre))
    return apart < _SAME_PLACE * max(one.size, other.size) and 0.5 < one.size / other.size < 2


def _inside(mask: np.ndarray | None, point: np.ndarray, picture: tuple[int, int]) -> bool:
    """Whether a point of the picture lies inside a mask, which may have another size than the picture."""
    if mask is None:
        return True
    height, width = mask.shape[:2]
    x, y = int(point[0] * width / picture[0]), int(point[1] * height / picture[1])
    return 0 <= x < width and 0 <= y < height and bool(mask[y, x])
