"""Whether the next frame's place can be told from the frames before."""
from hypothesis import given
from hypothesis import strategies as st
from talking_avatar.faces.course import Course
from talking_avatar.faces.region import Region

steps = st.floats(-2, 2)


def walked(course, regions):
    """Frames that were looked at, and the largest error of the expected places of the others, shares of the side."""
    looked, worst = [], 0.0
    for frame, region in enumerate(regions):
        if course.may_pass(frame):
            expected = course.expected(frame)
            worst = max(worst, abs(expected.x - region.x) / region.side, abs(expected.y - region.y) / region.side)
        else:
            looked.append(frame)
            course.note(frame, region)
    return looked, worst


@given(steps, steps, st.floats(0.99, 1.01), st.floats(-0.04, 0.04))
def test_a_face_that_moves_evenly_is_looked_at_in_every_other_frame_and_expected_where_it_is(x, y, growth, turn):
    regions = [Region(100 + x * i, 90 + y * i, 80 * growth**i, 3.1 + turn * i) for i in range(20)]
    looked, worst = walked(Course(), regions)
    assert looked == [0, 1, 2, 4, 6, 8, 10, 12, 14, 16, 18]
    assert worst < 1e-6


def test_a_face_that_jerks_is_looked_at_in_every_frame():
    looked, _ = walked(Course(), [Region(100 + 6 * (i % 2), 90, 80) for i in range(12)])
    assert looked == list(range(12))


def test_a_face_that_starts_to_move_fast_is_looked_at_until_it_moves_evenly_again():
    places = [0.0] * 8 + [3.0 * i for i in range(1, 9)]
    looked, worst = walked(Course(), [Region(100 + place, 90, 80) for place in places])
    assert worst <= 3.0 / 80 + 1e-9, "one frame passed over at the very moment"
    assert {8, 9, 10} <= set(looked) and 11 not in looked


def test_nothing_is_passed_over_before_the_face_was_found_where_it_was_expected():
    course = Course()
    assert not course.may_pass(0) and course.expected(0) is None
    course.note(0, Region(100, 90, 80))
    course.note(1, Region(101, 90, 80))
    assert not course.may_pass(2)


def test_a_face_that_moves_far_is_looked_at_in_every_frame_however_evenly():
    looked, _ = walked(Course(), [Region(100 + 26 * i, 90, 80) for i in range(12)])
    assert looked == list(range(12)), "a third of its side a frame, where smoothing begins anew: nothing would be known of the next region"
