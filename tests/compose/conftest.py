"""A face to try things on: the astronaut, tracked once, and films made of it."""
from fractions import Fraction

import cv2
import numpy as np
import pytest
from talking_avatar.faces.follow import track_faces
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.faces.track import FaceTrack
from talking_avatar.host.progress import Silent
from talking_avatar.media.clock import Clock
from talking_avatar.media.film import Frame
from talking_avatar.media.open import open_source
from talking_avatar.media.picture import Picture
from talking_avatar.media.timeline import Timeline

SCALE = 2.0  # the astronaut's face is 100 pixels high; twice that is what films have


class Frames:
    """A FrameSource of pictures in memory."""

    is_still, sound, path = False, None, None

    def __init__(self, pictures):
        self._pictures = [Picture.from_rgb(np.ascontiguousarray(pixels)) for pixels in pictures]
        self.n_frames = len(self._pictures)
        self.width, self.height = self._pictures[0].width, self._pictures[0].height
        self.clock, self.content_key = Clock(Fraction(25)), "frames in memory"

    def frame(self, index):
        return Frame(index, self._pictures[index])

    def frames(self, start=0, stop=None):
        return self.walk(range(start, self.n_frames if stop is None else stop))

    def walk(self, indices):
        yield from (self.frame(index) for index in indices)


class Face:
    """pixels: uint8 [h, w, 3] with a face about 200 pixels high. points: its landmarks, float32 [468, 3]."""

    def __init__(self, pixels, points):
        self.pixels, self.points = pixels, points

    def film(self, n=60, grain=1.5, seed=0):
        """Frames and track of n frames in which the face sways a few pixels, turns a little and is lit a little differently, with grain."""
        noise = np.random.default_rng(seed).normal(0, grain, (*self.pixels.shape[:2], 1)).astype(np.float32)
        pictures, rows = [], []
        height, width = self.pixels.shape[:2]
        middle = self.points[:, :2].mean(0)
        for i in range(n):
            angle, x, y = 0.03 * np.sin(i / 9), 6 * np.sin(i / 7), 5 * np.cos(i / 11)
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            shift = middle + (x, y) - turn @ middle
            by_centres = np.column_stack([turn, shift + turn @ (0.5, 0.5) - 0.5])
            moved = cv2.warpAffine(self.pixels, by_centres, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            light = np.float32(1 + 0.03 * np.sin(i / 5))
            pictures.append(np.uint8(np.clip(moved * light + np.roll(noise, (37 * i, 91 * i), (0, 1)) + 0.5, 0, 255)))
            rows.append(np.column_stack([self.points[:, :2] @ turn.T + shift, self.points[:, 2]]))
        return Frames(pictures), track_of(np.array(rows, np.float32))


def track_of(landmarks, present=None, cuts=()):
    """A FaceTrack of landmarks float32 [N, 468, 3]; rows that are not `present` become NaN."""
    present = np.ones(len(landmarks), bool) if present is None else np.asarray(present)
    landmarks = np.where(present[:, None, None], landmarks, np.float32(np.nan))
    box = np.concatenate([landmarks[..., :2].min(1), landmarks[..., :2].max(1)], 1)
    return FaceTrack(present, box, present.astype(np.float32), landmarks, tuple(cuts), np.zeros(len(present), bool))


def straight(n):
    """The timeline of a film that is used from its first frame on."""
    return Timeline(np.arange(n, dtype=np.int32), Clock(Fraction(25)), "cut off")


@pytest.fixture(scope="session")
def face(astronaut_photo):
    source = open_source(astronaut_photo)
    points = track_faces(source, TrackSettings(), Silent()).landmarks[0]
    pixels = cv2.resize(source.frame(0).picture.rgb(), None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
    x, y = (SCALE * points[:, :2].mean(0)).astype(int)
    left, top = max(0, x - 240), max(0, y - 200)
    cut = pixels[top:top + 440, left:left + 480]
    return Face(cut, np.float32(SCALE * points - (left, top, 0)))


@pytest.fixture(scope="session")
def make():
    """Stand-ins: make.frames(pictures), make.track(landmarks, present, cuts), make.timeline(n)."""

    class Make:
        frames, track, timeline = Frames, staticmethod(track_of), staticmethod(straight)

    return Make
