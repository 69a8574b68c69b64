"""Whose mouth shall speak: each rule names the face it says."""
import numpy as np
import pytest
from talking_avatar.faces.choose import Candidate, by_rule, choose, gather
from talking_avatar.faces.mesh import Reading
from talking_avatar.faces.settings import FaceChoice
from talking_avatar.host.errors import InputError
from talking_avatar.media.film import Frame
from talking_avatar.media.picture import Picture


def reading(x: float, y: float, size: float) -> Reading:
    """A face whose landmarks fill a square."""
    points = np.random.default_rng(0).uniform(0, 1, (468, 3)).astype(np.float32)
    points[:2, :2] = (0, 0), (1, 1)
    points[:, :2] = points[:, :2] * size + (x - size / 2, y - size / 2)
    return Reading(points, 1.0)


LEFT, MIDDLE, RIGHT = reading(100, 120, 60), reading(330, 100, 50), reading(520, 150, 90)
PICTURE = (640, 360)


def chosen(choice: FaceChoice) -> Reading | None:
    candidates = gather([[LEFT, MIDDLE, RIGHT]])
    one = by_rule(candidates, choice, 1, PICTURE)
    return None if one is None else one.latest


def mask() -> np.ndarray:
    """A mask of half the picture's size over the left half."""
    left = np.zeros((180, 320), bool)
    left[:, :160] = True
    return left


@pytest.mark.parametrize(("choice", "wanted"), [
    (FaceChoice(), RIGHT),
    (FaceChoice("centre"), MIDDLE),
    (FaceChoice("by size", index=1), LEFT),
    (FaceChoice("by size", index=2), MIDDLE),
    (FaceChoice("left to right", index=0), LEFT),
    (FaceChoice("left to right", index=2), RIGHT),
    (FaceChoice("left to right", index=3), None),
    (FaceChoice("point", point=(310, 90)), MIDDLE),
    (FaceChoice("point", point=(0, 0)), LEFT),
    (FaceChoice("mask", mask=mask()), LEFT),
    (FaceChoice("mask", mask=np.zeros((360, 640), bool)), None),
], ids=lambda value: value.rule if isinstance(value, FaceChoice) else "")
def test_a_rule_names_its_face(choice, wanted):
    assert chosen(choice) is wanted


def test_nobody_is_chosen_where_nobody_is():
    assert by_rule([], FaceChoice(), 1, PICTURE) is None


def test_the_largest_is_the_one_that_is_largest_over_all_samples():
    passing = reading(300, 200, 100)
    candidates = gather([[LEFT, passing], [LEFT], [LEFT], [LEFT]])
    assert by_rule(candidates, FaceChoice(), 4, PICTURE).latest is LEFT


def test_faces_of_several_frames_are_put_together_by_place():
    moved = reading(112, 125, 62)
    candidates = gather([[LEFT, RIGHT], [RIGHT, moved]])
    assert [sorted(one.seen) for one in candidates] == [[0, 1], [0, 1]]
    assert candidates[0].latest is moved
    assert isinstance(candidates[0], Candidate)


def looked_at(monkeypatch, faces: list[list[Reading]]):
    """Who is chosen where these faces are seen in the frames of a shot, and which of its frames were looked at."""
    looks, pictures = [], [Picture.from_gray(np.zeros((PICTURE[1], PICTURE[0]), np.uint8)) for _ in faces]

    def seen(picture):
        looks.append(next(at for at, one in enumerate(pictures) if one is picture))
        return faces[looks[-1]]

    monkeypatch.setattr("talking_avatar.faces.choose.all_faces", seen)
    return choose([Frame(10 * at, picture) for at, picture in enumerate(pictures)], FaceChoice(), None), sorted(looks)


def test_one_face_alone_at_both_ends_of_the_beginning_is_looked_for_no_further(monkeypatch):
    chosen, looks = looked_at(monkeypatch, [[LEFT], [LEFT], [LEFT], [reading(112, 125, 62)]])
    assert chosen == (0, LEFT) and looks == [0, 3]


@pytest.mark.parametrize("faces", [[[LEFT, RIGHT], [RIGHT], [RIGHT], [RIGHT]], [[], [RIGHT], [RIGHT], [RIGHT]],
                                   [[LEFT], [RIGHT], [RIGHT], [RIGHT]]], ids=["two", "nobody at first", "another at the end"])
def test_where_it_is_not_that_plain_all_frames_are_looked_at(monkeypatch, faces):
    (_, chosen), looks = looked_at(monkeypatch, faces)
    assert chosen is RIGHT and looks == [0, 1, 2, 3]


def test_a_single_frame_is_looked_at_once(monkeypatch):
    assert looked_at(monkeypatch, [[LEFT]]) == ((0, LEFT), [0])


def test_an_unknown_rule_is_refused():
    with pytest.raises(InputError, match="'prettiest' is no rule"):
        chosen(FaceChoice("prettiest"))
