"""AUDIO that is decoded only when somebody touches its waveform, and AUDIO of any kind as a Sound."""
from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from ..host.errors import InputError
from ..media.sound import Sound
from ..media.sound_array import SoundArray


class LazyAudio(Mapping):
    """ComfyUI's AUDIO, {"waveform": float32 [1, channels, n], "sample_rate": int}, of a Sound that stays in its file."""

    def __init__(self, sound: Sound) -> None:
        self.sound = sound
        self._decoded: weakref.ref[torch.Tensor] | None = None

    def __getitem__(self, key: str) -> Any:
        if key == "sample_rate":
            return self.sound.rate
        if key == "waveform":
            return self._waveform()
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        yield from ("waveform", "sample_rate")

    def __len__(self) -> int:
        return 2

    def copy(self) -> dict[str, Any]:
        """A plain dict, as other nodes expect of AUDIO."""
        return dict(self)

    def _waveform(self) -> torch.Tensor:
        waveform = self._decoded() if self._decoded else None
        if waveform is None:
            blocks = list(self.sound.blocks()) or [np.zeros((self.sound.channels, 0), np.float32)]
            waveform = torch.from_numpy(np.concatenate(blocks, axis=1))[None]
            self._decoded = weakref.ref(waveform)
        return waveform


def sound_of(audio: Mapping[str, Any] | None) -> Sound:
    """The Sound of an AUDIO; of a batch the first clip. Raises InputError where there is none."""
    if audio is None:
        raise InputError("There is no sound: the film it came from is silent. Connect Load Audio or a voice instead.")
    if isinstance(audio, LazyAudio):
        return audio.sound
    waveform, rate = audio["waveform"], int(audio["sample_rate"])
    samples = waveform.detach().cpu().float().numpy()
    samples = samples[0] if samples.ndim == 3 and len(samples) else samples.reshape(-1, samples.shape[-1])
    if not samples.size:
        raise InputError("The sound is empty (0 samples): give one that lasts at least a tenth of a second.")
    return SoundArray(samples, rate)
