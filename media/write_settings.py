"""What a user may choose about the film that is written, and the account of what was written."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WriteSettings:
    """format: name of a format ("mp4-h264"), None: by the ending of the path. crf: quality in the codec's own scale, lower is better,
    None: the format's default. preset: speed of the encoder ("veryfast", "medium", …), None: the format's default. pix_fmt: pixel
    format, None: the film's own where the codec takes it, else the nearest. encoder: "auto" (software) or "hardware" (the graphics
    card's where it truly works, else software). sound: "copy" (packets as they are where the container allows, else encoded),
    "encode" or "none". sound_bitrate: bits a second for lossy codecs, None: 192000 for stereo. tags: names and texts to be kept in
    the file, where its container can."""

    format: str | None = None
    crf: int | None = None
    preset: str | None = None
    pix_fmt: str | None = None
    encoder: str = "auto"
    sound: str = "copy"
    sound_bitrate: int | None = None
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class WrittenSound:
    """codec: of the sound in the film ("aac"). copied: whether its packets were taken over as they were. rate: samples a second.
    channels: how many. bitrate: bits a second it was encoded with, None where copied or lossless. why_encoded: why it was not copied,
    None where it was or where nobody asked for that."""

    codec: str
    copied: bool
    rate: int
    channels: int
    bitrate: int | None = None
    why_encoded: str | None = None

    def __str__(self) -> str:
        if self.copied:
            return f"sound copied ({self.codec})"
        return f"sound encoded to {self.codec}" + (f" {self.bitrate // 1000} kbit/s" if self.bitrate else "")


@dataclass(frozen=True)
class WrittenFilm:
    """path: the file (for pictures the folder). frames: how many it has. seconds: its length by the clock. format: name of the format.
    codec: of the picture ("h264"). encoder: that made it ("libx264"). pix_fmt, width, height: as encoded. fallback: why another
    encoder than the one asked for was taken, or None. sound: what became of the sound, None where there is none.
    notes: sentences about anything that could not be done as asked."""

    path: Path
    frames: int
    seconds: float
    format: str
    codec: str
    encoder: str
    pix_fmt: str
    width: int
    height: int
    fallback: str | None = None
    sound: WrittenSound | None = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        encoder = "" if self.encoder == self.codec else f" by {self.encoder}"
        parts = [f"{self.codec}{encoder}, {self.pix_fmt}, {self.width}x{self.height}", str(self.sound) if self.sound else "no sound"]
        return "; ".join(parts + ([self.fallback] if self.fallback else []) + list(self.notes))
