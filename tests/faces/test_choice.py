"""Whose mouth shall speak: each rule names the face it says."""
import numpy as np
import pytest
from talking_avatar.faces.choose import Candidate, by_rule, gather
from talking_avatar.faces.mesh import Reading
from talking_avatar.faces.settings import FaceChoice
from talking_avatar.host.errors import InputError


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


def test_an_unknown_rule_is_refused():
    with pytest.raises(InputError, match="'prettiest' is no rule"):
        chosen(FaceChoice("prettiest"))
