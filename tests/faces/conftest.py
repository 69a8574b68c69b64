"""Sources in memory for the tests of tracking, and a cache of their own."""
from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from talking_avatar.media.clock import Clock
from talking_avatar.media.film import Frame
from talking_avatar.media.picture import Picture


class Reel:
    """A film whose frames are made when asked for. draw(i): uint8 RGB of frame i. decoded: how many frames were asked for."""

    sound = None
    is_still = False

    def __init__(self, draw: Callable[[int], np.ndarray], n_frames: int, name: str = "reel.mp4", fps: int = 25):
        self.draw, self.n_frames, self.path = draw, n_frames, Path(name)
        self.clock = Clock(Fraction(fps))
        self.height, self.width = draw(0).shape[:2]
        self.decoded = 0

    @property
    def content_key(self) -> str:
        return hashlib.sha256(self.path.name.encode() + self.draw(0).tobytes() + bytes([self.n_frames % 256])).hexdigest()

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        for i in range(start, self.n_frames if stop is None else min(stop, self.n_frames)):
            yield self.frame(i)

    def walk(self, indices) -> Iterator[Frame]:
        return (self.frame(i) for i in indices)

    def frame(self, index: int) -> Frame:
        self.decoded += 1
        return Frame(index, Picture.from_rgb(self.draw(index)))


@pytest.fixture
def reel() -> type[Reel]:
    """Reel(draw, n_frames, name="reel.mp4", fps=25)."""
    return Reel


@pytest.fixture(autouse=True)
def tracks(tmp_path, monkeypatch) -> Path:
    """The folder of kept tracks, empty and of this test alone."""
    monkeypatch.setenv("TALKING_AVATAR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "tracks"


@pytest.fixture(scope="session")
def woman() -> np.ndarray:
    """uint8 [300, 300, 3]: head and shoulders of the astronaut, the face about 100 pixels high."""
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[:300, 80:380])


@pytest.fixture(scope="session")
def other_woman(woman) -> np.ndarray:
    """The same size: a face that looks like another person's (mirrored, wider, other colours)."""
    wide = cv2.resize(woman[:, ::-1], (400, 300), interpolation=cv2.INTER_AREA)[:, 50:350]
    return np.ascontiguousarray(np.clip(wide[..., [2, 0, 1]].astype(int) * (0.9, 0.7, 0.8) + (10, 40, 0), 0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def moved() -> Callable[..., np.ndarray]:
    """moved(picture, dx, dy, turn=0, scale=1): the picture moved by any fraction of a pixel, turned (radians) and scaled."""

    def move(picture: np.ndarray, dx: float, dy: float, turn: float = 0.0, scale: float = 1.0) -> np.ndarray:
        height, width = picture.shape[:2]
        matrix = motion_matrix(width, height, dx, dy, turn, scale)
        matrix[:, 2] += matrix[:, :2].sum(1) / 2 - 0.5
        return cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)

    return move


def motion_matrix(width: int, height: int, dx: float, dy: float, turn: float, scale: float) -> np.ndarray:
    """float64 [2, 3] of that motion, in coordinates where pixel (0, 0) covers [0, 1) x [0, 1)."""
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    middle = np.array([width / 2, height / 2])
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([linear, (middle + (dx, dy) - linear @ middle)[:, None]])


@pytest.fixture(scope="session")
def motion() -> Callable[..., np.ndarray]:
    """motion_matrix(width, height, dx, dy, turn, scale)."""
    return motion_matrix
