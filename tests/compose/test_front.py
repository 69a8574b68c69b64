"""A microphone or a hand that passes before the mouth stays in front of it; a free mouth is left free."""
import cv2
import numpy as np
import pytest
from talking_avatar.compose.front import front_mask, learn_look, lips_shown, things_in_front
from talking_avatar.compose.lower_face import face_cells
from talking_avatar.compose.mask import LOWER_JAW, OUTER_LIPS, face_height, mouth_mask
from talking_avatar.host.errors import Cancelled
from talking_avatar.host.progress import Silent
from talking_avatar.media.film import Frame
from talking_avatar.media.picture import Picture

FRAMES, FIRST, LAST = 72, 24, 48
BOX = (0, 0, 480, 440)


def microphone(points, part):
    """Where it is at a moment 0..1 of its way (uint8 mask), and its colour: it rises from below to the mouth and goes again."""
    unit, mouth = face_height(points), points[[13, 14], :2].mean(0)
    x, y = mouth + unit * np.array([0.3 * (part - 0.5), 0.1 + 1.2 * abs(2 * part - 1) ** 2])
    mask = np.zeros((440, 480), np.uint8)
    cv2.ellipse(mask, ((float(x), float(y)), (0.4 * unit, 0.5 * unit), 0), 255, -1)
    cv2.line(mask, (int(x), int(y)), (int(x + 0.1 * unit), 439), 255, int(0.09 * unit))
    return mask, (42, 42, 46)


def disc(points, part):
    """A flat disc in the colour of the cheek that crosses the mouth from side to side."""
    unit, mouth = face_height(points), points[[13, 14], :2].mean(0)
    x, y = mouth + unit * np.array([1.4 * (part - 0.5), 0.0])
    mask = np.zeros((440, 480), np.uint8)
    cv2.ellipse(mask, ((float(x), float(y)), (0.6 * unit, 0.7 * unit), 20), 255, -1)
    return mask, None


def with_thing(source, track, thing):
    """The film with the thing in front in frames FIRST .. LAST-1, and where it is: pictures, list of masks or None."""
    pictures, truth = [], []
    for frame in source.frames():
        pixels, points = frame.picture.rgb().copy(), track.landmarks[frame.index]
        mask = None
        if FIRST <= frame.index < LAST:
            mask, colour = thing(points, (frame.index - FIRST) / (LAST - FIRST - 1))
            x, y = points[425, :2].astype(int)
            colour = pixels[y - 4:y + 4, x - 4:x + 4].mean((0, 1)) if colour is None else colour
            soft = cv2.GaussianBlur(mask, (0, 0), 0.8)[..., None] / 255
            pixels = np.uint8(pixels * (1 - soft) + np.array(colour) * soft + 0.5)
        pictures.append(pixels)
        truth.append(mask)
    return pictures, truth


def cells_of(pictures, track):
    return [face_cells(Picture.from_rgb(pixels), track.landmarks[k]) for k, pixels in enumerate(pictures)]


@pytest.fixture(scope="module")
def film(face):
    return face.film(FRAMES)


@pytest.mark.parametrize(("thing", "found"), [(microphone, 0.97), (disc, 0.8)])
def test_what_passes_before_the_mouth_is_found_though_it_was_there_while_learning(film, thing, found):
    source, track = film
    pictures, truth = with_thing(source, track, thing)
    cells = cells_of(pictures, track)
    look = learn_look(cells[::2])
    covered = in_front = free = false = 0
    for k, mask in enumerate(truth):
        points, hits = track.landmarks[k], things_in_front(look, cells[k])
        if mask is None:
            false += bool(hits.any()) or lips_shown(look, cells[k]) < 1
            free += 1
            continue
        mouth = mouth_mask(points, BOX) > 128
        hidden = (mask > 0) & mouth
        if hidden.sum() > 0.1 * mouth.sum():
            seen_as_front = front_mask(hits, points, BOX) > 128 if lips_shown(look, cells[k]) > 0.5 else np.ones_like(mouth)
            covered += hidden.sum()
            in_front += (hidden & seen_as_front).sum()
    assert in_front > found * covered > 0
    assert false <= 0.05 * free


def test_a_speaking_mouth_is_not_taken_for_a_thing(face):
    source, track = face.film(FRAMES)
    cells = []
    for frame in source.frames():
        points = track.landmarks[frame.index].copy()
        gap = 0.06 * face_height(points) * np.sin(frame.index / 3) ** 2
        pixels = frame.picture.rgb().copy()
        x, y = points[[13, 14], :2].mean(0)
        cv2.ellipse(pixels, ((float(x), float(y + gap / 2)), (50.0, float(2 + gap)), 0), (60, 20, 25), -1, cv2.LINE_AA)
        points[list(OUTER_LIPS[:11] + LOWER_JAW), 1] += gap
        cells.append(face_cells(Picture.from_rgb(pixels), points))
    look = learn_look(cells[::2])
    assert sum(things_in_front(look, one).any() for one in cells) <= 3
    assert min(lips_shown(look, one) for one in cells) == 1


def test_too_few_faces_teach_nothing(film):
    source, track = film
    assert learn_look([]) is None
    assert learn_look(cells_of([frame.picture.rgb() for frame in source.frames(0, 10)], track)) is None


class StoppedAt(Silent):
    """Cancels at the given look at the cancel."""

    def __init__(self, check: int) -> None:
        self.left = check

    def check(self):
        self.left -= 1
        if self.left == 0:
            raise Cancelled


@pytest.mark.parametrize("check", [1, 5, 9, 24])
def test_learning_a_look_can_be_cancelled_eight_times_a_round(face, check):
    cells = face_cells(Frame(0, Picture.from_rgb(face.pixels)).picture, face.points)
    with pytest.raises(Cancelled):
        learn_look([cells] * 120, StoppedAt(check))


def test_a_look_does_not_depend_on_how_many_cores_there_are(film):
    import torch

    source, track = film
    cells = cells_of(with_thing(source, track, disc)[0], track)
    before, judged = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            look = learn_look(cells[::2])
            judged.append([things_in_front(look, one) for one in cells])
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(*judged)


def test_a_photo_that_stands_still_gives_no_alarm(face):
    cells = face_cells(Frame(0, Picture.from_rgb(face.pixels)).picture, face.points)
    assert not things_in_front(learn_look([cells] * 40), cells).any()


def test_the_front_mask_follows_the_face(film):
    _, track = film
    hits = np.zeros((40, 40), bool)
    hits[15:25, 15:25] = True
    rows, columns = np.mgrid[:440, :480] + 0.5
    middles = []
    for k in range(12):
        mask = front_mask(hits, track.landmarks[k], BOX).astype(float)
        middles.append(np.array([(columns * mask).sum(), (rows * mask).sum()]) / mask.sum() - track.landmarks[k, [13, 14], :2].mean(0))
    assert np.abs(np.diff(middles, axis=0)).max() < 0.6
