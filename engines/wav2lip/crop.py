"""Which part of each frame the network sees: a box from the forehead to below the chin and from cheek to cheek, stretched to a square, as
the face detector drew them (S3FD on WIDER FACE's tight boxes) on which Wav2Lip was trained.

The box is laid by the mesh's points, which are smooth over time already: it moves, turns and grows with the still points of the head, so
that it stands still on the face while the mouth moves; its own shape, which depends on turns of the head and on the chin, follows
slowly, the same way in both directions of time."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...compose.fade import shots
from ...compose.mean_face import STILL
from ...faces.track import FaceTrack

OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58,
        132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
_RIGHT_EYE, _LEFT_EYE = 33, 263
_SHAPE_SECONDS = 0.3  # standard deviation with which the box's shape follows, at smoothing 1
_PIECE = 1024


@dataclass(frozen=True)
class Crops:
    """The boxes of frames first .. first + n - 1 of an avatar. present: bool [n]. origin, right, down: float64 [n, 2], frame pixels: the
    corner at the forehead and the two sides of the box; NaN where no face is."""

    first: int
    present: np.ndarray
    origin: np.ndarray
    right: np.ndarray
    down: np.ndarray

    def affine(self, frame: int, size: int) -> np.ndarray:
        """float64 [2, 3] that takes pixels of the network's square picture of that side to pixels of the frame."""
        at = frame - self.first
        return np.column_stack([self.right[at] / size, self.down[at] / size, self.origin[at]])

    def side(self) -> float:
        """The longer side of the boxes in pixels, the median of the frames with a face; 0 where there is none."""
        if not self.present.any():
            return 0.0
        lengths = [np.hypot(*one[self.present].T) for one in (self.right, self.down)]
        return float(np.median(np.maximum(*lengths)))


def face_crops(track: FaceTrack, first: int, stop: int, fps: float, padding: float, smoothing: float) -> Crops:
    """Boxes for frames first .. stop-1. padding: below the chin, in heights of the face. smoothing: of the box's shape, 0 to 4.

    Memory: some numbers a frame; landmarks are read in pieces."""
    frames = _read(track, first, stop)
    present = np.isfinite(frames.scale)
    edges = frames.edges
    for start, end in _runs(track, present, first):
        edges[start:end] = _smoothed(edges[start:end], _SHAPE_SECONDS * smoothing * fps)
    left, top, right, bottom = (edges * frames.scale[:, None]).T
    bottom = bottom + padding * (bottom - top)
    across, along = frames.axis, np.column_stack([-frames.axis[:, 1], frames.axis[:, 0]])
    origin = frames.anchor + left[:, None] * across + top[:, None] * along
    return Crops(first, present, origin, (right - left)[:, None] * across, (bottom - top)[:, None] * along)


@dataclass(frozen=True)
class _Frames:
    """anchor: [n, 2], middle of the head's still points. axis: [n, 2], unit vector from eye to eye. scale: [n], the points' spread.
    edges: [n, 4], left, top, right, bottom of the face's outline from the anchor, in spreads."""

    anchor: np.ndarray
    axis: np.ndarray
    scale: np.ndarray
    edges: np.ndarray


def _read(track: FaceTrack, first: int, stop: int) -> _Frames:
    pieces = [_geometry(np.asarray(track.landmarks[start:min(start + _PIECE, stop)], np.float64)[..., :2])
              for start in range(first, stop, _PIECE)]
    present = np.asarray(track.present[first:stop], bool)
    anchor, axis, scale, edges = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    scale[~present] = np.nan
    return _Frames(anchor, axis, scale, edges)


def _geometry(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """anchor, axis, scale, edges of landmarks [n, 468, 2]."""
    still = points[:, STILL]
    anchor = still.mean(1)
    scale = np.sqrt(((still - anchor[:, None]) ** 2).sum(-1).mean(1))
    eyes = points[:, _LEFT_EYE] - points[:, _RIGHT_EYE]
    axis = eyes / np.hypot(*eyes.T)[:, None]
    oval = (points[:, OVAL] - anchor[:, None]) / scale[:, None, None]
    across = np.einsum("npk,nk->np", oval, axis)
    along = oval[..., 1] * axis[:, None, 0] - oval[..., 0] * axis[:, None, 1]
    return anchor, axis, scale, np.column_stack([across.min(1), along.min(1), across.max(1), along.max(1)])


def _runs(track: FaceTrack, present: np.ndarray, first: int) -> list[tuple[int, int]]:
    """First position and end of every run of faces within one shot."""
    cuts = {start - first for start, _ in shots(track)}
    edges = np.flatnonzero(np.diff(np.concatenate([[0], present.astype(np.int8), [0]])))
    found = []
    for start, stop in edges.reshape(-1, 2).tolist():
        inner = sorted(cut for cut in cuts if start < cut < stop)
        found += list(zip([start, *inner], [*inner, stop], strict=True))
    return found


def _smoothed(values: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian of `sigma` frames along the first axis that only counts what is there."""
    radius = min(int(np.ceil(3 * sigma)), len(values) - 1)
    if radius < 1:
        return values
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weight = _convolved(np.ones(len(values)), kernel)
    return np.column_stack([_convolved(column, kernel) / weight for column in values.T])


def _convolved(column: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    reach = len(kernel) // 2
    return np.convolve(column, kernel, "full")[reach:reach + len(column)]
