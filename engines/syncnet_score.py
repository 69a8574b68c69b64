"""How well lips and sound of a film go together in the eyes of a SyncNet the user has: LSE-C and LSE-D, or the probability of Wav2Lip's
expert. Streamed, so that a long film takes what a short one does."""
from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..faces.track import FaceTrack
from ..host.errors import InputError
from ..host.networks import halved, kept, on_device, placement
from ..host.progress import Progress
from ..media.film import FrameSource
from ..media.sound import Sound
from ..models.find import file_stamp
from ..models.syncnet.lse_distance import FURTHEST, LseScore, lse_score
from ..models.syncnet.lse_syncnet import LseSyncNet
from ..models.syncnet.recognise import load_syncnet
from .sync_judges import FRAMES, ExpertJudge, LseJudge
from .syncnet_crops import Crops, cut_crops, lay_crops

BATCH = 8
_HEARD_AHEAD = 64
_SAMPLES = 640  # of 16 kHz in a frame of 25 a second
_ACTIVATIONS = 60_000_000  # bytes a window of five crops takes on its way

Judge = LseJudge | ExpertJudge


@dataclass(frozen=True)
class SyncNetScore:
    """lse: distances at every shift, their best and the offset. expert: whether Wav2Lip's expert judged, whose distance is 1 - the
    probability that lips and sound belong together, and of whom LSE scores cannot be told. device: where the network ran."""

    lse: LseScore
    expert: bool
    device: str


def measure_syncnet(source: FrameSource, track: FaceTrack, sound: Sound, checkpoint: Path, progress: Progress) -> SyncNetScore:
    """The score of a film with a sound over every window of five frames (25 a second) in which the face is seen without a break.

    Raises MissingModel for a file that is no SyncNet, InputError for a film in which no such window is, Cancelled."""
    network = kept(("syncnet", *file_stamp(checkpoint)), lambda: load_syncnet(checkpoint))
    crops = lay_crops(source, track)
    n = min(len(crops.sources), round(sound.n_samples * 16000 / sound.rate) // _SAMPLES) - FRAMES
    windows = [i for i in range(max(0, n)) if crops.shot[i] >= 0 and crops.shot[i] == crops.shot[i + FRAMES - 1]]
    if not windows:
        raise InputError(f"A SyncNet needs a face that is seen for {FRAMES + 1} frames of 25 a second with sound, and '{source.path.name}' "
                         "has none: choose another film, or score it without a checkpoint.")
    judge = (LseJudge if isinstance(network, LseSyncNet) else ExpertJudge)(network, sound, progress)
    distances = []
    with on_device(network, activations=BATCH * _ACTIVATIONS) as device, progress.stage("measuring lip sync", len(windows)) as stage:
        ear = _Ear(judge, n, device)
        for places, lips in _lips(source, crops, set(windows), judge, device, progress):
            distances.extend(judge.compare(one, ear.around(place)) for place, one in zip(places, lips, strict=True))
            stage.advance(len(places))
        where = placement(network)
    return SyncNetScore(lse_score(np.array(distances)), isinstance(judge, ExpertJudge), where)


def _lips(source: FrameSource, crops: Crops, windows: set[int], judge: Judge, device, progress: Progress
          ) -> Iterator[tuple[list[int], np.ndarray]]:
    """(first frames, float32 [k, D]) of the windows, a few at a time."""
    size, waiting, places = BATCH, [], []
    for place, window in _windows_of(cut_crops(source, crops, judge.side, judge.outline, progress), windows):
        waiting.append(window)
        places.append(place)
        if len(waiting) >= size:
            made, size = _embedded(judge, waiting, size, device)
            yield places, made
            waiting, places = [], []
    if waiting:
        yield places, _embedded(judge, waiting, size, device)[0]


def _windows_of(cut: Iterator[tuple[int, np.ndarray]], windows: set[int]) -> Iterator[tuple[int, np.ndarray]]:
    """(first frame, uint8 [5, side, side, 3]) of each wanted window of the crops that come."""
    held: deque[np.ndarray] = deque(maxlen=FRAMES)
    before = -2
    for place, crop in cut:
        if place != before + 1:
            held.clear()
        held.append(crop)
        before = place
        if place - FRAMES + 1 in windows:
            yield place - FRAMES + 1, np.stack(held)


def _embedded(judge: Judge, windows: list[np.ndarray], size: int, device) -> tuple[np.ndarray, int]:
    import torch

    made, done = [], 0
    with torch.inference_mode():
        while done < len(windows):
            def run(n: int, first: int = done):
                return judge.lips(torch.from_numpy(np.stack(windows[first:first + n])).to(device)).float().cpu().numpy()

            part, size = halved(min(size, len(windows) - done), run)
            made.append(part)
            done += len(part)
    return np.concatenate(made), size


class _Ear:
    """The sound's embeddings around a frame, computed as they are wanted and forgotten when they lie behind."""

    def __init__(self, judge: Judge, n: int, device) -> None:
        self._judge, self._n, self._device = judge, n, device
        self._first, self._held = 0, np.zeros((0, judge.embedding), np.float32)

    def around(self, place: int) -> np.ndarray:
        """float32 [31, D]: of the windows place - 15 .. place + 15, zeros where there is no sound."""
        low, high = max(0, place - FURTHEST), min(self._n, place + FURTHEST + 1)
        if low > self._first + len(self._held):
            self._first, self._held = low, self._held[:0]
        while self._first + len(self._held) < high:
            start = self._first + len(self._held)
            new = self._heard(start, min(self._n, start + _HEARD_AHEAD))
            self._held = np.concatenate([self._held[max(0, low - self._first):], new])
            self._first = max(self._first, low)
        found = self._held[low - self._first:high - self._first]
        return np.pad(found, ((low - (place - FURTHEST), place + FURTHEST + 1 - high), (0, 0)))

    def _heard(self, start: int, stop: int) -> np.ndarray:
        import torch

        with torch.inference_mode():
            return self._judge.sound(self._judge.heard(start, stop).to(self._device)).float().cpu().numpy()
