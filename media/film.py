"""The nouns every room shares: `Frame`, and what a source of frames offers (`FilmFile` for motion, `Still` for a photo).

This file holds only shapes; `open.py` makes them from files.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from .clock import Clock
from .picture import Picture
from .sound import Sound


@dataclass(frozen=True)
class Frame:
    """One frame of a film: its number from 0 and its pixels in the film's own pixel format, turned upright."""

    index: int
    picture: Picture


class FrameSource(Protocol):
    """What a film and a still offer. It costs what one frame costs, however long the film is.

    path: the file. width, height: pixels, upright (rotation applied). n_frames: exact number of frames (1 for a still).
    clock: when each frame stands (None for a still). sound: the film's own sound, or None. is_still: whether it is a photo.
    content_key: hex digest that names the file's content, for caches.
    """

    path: Path
    width: int
    height: int
    n_frames: int
    clock: Clock | None
    sound: Sound | None
    is_still: bool

    @property
    def content_key(self) -> str: ...

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Frames start .. stop-1 in order. Closing the iterator frees the decoder."""

    def walk(self, indices: Iterable[int]) -> Iterator[Frame]:
        """The frames of any list of numbers, in that order: runs forward, backward (ping-pong), repeats and jumps, in
        bounded memory (at most a few dozen decoded frames)."""

    def frame(self, index: int) -> Frame:
        """One frame."""


def rgb(frame: Frame) -> np.ndarray:
    """uint8 [H, W, 3] RGB of a frame, by its own colour matrix and range."""
    return frame.picture.rgb()
