"""What stands in front of the mouth in each frame of a film."""
from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...compose.front import FaceCells, FaceLook, front_mask, learn_look, things_in_front
from ...compose.lower_face import face_cells
from ...compose.mask import Box
from ...host.progress import Progress
from ...media.film import Frame
from .mouth_index import MouthIndex

_SAMPLE = 120  # faces of a shot from which its look is learnt
_LOOKS_KEPT = 8
_COMPARED = 1000  # frames of a shot among which familiar ones are looked for
_APART, _FAMILIAR = 0.6, 0.03  # seconds between a frame and those like it, and the share of such frames that it takes
_EVERY = 3  # frames; those between are judged where one of these has a hit
_BETWEEN = 3  # frames on either side, one of which has a hit, where an unfamiliar frame is judged after all
_HIDDEN = 0.3, 0.6  # share of the mouth behind something: all of the rest is shown up to the first, nothing from the second


class FrontWatch:
    """Looks at frames in the groups in which they are decoded; the first group of a shot teaches what its face looks like."""

    def __init__(self) -> None:
        self._looks: dict[int, FaceLook | None] = {}
        self._fresh: dict[int, FaceCells] = {}
        self._hits: dict[int, np.ndarray] = {}

    def see(self, frame: Frame, points: np.ndarray) -> None:
        """Read the lower face of a frame (landmarks [468, 3]); judged by `settle`."""
        self._fresh[frame.index] = face_cells(frame.picture, points)

    def settle(self, shot: int, index: MouthIndex, rate: float, progress: Progress) -> None:
        """Judge the frames seen since the last call, which are of one shot. rate: frames a second. Raises Cancelled when the user
        stops."""
        if self._fresh and shot not in self._looks:
            while len(self._looks) >= _LOOKS_KEPT:
                del self._looks[next(iter(self._looks))]
            cells = list(self._fresh.values())
            self._looks[shot] = learn_look(cells[::-(-len(cells) // _SAMPLE)], progress)
        look = self._looks.get(shot)
        if look is not None:
            frames = np.array(list(self._fresh), int)
            familiar = _familiar(frames, shot, index, rate)
            self._judge(frames[familiar & (frames % _EVERY == 0)], look, progress)
            self._judge([frame for frame in frames[familiar].tolist() if self._is_beside_hits(frame)], look, progress)
            self._judge([frame for frame in frames[~familiar].tolist() if self._is_amid_hits(frame)], look, progress)
        self._fresh.clear()

    def hidden(self, first: int, stop: int) -> np.ndarray:
        """bool [stop - first]: frames with something in front of the face."""
        return np.array([frame in self._hits for frame in range(first, stop)], bool)

    def mask(self, frame: int, points: np.ndarray, box: Box) -> np.ndarray | None:
        """uint8 [h, w] of a box of the frame: what stays in front; None if nothing does. A hit that neither the frame before nor the one
        after shares is an error of judging; the others are smoothed over the three."""
        around = [self._hits.get(frame + k) for k in (-1, 0, 1)]
        if around[1] is None or (around[0] is None and around[2] is None):
            return None
        weights = (0.25, 0.5, 0.25)
        masks = [weight * front_mask(hits, points, box) for hits, weight in zip(around, weights, strict=True) if hits is not None]
        return np.uint8(np.minimum(sum(masks) * 4 / 3, 255))

    def _judge(self, frames: Iterable[int], look: FaceLook, progress: Progress) -> None:
        for frame in map(int, frames):
            progress.check()
            hits = things_in_front(look, self._fresh[frame])
            if hits.any():
                self._hits[frame] = hits

    def _is_beside_hits(self, frame: int) -> bool:
        return frame not in self._hits and any(frame + k in self._hits for k in range(-_EVERY, _EVERY + 1))

    def _is_amid_hits(self, frame: int) -> bool:
        return all(any(frame + side * k in self._hits for k in range(1, _BETWEEN + 1)) for side in (-1, 1))


def _familiar(frames: np.ndarray, shot: int, index: MouthIndex, rate: float) -> np.ndarray:
    """bool [n]: frames whose pose and mouth other moments of the shot show as well. Only their look was learnt; a turn or a laugh that
    comes once would be taken for a thing in front."""
    first, stop = np.searchsorted(index.shot, [shot, shot + 1])
    others = np.arange(first, stop, max(1, (stop - first) // _COMPARED))
    close = np.abs(frames[:, None] - others) > _APART * rate
    for values, within in ((index.yaw, 0.04), (index.pitch, 0.015), (index.opening, 0.025)):
        close &= np.abs(values[frames][:, None] - values[others]) < within
    return close.sum(1) >= max(3, _FAMILIAR * len(others))


def left_over(seen: np.ndarray, front: np.ndarray) -> np.ndarray:
    """float32 [h, w] 0 .. 1: `seen` without what is in front (uint8), and less of the rest the more of the mouth is hidden."""
    left = seen * (1 - front.astype(np.float32) / 255)
    hidden = 1 - float(left.sum()) / max(float(seen.sum()), 1e-6)
    return left * np.float32(np.clip((_HIDDEN[1] - hidden) / (_HIDDEN[1] - _HIDDEN[0]), 0, 1))
