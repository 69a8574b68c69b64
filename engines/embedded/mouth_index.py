"""The index of a film's mouths: about twenty numbers a frame, by which sources are searched."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from ...compose.cut import cut_out_grey
from ...compose.fade import strengths
from ...faces.avatar import Avatar
from ...faces.track import FaceTrack
from ...media.film import Frame
from .photo_face import SMALLEST_FACE

LOOK = 8
_CHUNK = 512
_SHARPNESS_SIDE = 64
_LOOK_SIZE = (28, 24)


@dataclass(frozen=True)
class MouthIndex:
    """Arrays over the N frames of a film; NaN where there is no face.

    opening: |13-14|/|10-152|. width: |61-291|/|33-263|. yaw: (x4 - mean(x234, x454))/face width. pitch: (y4 - y6)/face height. height:
    |10-152| in pixels. centre: float32 [N, 2], middle of 0, 17 and 152. shot: int32, number of the shot. Filled in as frames are
    seen: sharpness: log(1 + variance of the Laplacian) of the nose. look: float32 [N, 8], shading around the mouth."""

    opening: np.ndarray
    width: np.ndarray
    yaw: np.ndarray
    pitch: np.ndarray
    height: np.ndarray
    centre: np.ndarray
    shot: np.ndarray
    sharpness: np.ndarray
    look: np.ndarray


def index_mouths(track: FaceTrack) -> MouthIndex:
    """The numbers that landmarks alone give, read in chunks; sharpness and look are NaN until `look_at` has seen the frames."""
    n = track.n_frames
    columns = np.full((n, 7), np.nan, np.float32)
    for start, points in chunks(track, 0, n):
        columns[start:start + len(points)] = _numbers(points)
    opening, width, yaw, pitch, height = columns[:, :5].T
    shot = np.zeros(n, np.int32)
    shot[[cut for cut in track.cuts if cut < n]] = 1
    return MouthIndex(opening, width, yaw, pitch, height, columns[:, 5:], np.cumsum(shot, dtype=np.int32),
                      np.full(n, np.nan, np.float32), np.full((n, LOOK), np.nan, np.float32))


def mouth_strengths(avatar: Avatar, index: MouthIndex) -> np.ndarray:
    """float32 [N], 0 .. 1: how much of a new mouth each frame can show; 0 where there is no face, or one too small to be seen."""
    strength = strengths(avatar.track, avatar.source.width, avatar.source.height)
    strength[~(np.nan_to_num(index.height) >= SMALLEST_FACE)] = 0
    return strength


def chunks(track: FaceTrack, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
    """Landmarks of frames start .. stop-1 in pieces that fit the memory: number of the first, float32 [<= 512, 468, 3]."""
    for first in range(start, stop, _CHUNK):
        yield first, np.asarray(track.landmarks[first:min(first + _CHUNK, stop)])


def look_at(index: MouthIndex, frame: Frame, points: np.ndarray) -> None:
    """Fill in sharpness and look of a frame that is decoded; points: its landmarks [468, 3]."""
    at, unit = frame.index, float(index.height[frame.index])
    right = points[263, :2] - points[33, :2]
    right = right / np.linalg.norm(right)
    down = np.array([-right[1], right[0]])
    nose = _upright(frame, points[[6, 195, 4], :2].mean(0), right, down, 0.5 * unit, (_SHARPNESS_SIDE, _SHARPNESS_SIDE))
    index.sharpness[at] = np.log1p(cv2.Laplacian(nose, cv2.CV_32F).var())
    mouth = _upright(frame, points[4, :2] + 0.22 * unit * down, right, down, 0.42 * unit, _LOOK_SIZE)
    shade = cv2.GaussianBlur(mouth.astype(np.float32), (0, 0), 0.7)
    index.look[at] = _look_basis() @ (shade / max(float(shade.mean()), 1.0)).ravel()


def _numbers(points: np.ndarray) -> np.ndarray:
    """float32 [n, 7] of landmarks [n, 468, 3]: opening, width, yaw, pitch, height, centre x, centre y."""
    flat = points[..., :2]
    height = _distance(flat, 10, 152)
    yaw = (flat[:, 4, 0] - (flat[:, 234, 0] + flat[:, 454, 0]) / 2) / _distance(flat, 234, 454)
    pitch = (flat[:, 4, 1] - flat[:, 6, 1]) / height
    return np.column_stack([_distance(flat, 13, 14) / height, _distance(flat, 61, 291) / _distance(flat, 33, 263), yaw, pitch, height,
                            flat[:, [0, 17, 152]].mean(1)])


def _distance(flat: np.ndarray, one: int, other: int) -> np.ndarray:
    return np.linalg.norm(flat[:, one] - flat[:, other], axis=1)


def _upright(frame: Frame, centre: np.ndarray, right: np.ndarray, down: np.ndarray, across: float, size: tuple[int, int]) -> np.ndarray:
    """Grey picture [h, w] of size = w, h around `centre`, turned upright by the eyes; it shows `across` pixels of the frame."""
    axes = np.stack([right, down], 1) * across / size[0]
    affine = np.column_stack([axes, centre - axes @ (np.array(size) / 2)])
    return cut_out_grey(frame.picture, affine, size)


@lru_cache(maxsize=1)
def _look_basis() -> np.ndarray:
    """float32 [8, 672]: the slow cosines that stand for the shading. They need no pass over the film as principal components do."""
    x, y = ((np.arange(length) + 0.5) / length * np.pi for length in _LOOK_SIZE)
    waves = [(0, 1), (1, 0), (1, 1), (2, 0), (0, 2), (2, 1), (1, 2), (0, 3)]
    basis = [np.outer(np.cos(v * y), np.cos(u * x)).ravel() for u, v in waves]
    return np.array([wave / np.linalg.norm(wave) for wave in basis], np.float32)
