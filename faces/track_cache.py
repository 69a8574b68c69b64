"""Keep tracks on disk, so that the second run does not track again."""
from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from ..host.folders import cache_folder
from ..models.mediapipe.catalogue import NETWORKS
from .landmark_file import LandmarkFile
from .settings import TrackSettings
from .track import FaceTrack

VERSION = 3
"""To be raised whenever tracking changes its results."""

LANDMARKS, ARRAYS = "landmarks.f32", "track.npz"
MOST_BYTES = 4 * 1024**3
_PARTIAL = ".partial-"
_FORGOTTEN = 24 * 3600


def key_of(content_key: str, settings: TrackSettings) -> str:
    """Hex name of the track of a source under these settings."""
    choice = settings.choice
    words = [str(VERSION), content_key, choice.rule, str(settings.smoothing), str(settings.bridge)]
    if choice.rule in ("by size", "left to right"):
        words.append(str(choice.index))
    elif choice.rule == "point":
        words.append(str(choice.point))
    digest = hashlib.sha256("\n".join(words).encode())
    if choice.rule == "mask" and choice.mask is not None:
        digest.update(str(choice.mask.shape).encode() + np.packbits(choice.mask.astype(bool)).tobytes())
    for name in ("short", "full", "back", "mesh"):
        digest.update(NETWORKS[name].digest.encode())
    return digest.hexdigest()[:40]


def kept_track(key: str, n_frames: int) -> FaceTrack | None:
    """The track kept under `key`; None if there is none, or it is damaged or not of n_frames frames (then it is removed)."""
    folder = cache_folder("tracks") / key
    if not folder.is_dir():
        return None
    try:
        track = _read(folder, n_frames)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        shutil.rmtree(folder, ignore_errors=True)
        return None
    with suppress(OSError):
        os.utime(folder)
    return track


@contextmanager
def partial_folder() -> Iterator[Path]:
    """A folder beside the kept tracks to write a new one in; removed at the end if it still stands."""
    folder = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=cache_folder("tracks")))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep_track(folder: Path, key: str, track: FaceTrack) -> FaceTrack:
    """Keep what stands in a partial folder (the finished landmark file) together with the arrays of `track` under `key`, and return it
    as it will be read again. The oldest tracks go when all of them are above 4 GB."""
    np.savez(folder / ARRAYS, present=track.present, box=track.box, confidence=track.confidence, bridged=track.bridged,
             cuts=np.array(track.cuts, np.int64), landmarks=np.frombuffer(_digest(folder / LANDMARKS), np.uint8))
    target = cache_folder("tracks") / key
    shutil.rmtree(target, ignore_errors=True)
    with suppress(OSError):  # another process kept the same track in this moment
        folder.replace(target)
    kept = _read(target, track.n_frames)
    _prune(target)
    return kept


def _read(folder: Path, n_frames: int) -> FaceTrack:
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        present, box, confidence, bridged = (arrays[name] for name in ("present", "box", "confidence", "bridged"))
        cuts, digest = tuple(int(cut) for cut in arrays["cuts"]), arrays["landmarks"].tobytes()
    if not len(present) == len(box) == len(confidence) == len(bridged) == n_frames:
        raise ValueError("the kept track has another length")
    if _digest(folder / LANDMARKS) != digest:
        raise ValueError("the kept landmarks are damaged")
    return FaceTrack(present, box, confidence, LandmarkFile(folder / LANDMARKS, n_frames), cuts, bridged)


def _digest(path: Path) -> bytes:
    total = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            total.update(piece)
    return total.digest()


def _prune(spared: Path) -> None:
    """Remove the tracks that were not used for longest until the rest is below MOST_BYTES, and what crashed processes left."""
    folders = [folder for folder in cache_folder("tracks").iterdir() if folder.is_dir() and folder != spared]
    now, total = time.time(), _size(spared)
    for folder in sorted(folders, key=_used, reverse=True):
        forgotten = folder.name.startswith(_PARTIAL) and now - _used(folder) > _FORGOTTEN
        total += 0 if folder.name.startswith(_PARTIAL) else _size(folder)
        if forgotten or (total > MOST_BYTES and not folder.name.startswith(_PARTIAL)):
            shutil.rmtree(folder, ignore_errors=True)


def _used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for file in folder.iterdir())
    return 0
