"""A film in a container: pictures encoded one by one, the sound laid in beside them."""
from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from .clock import Clock
from .encode_pixels import PixelConverter
from .encoders import EncodePlan, device_of, open_encoder, plan_encoding
from .film_format import FilmFormat
from .picture import Picture
from .sound import Sound
from .sound_track import SoundTrack, add_sound
from .write_settings import WriteSettings, WrittenFilm, WrittenSound

UNEVEN = Fraction(1, 90_000)
"""Time base of a film with an uneven clock; stamps are right to 6 microseconds."""

_AHEAD = Fraction(1, 5)
"""Seconds by which sound is put in before the picture it belongs to."""

_INTERLEAVE = "1000000"
"""Microseconds for which FFmpeg waits for a track that has ended (its own default, ten seconds, holds 200 MB of lossless 720p)."""


@dataclass(frozen=True)
class Job:
    """What is to be written. part: the file (or folder) to write to, target: where it will stand. The rest as in `write_film`."""

    format: FilmFormat
    settings: WriteSettings
    clock: Clock
    n_frames: int
    target: Path
    part: Path
    sound: Sound | None
    sound_start: Fraction

    def time_base(self) -> Fraction:
        """Of the stamps: one frame, or a small step where the clock is uneven."""
        return 1 / self.clock.fps if self.clock.is_even else UNEVEN

    def stamp(self, index: int) -> int:
        """When frame `index` appears, in steps of the time base."""
        return index if self.clock.is_even else round(self.clock.time(index) / UNEVEN)

    def written(self, plan: EncodePlan, frames: int, sound: WrittenSound | None = None, notes: tuple[str, ...] = ()) -> WrittenFilm:
        """The account of it."""
        codec = av.Codec(plan.encoder.name, "w").canonical_name
        return WrittenFilm(self.target, frames, float(self.clock.time(self.n_frames)), self.format.name, codec, plan.encoder.name,
                           plan.pix_fmt, plan.width, plan.height, plan.fallback, sound, plan.notes + notes)


class FilmWriter:
    """Writes one film: `put` for each picture, then `finish`; or `abandon`."""

    def __init__(self, job: Job, first: Picture) -> None:
        """Opens encoder and file. Raises InputError, OutputError, or FFmpeg's error where the encoder refuses."""
        self._job = job
        self._plan = plan_encoding(job.format, job.settings, first, job.clock.fps, job.time_base())
        self._convert = PixelConverter(self._plan.pix_fmt, self._plan.width, self._plan.height, self._plan.colour)
        self._durations: dict[int, int] = {}
        self._put = 0
        self._sound: SoundTrack | None = None
        self._container = av.open(str(job.part), "w", format=job.format.container, container_options=_container_options(job))
        self._container.metadata.update(job.settings.tags)
        try:
            self._stream = self._container.add_stream(self._plan.encoder.name, rate=self._plan.fps, **device_of(self._plan))
            open_encoder(self._stream.codec_context, self._plan)
            if job.sound is not None and job.format.sound is not None and job.settings.sound != "none":
                end = job.clock.time(job.n_frames)
                self._sound = add_sound(self._container, job.sound, job.sound_start, end, job.format.sound, job.settings)
            self._container.start_encoding()
        except BaseException:
            self.abandon()
            raise

    def put(self, picture: Picture) -> None:
        """Encode the next picture."""
        frame = self._convert(picture)
        frame.pts, frame.time_base = self._job.stamp(self._put), self._job.time_base()
        self._durations[frame.pts] = self._job.stamp(self._put + 1) - frame.pts
        self._put += 1
        self._mux(self._stream.encode(frame))

    def finish(self) -> WrittenFilm:
        """Encode what waits in the encoders and close the file."""
        self._mux(self._stream.encode(None))
        if self._sound is not None:
            self._sound.finish()
            self._sound.close()
        self._container.close()
        return self._job.written(self._plan, self._put, self._sound and self._sound.written)

    def abandon(self) -> None:
        """Close everything without a care for the file, which is removed."""
        if self._sound is not None:
            self._sound.close()
        with suppress(OSError):  # Windows keeps open files
            self._job.part.unlink()
        with suppress(av.FFmpegError, OSError, ValueError):  # closing ends the file, which may be what failed
            self._container.close()

    def _mux(self, packets: list[av.Packet]) -> None:
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts, packet.duration)
            if self._sound is not None:
                self._sound.fill(packet.dts * packet.time_base + _AHEAD)
            self._container.mux(packet)


def _container_options(job: Job) -> dict[str, str]:
    options = {"max_interleave_delta": _INTERLEAVE} | job.format.container_options
    if job.settings.tags and job.format.container in ("mp4", "mov"):  # which else keep only names of their own
        options["movflags"] = options.get("movflags", "") + "+use_metadata_tags"
    return options
