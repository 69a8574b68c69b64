"""Write sound to a file: wav, flac, mp3, aac, opus by its ending; whole or not at all."""
from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ..host.errors import InputError
from ..host.progress import Progress, Silent
from .output_path import output_error, prepare_folder, whole_file
from .sound import Sound
from .sound_track import resampled

_KINDS = {".wav": ("wav", "pcm_s16le"), ".flac": ("flac", "flac"), ".mp3": ("mp3", "libmp3lame"), ".m4a": ("ipod", "aac"),
          ".aac": ("adts", "aac"), ".ogg": ("ogg", "libopus"), ".opus": ("opus", "libopus")}
_LAYOUTS = {1: "mono", 2: "stereo"}


def check_sound_output(path: str | Path) -> Path:
    """Where the sound will stand, its folder made; to be called before the work begins. Raises InputError for an ending that is no kind of
    sound, OutputError if nothing can be put there."""
    target = Path(path).expanduser().absolute()
    if target.suffix.lower() not in _KINDS:
        raise InputError(f"'{target.name}' is no kind of sound that can be written: give a name ending in {', '.join(_KINDS)}.")
    prepare_folder(target)
    return target


def write_sound(sound: Sound, path: str | Path, progress: Progress | None = None) -> None:
    """Write it in flat memory; more than two channels are mixed to one. Raises as `check_sound_output`, OutputError, Cancelled."""
    target = check_sound_output(path)
    container_name, encoder = _KINDS[target.suffix.lower()]
    with whole_file(target) as part, (progress or Silent()).stage("writing the sound", max(1, round(sound.seconds))) as stage:
        try:
            with av.open(str(part), "w", format=container_name) as container:
                rates = sorted(av.Codec(encoder, "w").audio_rates or [sound.rate])
                rate = next((one for one in rates if one >= sound.rate), rates[-1])
                channels = sound.channels if sound.channels in _LAYOUTS else 1
                stream = container.add_stream(encoder, rate=rate, layout=_LAYOUTS[channels])
                at = 0
                for block in resampled(_mixed(sound, channels), sound.rate, rate, channels):
                    packed = np.ascontiguousarray(block.T).reshape(1, -1)
                    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=_LAYOUTS[channels])
                    frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), at
                    at += block.shape[1]
                    container.mux(stream.encode(frame))
                    stage.advance(round(block.shape[1] / rate))
                container.mux(stream.encode(None))
        except (av.FFmpegError, OSError) as error:
            raise output_error(target, error) from error


def _mixed(sound: Sound, channels: int):
    if channels == sound.channels:
        yield from sound.blocks(1.0)
        return
    for block in sound.mono(sound.rate, 1.0):
        yield block[None]
