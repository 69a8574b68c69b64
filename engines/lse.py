"""LSE-C and LSE-D of a film by a SyncNet the user has: streamed, so that a long film takes what a short one does."""
from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..faces.track import FaceTrack
from ..host.errors import InputError, MissingModel
from ..host.networks import halved, kept, on_device, placement
from ..host.progress import Progress
from ..media.film import FrameSource
from ..media.sound import Sound
from ..models.find import file_stamp
from ..models.syncnet.lse_distance import FURTHEST, LseScore, lse_distances, lse_score
from ..models.syncnet.lse_syncnet import COLUMNS, EMBEDDING, FRAMES, SIDE, LseSyncNet
from ..models.syncnet.recognise import load_syncnet
from ..speech.mfcc import sound_mfcc
from .syncnet_crops import Crops, cut_crops, lay_crops

BATCH = 8
_SAMPLES = 640  # of 16 kHz in a frame of 25 a second
_ACTIVATIONS = 60_000_000  # bytes a window of five crops takes on its way


def measure_lse(source: FrameSource, track: FaceTrack, sound: Sound, checkpoint: Path, progress: Progress) -> tuple[LseScore, str]:
    """The score of a film with a sound, over every window of five frames (25 a second) in which the face is seen without a break, and
    where the network ran.

    Raises MissingModel for a file that is not the SyncNet of LSE scores, InputError for a film in which no such window is, Cancelled."""
    network = kept(("syncnet", *file_stamp(checkpoint)), lambda: load_syncnet(checkpoint))
    if not isinstance(network, LseSyncNet):
        raise MissingModel(f"'{checkpoint}' is the SyncNet that Wav2Lip was trained with, by which LSE-C and LSE-D are not measured: "
                           "choose syncnet_v2.model.")
    crops = lay_crops(source, track)
    mfcc = sound_mfcc(sound, progress)
    n = min(len(crops.sources), sound_samples(sound) // _SAMPLES) - FRAMES
    windows = [i for i in range(max(0, n)) if crops.shot[i] >= 0 and crops.shot[i] == crops.shot[i + FRAMES - 1]]
    if not windows:
        raise InputError(f"LSE scores need a face seen for {FRAMES + 1} frames of 25 a second with sound; '{source.path.name}' has none.")
    with on_device(network, activations=BATCH * _ACTIVATIONS) as device, progress.stage("measuring lip sync", len(windows)) as stage:
        heard = _Heard(network, mfcc, n, device)
        distances = []
        for places, lips in _lips(source, crops, set(windows), network, device, progress):
            distances.extend(lse_distances(lips[k:k + 1], heard.around(place))[0] for k, place in enumerate(places))
            stage.advance(len(places))
        where = placement(network)
    return lse_score(np.array(distances)), where


def sound_samples(sound: Sound) -> int:
    """Length of a sound at 16 kHz."""
    return round(sound.n_samples * 16000 / sound.rate)


def _lips(source: FrameSource, crops: Crops, windows: set[int], network: LseSyncNet, device, progress: Progress
          ) -> Iterator[tuple[list[int], np.ndarray]]:
    """(first frames, float32 [k, 1024]) of the windows, a few at a time."""
    size, waiting, places = BATCH, [], []
    for place, window in _windows_of(cut_crops(source, crops, SIDE, progress), windows):
        waiting.append(window)
        places.append(place)
        if len(waiting) >= size:
            made, size = _embedded(network, waiting, size, device)
            yield places, made
            waiting, places = [], []
    if waiting:
        yield places, _embedded(network, waiting, size, device)[0]


def _windows_of(cut: Iterator[tuple[int, np.ndarray]], windows: set[int]) -> Iterator[tuple[int, np.ndarray]]:
    """(first frame, uint8 [5, 224, 224, 3]) of each wanted window of the crops that come."""
    held: deque[np.ndarray] = deque(maxlen=FRAMES)
    before = -2
    for place, crop in cut:
        if place != before + 1:
            held.clear()
        held.append(crop)
        before = place
        if place - FRAMES + 1 in windows:
            yield place - FRAMES + 1, np.stack(held)


def _embedded(network: LseSyncNet, windows: list[np.ndarray], size: int, device) -> tuple[np.ndarray, int]:
    import torch

    made, done = [], 0
    with torch.inference_mode():
        while done < len(windows):
            def run(n: int, first: int = done):
                part = torch.from_numpy(np.stack(windows[first:first + n])).to(device)
                return network.lips(part.permute(0, 4, 1, 2, 3).float()).float().cpu().numpy()

            part, size = halved(min(size, len(windows) - done), run)
            made.append(part)
            done += len(part)
    return np.concatenate(made), size


class _Heard:
    """The sound's embeddings around a frame, computed as they are wanted and forgotten when they lie behind."""

    def __init__(self, network: LseSyncNet, mfcc: np.ndarray, n: int, device) -> None:
        self._network, self._mfcc, self._n, self._device = network, mfcc, n, device
        self._first, self._held = 0, np.zeros((0, EMBEDDING), np.float32)

    def around(self, place: int) -> np.ndarray:
        """float32 [31, 1024]: of the windows place - 15 .. place + 15, zeros where there is no sound."""
        low, high = max(0, place - FURTHEST), min(self._n, place + FURTHEST + 1)
        if low > self._first + len(self._held):
            self._first, self._held = low, self._held[:0]
        while self._first + len(self._held) < high:
            start = self._first + len(self._held)
            stop = min(self._n, start + 64)
            self._held = np.concatenate([self._held[max(0, low - self._first):], self._embedded(start, stop)])
            self._first = max(self._first, low)
        found = self._held[low - self._first:high - self._first]
        return np.pad(found, ((low - (place - FURTHEST), place + FURTHEST + 1 - high), (0, 0)))

    def _embedded(self, start: int, stop: int) -> np.ndarray:
        import torch

        rows = np.stack([_padded(self._mfcc[4 * i:4 * i + COLUMNS]) for i in range(start, stop)])
        with torch.inference_mode():
            return self._network.sound(torch.from_numpy(rows).permute(0, 2, 1)[:, None].to(self._device)).float().cpu().numpy()


def _padded(rows: np.ndarray) -> np.ndarray:
    """A window at the very end may miss a column."""
    return np.pad(rows, ((0, COLUMNS - len(rows)), (0, 0)), mode="edge") if len(rows) < COLUMNS else rows
