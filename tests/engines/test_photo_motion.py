"""How a photo's mouth, head and eyes move over time: the bounds every film keeps."""
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.engines.embedded.head_motion import blinks, glances, head_motion
from talking_avatar.engines.embedded.mouth_fields import NUMBERS
from talking_avatar.engines.embedded.mouth_motion import FASTEST, mouth_motion
from talking_avatar.speech.mouth import MouthCurves
from talking_avatar.speech.speech import Phoneme

SHUT = NUMBERS.index("shut")
steps_of_time = st.lists(st.floats(0.008, 0.1), min_size=2, max_size=80)


def curves(times: np.ndarray, seed: int) -> MouthCurves:
    random = np.random.default_rng(seed)
    one = [random.uniform(0, 1.15, len(times)), random.uniform(-1, 1, len(times)), *random.uniform(0, 1, (3, len(times)))]
    return MouthCurves(*(row.astype(np.float32) for row in one), lead=0.0, from_phonemes=False)


@settings(max_examples=60, deadline=None)
@given(steps_of_time, st.integers(0, 999), st.sampled_from([0.0, 0.02, 0.09]), st.floats(0.3, 1.5))
def test_the_mouth_starts_and_ends_at_rest_and_never_moves_faster_than_people_do(steps, seed, gap, amount):
    times = np.cumsum([0.0, *steps])
    motion = mouth_motion(curves(times, seed), times, gap, amount, None)
    assert motion.numbers.shape == (len(times), len(NUMBERS)) and np.isfinite(motion.numbers).all()
    for end in (0, -1):
        np.testing.assert_allclose(motion.numbers[end], 0, atol=1e-6)
        np.testing.assert_allclose(motion.opening[end], gap, atol=1e-6)
    assert (motion.opening > -1e-6).all() and motion.opening.max() < (0.075 + gap) * max(1, amount) * 1.8
    assert (motion.numbers[:, SHUT] >= 0).all() and (motion.numbers[:, SHUT] <= 1).all()
    if gap == 0:
        assert (np.abs(np.diff(motion.opening)) <= FASTEST * np.diff(times) + 1e-5).all()


def test_a_closure_between_two_wide_vowels_really_shuts_whatever_the_photo_shows():
    times = np.arange(0, 2, 0.04)
    opening = np.where(np.abs(times - 1) < 0.05, 0, 1.0)
    zero = np.zeros_like(times)
    for gap in (0.0, 0.06):
        read = MouthCurves(*(row.astype(np.float32) for row in (opening, zero, 1 - opening, zero, zero + 1)), 0.0, True)
        motion = mouth_motion(read, times, gap, 1.0, None)
        assert motion.opening[25] < 1e-6 and motion.opening[20] > 0.06


def test_a_smile_comes_back_in_long_pauses_but_not_between_words():
    times = np.arange(0, 6, 0.04)
    gate = np.where((times < 2) | (np.abs(times - 2.35) < 0.2) | (times > 5), 1.0, 0.0)
    zero = np.zeros_like(times)
    read = MouthCurves(*(row.astype(np.float32) for row in (zero, zero, zero, zero, gate)), 0.0, True)
    motion = mouth_motion(read, times, 0.06, 1.0, None)
    assert motion.opening[np.argmin(np.abs(times - 2.08))] < 0.012
    np.testing.assert_allclose(motion.opening[(times > 3.2) & (times < 4.4)], 0.06, atol=1e-3)


def test_silence_holds_the_mouth_as_the_photo_has_it():
    times = np.arange(0, 3, 0.04)
    zero = np.zeros(len(times), np.float32)
    for gap in (0.0, 0.05):
        assert not mouth_motion(MouthCurves(zero, zero, zero, zero, zero, 0.0, False), times, gap, 1.0, None).numbers.any()


def test_the_tongue_rises_for_l_and_th_a_little_before_they_sound():
    times = np.arange(0, 2, 0.01)
    zero = np.zeros(len(times), np.float32)
    said = (Phoneme("l", 0.5, 0.6), Phoneme("ɑ", 0.6, 0.9), Phoneme("ð", 1.2, 1.3))
    tongue = mouth_motion(MouthCurves(zero, zero, zero, zero, zero, 0.0, True), times, 0.0, 1.0, said).tongue
    assert tongue[50] > 0.9 and tongue[80] < 0.05 and tongue[120] > 0.8


@settings(max_examples=30, deadline=None)
@given(steps_of_time, st.integers(0, 10**6), st.floats(0, 2))
def test_head_and_eyes_start_and_end_at_rest_within_what_a_photo_bears(steps, seed, amount):
    times = np.cumsum([0.0, *steps])
    levels = np.random.default_rng(seed).uniform(0, 0.2, int(times[-1] * 100) + 1).astype(np.float32)
    motions, brows = head_motion(times, levels, np.ones(len(times), np.float32), amount, seed)
    closure, gaze = blinks(times, amount, seed), glances(times, motions, amount, seed)
    for row in (motions, brows, closure, gaze):
        assert np.isfinite(row).all()
        np.testing.assert_allclose(row[[0, -1]], 0, atol=1e-6)
    assert np.abs(motions[:, :2]).max() <= np.radians(3.5) + 1e-6
    assert closure.min() >= 0 and closure.max() <= 1 and np.abs(gaze).max() < 0.1
    if amount == 0:
        assert not motions.any() and not closure.any() and not gaze.any()


def test_motion_depends_on_time_not_on_the_frame_rate():
    slow, fast = np.arange(0, 8.01, 0.04), np.arange(0, 8.005, 0.01)
    voice = np.ones(900, np.float32)
    levels = np.abs(np.sin(np.arange(800) / 17)).astype(np.float32)
    a, b = (head_motion(times, levels, voice[:len(times)], 1.0, 7)[0] for times in (slow, fast))
    np.testing.assert_allclose(a, b[::4][:len(a)], atol=1e-5)
    np.testing.assert_allclose(blinks(slow, 1.0, 7), blinks(fast, 1.0, 7)[::4][:len(slow)], atol=1e-5)


def test_people_blink_every_few_seconds():
    times = np.arange(0, 120, 0.04)
    shut = blinks(times, 1.0, 3) > 0.9
    count = int((np.diff(shut.astype(int)) > 0).sum())
    assert 24 <= count <= 60
    assert int((np.diff((blinks(times, 2.0, 3) > 0.9).astype(int)) > 0).sum()) > 1.4 * count
