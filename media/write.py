"""Write a film: frames in, a file out, in flat memory, whole or not at all."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av

from ..host.errors import InputError
from ..host.progress import Progress, Silent
from .ahead import Behind
from .clock import Clock
from .film import Frame
from .film_format import FilmFormat, choose_format
from .film_writer import FilmWriter, Job
from .gif_writer import GifWriter
from .output_path import output_error, prepare_folder, whole_file, whole_series
from .picture import Picture
from .picture_files import PictureWriter, series_of, write_picture
from .sound import Sound
from .write_settings import WriteSettings, WrittenFilm, WrittenSound

__all__ = ["WriteSettings", "WrittenFilm", "WrittenSound", "check_output", "write_film", "write_picture"]

_WAITING = 3
"""Pictures that may wait for the encoder."""


def write_film(frames: Iterable[Frame], clock: Clock, n_frames: int, path: str | Path, settings: WriteSettings | None = None,
               sound: Sound | None = None, progress: Progress | None = None, sound_start: float = 0.0) -> WrittenFilm:
    """Encode the first `n_frames` of `frames` to `path`, frame i at clock.time(i), with `sound` beside them; say what was written.

    frames are taken in the caller's thread and encoded in another, at most three waiting. sound_start: seconds after the first
    frame at which the sound's first sample stands. The sound ends with the film or before it. An existing file stays until the new
    one is whole; on an error, a cancel or Ctrl-C nothing is left behind.

    Raises InputError (settings that do not fit, fewer frames than promised), OutputError (cannot be written there, no such encoder,
    a size the codec cannot take, no room on the disk), Cancelled."""
    settings, progress = settings or WriteSettings(), progress or Silent()
    film_format = check_output(path, settings)
    start = Fraction(sound_start).limit_denominator(1_000_000)
    if n_frames < 1:
        raise InputError("A film needs at least one frame; the sound may be shorter than half a frame.")
    with _place(path, film_format) as (target, part):
        job = Job(film_format, settings, clock, n_frames, target, part, sound, start)
        feed: Behind[Picture, WrittenFilm] = Behind(lambda pictures: _written(job, pictures), _WAITING)
        with feed, progress.stage("writing the film", total=n_frames) as stage:
            for picture in _counted(frames, n_frames):
                feed.put(picture)
                stage.advance()
    return feed.result


def check_output(path: str | Path, settings: WriteSettings) -> FilmFormat:
    """The format `path` will be written in, after making its folder and seeing that a file can be put there; to be called before the
    work begins. Raises InputError and OutputError as `write_film` does."""
    if settings.sound not in ("copy", "encode", "none"):
        raise InputError(f"The sound setting '{settings.sound}' is not known; choose copy, encode or none.")
    film_format = choose_format(path, settings.format)
    if film_format.writer == "pictures":
        folder = series_of(path).folder
        prepare_folder(folder / "frame" if folder.is_dir() else folder)
    else:
        prepare_folder(_absolute(path))
    return film_format


@contextmanager
def _place(path: str | Path, film_format: FilmFormat) -> Iterator[tuple[Path, Path]]:
    """Where the result will stand, and where it grows until the end of the block."""
    if film_format.writer == "pictures":
        series = series_of(path)
        with whole_series(series.folder, series.holds) as part:
            yield series.folder / series.pattern, part
    else:
        target = _absolute(path)
        with whole_file(target) as part:
            yield target, part


def _absolute(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()


def _counted(frames: Iterable[Frame], n_frames: int) -> Iterator[Picture]:
    """The pictures of exactly `n_frames` frames; `frames` is closed, if it can be, however this ends."""
    count = 0
    try:
        for frame in islice(frames, n_frames):
            yield frame.picture
            count += 1
    finally:
        if hasattr(frames, "close"):
            frames.close()
    if count < n_frames:
        raise InputError(f"The film ended after {count} of {n_frames} frames: its file may be cut off or damaged.")


_WRITERS = {"film": FilmWriter, "gif": GifWriter, "pictures": PictureWriter}


def _written(job: Job, pictures: Iterator[Picture]) -> WrittenFilm:
    """The work of the encoding thread."""
    first = next(pictures)
    with ExitStack() as stack:
        try:
            writer = _WRITERS[job.format.writer](job, first)
            stack.callback(writer.abandon)
            writer.put(first)
            for picture in pictures:
                writer.put(picture)
            written = writer.finish()
        except (av.FFmpegError, OSError) as error:
            raise output_error(job.target, error) from error
        stack.pop_all()
    return written
