"""How much of the new mouth is shown in each frame: less where the face turns away, leaves the picture or is not there."""
from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from ..faces.track import FaceTrack
from .mask import MOUTH

_PIECE = 1024  # frames whose landmarks are in memory at one time
_YAW = 0.34, 0.46  # full up to the first (about 30 degrees, still a good mouth), nothing from the second
_INSIDE = 0.60, 0.90  # share of the mouth inside the picture: nothing below the first, full from the second
_RAMP = 4  # frames in and out around frames without a face
_SMOOTH = 5  # frames, the span over which a turning head's strength is averaged


def strengths(track: FaceTrack, width: int, height: int) -> np.ndarray:
    """float32 [N], 0 to 1, one for each frame of the source (width x height pixels).

    0 where no face is; ramps of 4 frames lead in and out of such gaps, never across a cut (a new shot begins at full strength)."""
    raw = np.concatenate([np.zeros(0, np.float32), *_in_pieces(track, width, height)])
    result = np.zeros(track.n_frames, np.float32)
    for start, stop in shots(track):
        here = np.asarray(track.present[start:stop], bool)
        smooth = _averaged(raw[start:stop], here)
        result[start:stop] = smooth * np.clip(_to_nearest_gap(here) / (_RAMP + 1), 0, 1)
    return result


def shots(track: FaceTrack) -> list[tuple[int, int]]:
    """First frame and end of every shot."""
    edges = [0, *(cut for cut in track.cuts if 0 < cut < track.n_frames), track.n_frames]
    return [(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True) if b > a]


def yaw(points: np.ndarray) -> np.ndarray:
    """How far faces are turned aside, of landmarks float [..., 468, 2 or more]: where the tip of the nose (4) lies between the ears
    (234, 454), 0 in the middle, +-0.5 above an ear."""
    right, left = points[..., 234, :2], points[..., 454, :2]
    middle = (right[..., 0] + left[..., 0]) / 2
    return (points[..., 4, 0] - middle) / np.linalg.norm(left - right, axis=-1)


def _in_pieces(track: FaceTrack, width: int, height: int) -> Iterator[np.ndarray]:
    for start in range(0, track.n_frames, _PIECE):
        points = np.asarray(track.landmarks[start:start + _PIECE])
        turned = _YAW[1] - np.abs(np.nan_to_num(yaw(points)))
        strength = np.clip(turned / (_YAW[1] - _YAW[0]), 0, 1)
        inside = np.array([_share_inside(mouth, width, height) for mouth in points[:, list(MOUTH), :2]])
        strength *= np.clip((inside - _INSIDE[0]) / (_INSIDE[1] - _INSIDE[0]), 0, 1)
        yield strength.astype(np.float32)


def _share_inside(mouth: np.ndarray, width: int, height: int) -> float:
    """Which share of the mouth's hull (float [n, 2]) lies inside the picture."""
    if not np.isfinite(mouth).all():
        return 0.0
    if mouth.min() >= 0 and (mouth.max(0) <= (width, height)).all():
        return 1.0
    hull = cv2.convexHull(mouth.astype(np.float32))
    picture = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return float(cv2.intersectConvexConvex(hull, picture)[0] / max(cv2.contourArea(hull), 1e-6))


def _averaged(values: np.ndarray, here: np.ndarray) -> np.ndarray:
    """The mean of the frames around each one, of those that show a face."""
    window = np.ones(_SMOOTH)
    total = np.convolve(np.where(here, values, 0), window, "full")
    count = np.convolve(here, window, "full")
    reach = _SMOOTH // 2
    return (total / np.maximum(count, 1))[reach:reach + len(values)]


def _to_nearest_gap(here: np.ndarray) -> np.ndarray:
    """For every frame of a shot, how many frames away the nearest one without a face is (0 for itself, infinite if there is none)."""
    gaps = np.flatnonzero(~here)
    if len(gaps) == 0:
        return np.full(len(here), np.inf)
    frames = np.arange(len(here))
    after = np.searchsorted(gaps, frames)
    before = np.abs(frames - gaps[np.maximum(after - 1, 0)])
    return np.minimum(before, np.abs(gaps[np.minimum(after, len(gaps) - 1)] - frames))
