"""Pictures as files: a film as a series of PNGs, and single pictures such as previews and contact sheets."""
from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from ..host.errors import OutputError
from .encode_pixels import PixelConverter
from .encoders import open_encoder, plan_encoding
from .film_writer import Job
from .output_path import output_error, prepare_folder, whole_file
from .picture import Picture
from .write_settings import WrittenFilm

_NUMBER = re.compile(r"%0?(\d*)d")


def write_picture(path: str | Path, rgb: np.ndarray) -> None:
    """Write uint8 RGB [h, w, 3] as .png, .jpg, .jpeg or .webp, by the ending. Raises OutputError."""
    target = Path(path).expanduser().absolute()
    kind = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}.get(target.suffix.lower())
    if kind is None:
        raise OutputError(f"'{target.name}' cannot be told to be a picture; end it with .png, .jpg or .webp.")
    prepare_folder(target)
    with whole_file(target) as part:
        try:
            Image.fromarray(rgb).save(part, kind, quality=92)
        except OSError as error:
            raise output_error(target, error) from error


@dataclass(frozen=True)
class Series:
    """Numbered files of one folder. pattern: their name with %05d for the number of the frame, from 0."""

    folder: Path
    pattern: str

    def name(self, number: int) -> str:
        """Of frame `number`."""
        return _NUMBER.sub(lambda found: f"{number:0{found[1] or 1}d}", self.pattern)

    def holds(self, name: str) -> bool:
        """Whether a file's name belongs to the series."""
        before, after = _NUMBER.split(self.pattern)[::2]
        return re.fullmatch(re.escape(before) + r"\d+" + re.escape(after), name) is not None


def series_of(path: str | Path) -> Series:
    """"frames/" holds frame_00000.png, …; "x_%04d.png" says it all; "x.png" becomes x_00000.png, …. Raises OutputError."""
    place = Path(path).expanduser().absolute()
    if place.suffix.lower() != ".png":
        return Series(place, "frame_%05d.png")
    numbers = len(_NUMBER.findall(place.name))
    if numbers > 1 or place.name.count("%") != numbers:
        raise OutputError(f"'{place.name}' must hold one place for the number, such as frame_%05d.png.")
    return Series(place.parent, place.name if numbers else f"{place.stem}_%05d{place.suffix}")


class PictureWriter:
    """Writes each picture as a file of its own into the folder `job.part`."""

    def __init__(self, job: Job, first: Picture) -> None:
        self._job, self._series = job, series_of(job.target)
        self._plan = plan_encoding(job.format, job.settings, first, job.clock.fps, Fraction(1, 25))
        self._convert = PixelConverter(self._plan.pix_fmt, self._plan.width, self._plan.height, self._plan.colour)
        self._encoder = av.CodecContext.create(self._plan.encoder.name, "w")
        open_encoder(self._encoder, self._plan)
        self._put = self._saved = 0

    def put(self, picture: Picture) -> None:
        """Encode the next picture; it is saved now or, as several are encoded side by side, a little later."""
        frame = self._convert(picture)
        frame.pts, frame.time_base = self._put, self._plan.time_base
        self._put += 1
        self._save(self._encoder.encode(frame))

    def finish(self) -> WrittenFilm:
        """Save what waits in the encoder."""
        self._save(self._encoder.encode(None))
        return self._job.written(self._plan, self._saved)

    def abandon(self) -> None:
        """Nothing is open; the folder is removed by who made it."""

    def _save(self, packets: list[av.Packet]) -> None:
        for packet in packets:
            (self._job.part / self._series.name(self._saved)).write_bytes(bytes(packet))
            self._saved += 1
