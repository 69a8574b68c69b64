"""Follow the chosen face through a film, or lay the mesh on that of a photo."""
from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..host.device import one_picture_thread, one_thread
from ..host.progress import Progress
from ..media.ahead import ahead
from ..media.film import FrameSource
from ..models.mediapipe.load import detectors, find_network
from .choose import choose
from .gaps import between, bridgeable
from .landmark_file import LandmarkFile, LandmarkWriter
from .mesh import read_photo
from .pursuit import pursue
from .settings import TrackSettings
from .smooth import smooth_run
from .steady import Laid, steady
from .track import FaceTrack
from .track_cache import LANDMARKS, keep_track, kept_track, key_of, partial_folder

_AHEAD = 4
"""Decoding, the first laying of the mesh and the second run side by side, so many frames apart: 110 frames a second instead of 74."""

_HEAD_BYTES = 100e6
"""Memory the frames of the first second of a shot may take, from which the face is chosen."""


def track_faces(source: FrameSource, settings: TrackSettings, progress: Progress) -> FaceTrack:
    """The chosen face in every frame of `source`. A track made before of the same content under the same settings is read from the
    cache; a new one is kept there.

    Frames without a face have `present` False and NaN landmarks; if there is none in the whole film, that is no error here.
    Raises MissingModel if a network is not there, InputError for frames that cannot be decoded, Cancelled when the user stops."""
    key = key_of(source.content_key, settings)
    kept = kept_track(key, source.n_frames)
    if kept is not None:
        return kept
    detectors()
    find_network("mesh")
    with partial_folder() as folder, one_thread(), one_picture_thread():
        track = _track_photo(source, settings, folder) if source.is_still else _track_film(source, settings, folder, progress)
        return keep_track(folder, key, track)


@dataclass
class _Rows:
    """What is known of each frame while a film is tracked. regions: x, y, side, turn. breaks: frames where smoothing begins anew."""

    count: int
    present: np.ndarray = field(init=False)
    bridged: np.ndarray = field(init=False)
    confidence: np.ndarray = field(init=False)
    regions: np.ndarray = field(init=False)
    breaks: np.ndarray = field(init=False)
    cuts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.present, self.bridged, self.breaks = (np.zeros(self.count, bool) for _ in range(3))
        self.confidence = np.zeros(self.count, np.float32)
        self.regions = np.full((self.count, 4), np.nan)

    def add(self, laid: Laid) -> None:
        if laid.cut:
            self.cuts.append(laid.index)
        if laid.region is not None:
            region = laid.region
            self.present[laid.index], self.breaks[laid.index] = True, laid.starts
            self.confidence[laid.index] = laid.confidence
            self.regions[laid.index] = region.x, region.y, region.side, region.turn


def _track_film(source: FrameSource, settings: TrackSettings, folder: Path, progress: Progress) -> FaceTrack:
    rows = _Rows(source.n_frames)
    raw = folder / "raw.f32"
    fps = float(source.clock.fps) if source.clock is not None else 25.0
    head = int(np.clip(_HEAD_BYTES / (source.width * source.height * 1.5), 4, min(25, max(4, round(fps)))))
    with (progress.stage("tracking the face", total=source.n_frames) as stage,
          closing(ahead(source.frames(), _AHEAD)) as frames,
          closing(ahead(pursue(frames, settings.choice, head), _AHEAD)) as sightings,
          LandmarkWriter(raw) as writer):
        for laid in steady(sightings):
            if laid.index >= rows.count:
                break
            rows.add(laid)
            if laid.points is not None:
                writer.put(laid.index, laid.points)
            stage.advance()
        writer.pad(rows.count)
    with progress.stage("smoothing the track", total=source.n_frames) as stage, closing(LandmarkFile(raw, rows.count)) as points:
        filled = _bridge(rows, points, settings.bridge)
        box = _write_smoothed(rows, points, filled, fps, settings.smoothing, folder / LANDMARKS, stage)
    raw.unlink()
    return FaceTrack(rows.present, box, rows.confidence, np.empty((0, 468, 3), np.float32), tuple(rows.cuts), rows.bridged)


def _bridge(rows: _Rows, points: LandmarkFile, limit: int) -> dict[int, np.ndarray]:
    """Fill short gaps in `rows`; returns {frame: points in its region} of the frames that were filled."""
    starts = np.zeros(rows.count, bool)
    starts[rows.cuts] = True
    filled: dict[int, np.ndarray] = {}
    for first, stop in list(bridgeable(rows.present, starts, rows.regions, limit)):
        one, other = rows.regions[first - 1], rows.regions[stop].copy()
        other[3] = one[3] + (other[3] - one[3] + np.pi) % (2 * np.pi) - np.pi
        rows.regions[first:stop] = between(one, other, stop - first)
        rows.confidence[first:stop] = min(rows.confidence[first - 1], rows.confidence[stop])
        rows.present[first:stop] = rows.bridged[first:stop] = True
        rows.breaks[stop] = False
        shapes = between(points[first - 1].astype(np.float64), points[stop].astype(np.float64), stop - first)
        filled.update(zip(range(first, stop), shapes.astype(np.float32), strict=True))
    return filled


def _write_smoothed(rows: _Rows, points: LandmarkFile, filled: dict[int, np.ndarray], fps: float, strength: float, path: Path,
                    stage) -> np.ndarray:
    """Write the landmarks of all frames, smoothed run by run, and return their boxes, float32 [N, 4]."""
    box = np.full((rows.count, 4), np.nan, np.float32)

    with LandmarkWriter(path) as writer:
        for first, stop in _runs(rows.present, rows.breaks):
            def read(low: int, high: int, first: int = first) -> np.ndarray:
                return _patched(points, filled, first + low, first + high)

            for block in smooth_run(read, rows.regions[first:stop], fps, strength):
                writer.put(first, block)
                box[first : first + len(block)] = np.concatenate([block[..., :2].min(1), block[..., :2].max(1)], axis=1)
                first += len(block)
                stage.advance(len(block))
        writer.pad(rows.count)
    return box


def _patched(points: LandmarkFile, filled: dict[int, np.ndarray], start: int, stop: int) -> np.ndarray:
    """Rows of `points`, with those of the filled gaps put in."""
    block = points[start:stop]
    for frame in range(start, stop):
        if frame in filled:
            block[frame - start] = filled[frame]
    return block


def _runs(present: np.ndarray, breaks: np.ndarray) -> list[tuple[int, int]]:
    """(first, stop) of each run of frames with a face that belong together."""
    runs, first = [], None
    for frame in range(len(present) + 1):
        ended = frame == len(present) or not present[frame] or breaks[frame]
        if first is not None and ended:
            runs.append((first, frame))
            first = None
        if first is None and frame < len(present) and present[frame]:
            first = frame
    return runs


def _track_photo(source: FrameSource, settings: TrackSettings, folder: Path) -> FaceTrack:
    frame = source.frame(0)
    chosen = choose([frame], settings.choice, None)
    present, box, confidence = np.zeros(1, bool), np.full((1, 4), np.nan, np.float32), np.zeros(1, np.float32)
    with LandmarkWriter(folder / LANDMARKS) as writer:
        if chosen is not None:
            reading = read_photo(frame.picture, chosen[1].region)
            present[0], box[0], confidence[0] = True, reading.box, reading.confidence
            writer.put(0, reading.landmarks)
        writer.pad(1)
    return FaceTrack(present, box, confidence, np.empty((0, 468, 3), np.float32), (), np.zeros(1, bool))
