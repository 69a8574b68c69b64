"""The Wav2Lip engine: each frame's face, its lower half hidden, and what is heard at the frame's own time become the face that says it."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from ...compose.cut import cut_out
from ...compose.patch import FacePatch
from ...host.device import one_picture_thread
from ...host.networks import halved
from ...host.progress import Progress
from ...media.ahead import ahead
from ...models.find import file_stamp
from ...models.wav2lip.run import Running, running
from ...speech.wav2lip_mel import mel_windows, window_starts
from ..engine import Take, register
from .checkpoint import checkpoint_path
from .crop import Crops, face_crops
from .restore import Restorer, identity, restored
from .settings import Wav2LipSettings
from .silence import column_gate, heard_gate, mouth_shown

TOO_LARGE = 1.5
"""Size of the film's face over the network's from which it looks soft."""

_SPARE = 1.25  # pixels that a restored face keeps for each pixel of its place in the film
_STILL_FPS = 25.0


@register("wav2lip")
@dataclass
class Wav2LipEngine:
    """restorer: sharpens the network's faces, or None. notes: about the last patches, see `engines.engine.Engine`."""

    restorer: Restorer | None = None
    notes: list[str] = field(default_factory=list)

    name = "wav2lip"
    title = "Wav2Lip: a network redraws the lower face; needs a checkpoint"
    licence = "checkpoints: research and non-commercial use"
    settings_type = Wav2LipSettings

    def made_from(self, settings: Wav2LipSettings) -> str:
        """The stamps of the checkpoint and the restorer. Raises MissingModel where no checkpoint is there."""
        return repr((file_stamp(checkpoint_path(settings.checkpoint)), self.restorer and identity(self.restorer)))

    def patches(self, take: Take, settings: Wav2LipSettings, progress: Progress, first: int = 0) -> Iterator[FacePatch]:
        """Raw crops from frame `first` on, in rising order; frames without a face get none. Memory: a batch of crops.

        Raises MissingModel for a checkpoint that is missing or holds something else, Cancelled when the user stops."""
        self.notes.clear()
        path = checkpoint_path(settings.checkpoint)
        gate = None if settings.silence == "network" else heard_gate(take.speech, progress)
        with running(path, settings.precision, settings.backend, settings.batch, progress) as network, one_picture_thread():
            crops = _crops(take, settings)
            self.notes += [network.status, *self._too_large(crops, network)]
            spoken = _spoken(take, crops, settings, gate)
            start = np.searchsorted(spoken.frames, first) // network.batch * network.batch  # the same batches as from the beginning
            columns = column_gate(gate) if settings.silence == "close" else None
            with progress.stage("drawing the mouth", len(spoken.frames)) as stage:
                stage.advance(int(start))
                for patch in self._drawn(take, settings, network, crops, spoken.since(start), columns, progress):
                    stage.advance()
                    if patch.index >= first:
                        yield patch

    def _drawn(self, take: Take, settings: Wav2LipSettings, network: Running, crops: Crops, spoken: _Spoken, columns: np.ndarray | None,
               progress: Progress) -> Iterator[FacePatch]:
        starts = window_starts(take.timeline.clock, 0, take.timeline.n_frames, settings.delay_ms)[spoken.frames]
        sources = take.timeline.source[spoken.frames]
        heard = mel_windows(take.speech.sound, starts.tolist(), columns, progress)
        largest = max(network.layout.size, round(_SPARE * crops.side()))
        size, done = network.batch, 0
        with closing(ahead(_faces(take, crops, sources, network.layout.size), 2 * network.batch)) as faces:
            while batch := list(islice(faces, network.batch)):
                mel = np.stack(list(islice(heard, len(batch))))
                pixels, size = _in_parts(network, np.stack(batch), mel, settings.mouth, size)
                if self.restorer is not None:
                    pixels = restored(pixels, self.restorer, largest)
                for picture in pixels:
                    affine = crops.affine(int(sources[done]), picture.shape[0])
                    yield FacePatch(int(spoken.frames[done]), picture, affine, shown=float(spoken.shown[done]))
                    done += 1

    def _too_large(self, crops: Crops, network: Running) -> list[str]:
        side, size = crops.side(), network.layout.size
        if self.restorer is not None or side <= TOO_LARGE * size:
            return []
        return [f"the face is {side:.0f} pixels large, {side / size:.1f} times the {size} of {network.layout.name}, so the new mouth will "
                "look soft: use a larger network or a restorer"]


@dataclass(frozen=True)
class _Spoken:
    """Output frames that get a mouth, int64 [n], rising, and how much of it is shown, float [n]."""

    frames: np.ndarray
    shown: np.ndarray

    def since(self, start: int) -> _Spoken:
        return _Spoken(self.frames[start:], self.shown[start:])


def _crops(take: Take, settings: Wav2LipSettings) -> Crops:
    """Boxes of all frames of the avatar that are used."""
    source, clock = take.timeline.source, take.avatar.source.clock
    fps = float(clock.fps) if clock else _STILL_FPS
    return face_crops(take.avatar.track, int(source.min()), int(source.max()) + 1, fps, settings.padding, settings.smoothing)


def _spoken(take: Take, crops: Crops, settings: Wav2LipSettings, gate: np.ndarray | None) -> _Spoken:
    """The frames whose avatar frame shows a face; where pauses are left to the film, only those around speech."""
    shown = crops.present[take.timeline.source - crops.first].astype(float)
    if settings.silence == "film":
        shown *= mouth_shown(gate, take.timeline.times() - settings.delay_ms / 1000)
    frames = np.flatnonzero(shown)
    return _Spoken(frames, shown[frames])


def _faces(take: Take, crops: Crops, sources: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """uint8 RGB [size, size, 3] of each of the avatar's frames, in their order."""
    for frame in take.avatar.source.walk(sources.tolist()):
        yield cut_out(frame.picture, crops.affine(frame.index, size), (size, size))


def _in_parts(network: Running, faces: np.ndarray, mel: np.ndarray, gain: float, size: int) -> tuple[np.ndarray, int]:
    """The network's faces, made `size` at a time, fewer where memory runs out; and how many fitted."""
    made, done = [], 0
    while done < len(faces):
        part, fitted = halved(min(size, len(faces) - done), lambda n: network.speak(faces[done:done + n], mel[done:done + n], gain))  # noqa: B023
        size = fitted if fitted < min(size, len(faces) - done) else size
        made.append(part)
        done += len(part)
    return np.concatenate(made), size
