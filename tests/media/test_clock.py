"""The clock is rational: frames, seconds and samples never drift, at any rate, over any length."""
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import InputError
from talking_avatar.media.clock import Clock, exact_rate
from talking_avatar.media.packets import clock_of

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(60000, 1001)]
HALF_HOUR = 1800


def uneven(seconds: float, seed: int = 0) -> Clock:
    """A clock as phones make it: steps of 33, 67 and odd lengths, in ticks of 90 kHz."""
    rng = np.random.default_rng(seed)
    steps = rng.choice([3000, 3003, 6000, 2910, 4500], size=int(seconds * 25))
    ticks = np.concatenate([[0], np.cumsum(steps)])
    times = ticks[ticks < seconds * 90_000] / 90_000
    return Clock(Fraction(len(times) - 1) / Fraction(float(times[-1])).limit_denominator(1_000_000), times)


def rounded(exact: Fraction) -> int:
    """Halves up, in whole numbers."""
    return math.floor(exact + Fraction(1, 2))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(RATES), st.integers(0, 2 * 3600 * 192_000), st.sampled_from([8000, 16000, 22050, 44100, 48000, 96000, 192000]))
def test_the_number_of_frames_is_the_length_of_the_sound_rounded(fps, n_samples, rate):
    assert Clock(fps).frames_in(n_samples, rate) == rounded(n_samples * fps / rate)


@pytest.mark.parametrize("fps", RATES)
def test_half_a_frame_rounds_up(fps):
    rate = 2 * fps.numerator  # a frame is a whole, even number of samples
    for frames in (1, 2, 750, 54_000):
        assert Clock(fps).frames_in((2 * frames - 1) * fps.denominator, rate) == frames
        assert Clock(fps).frames_in((2 * frames - 1) * fps.denominator - 1, rate) == frames - 1


@pytest.mark.parametrize("clock", [*map(Clock, RATES), uneven(HALF_HOUR)], ids=[*(f"{float(fps):.3f}" for fps in RATES), "uneven"])
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_over_half_an_hour_no_event_is_further_than_half_a_frame_from_its_sample(clock, rate):
    rng = np.random.default_rng(1)
    events = np.sort(rng.uniform(0, HALF_HOUR - 1, 400))
    n = clock.frames_in(HALF_HOUR * rate, rate)
    times = np.array([float(clock.time(i)) for i in range(n)]) if clock.is_even else clock.times
    after = np.clip(np.searchsorted(times, events), 1, n - 1)
    nearest = np.where(events - times[after - 1] <= times[after] - events, after - 1, after)
    steps = np.diff(times)
    for event, frame in zip(events, nearest, strict=True):
        half = max(steps[max(frame - 1, 0)], steps[min(frame, len(steps) - 1)]) / 2
        assert abs(clock.sample(int(frame), rate) - event * rate) <= half * rate + 1


@pytest.mark.parametrize("fps", RATES)
def test_a_frames_sample_is_exact_after_half_an_hour(fps):
    clock = Clock(fps)
    for frame in (0, 1, 1001, int(HALF_HOUR * fps)):
        assert clock.sample(frame, 44100) == rounded(frame * 44100 / fps)
        assert clock.frames_in(clock.sample(frame, 44100), 44100) == frame


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 30))
def test_an_uneven_clock_counts_the_frames_whose_middle_has_sounded(seed, seconds):
    clock = uneven(12, seed)
    n_samples = int(seconds * 48000)
    counted = 0
    while (clock.time(counted) + clock.time(counted + 1)) / 2 <= Fraction(n_samples, 48000):
        counted += 1
    # A middle is known to half a microsecond: on the edge itself either count is right.
    assert abs(clock.frames_in(n_samples, 48000) - counted) <= (abs(
        (clock.time(counted) + clock.time(counted + 1)) / 2 - Fraction(n_samples, 48000)) < Fraction(1, 500_000))


@pytest.mark.parametrize("fps", RATES)
def test_an_uneven_clock_of_even_steps_counts_like_an_even_one(fps):
    times = np.arange(500) / float(fps)
    clock = Clock(fps, times)
    for n_samples in [0, 1, 320, 8000, 100_000, 320_000, 900_000]:
        assert clock.frames_in(n_samples, 16000) == Clock(fps).frames_in(n_samples, 16000)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([*RATES, Fraction(12), Fraction(15), Fraction(25, 2), Fraction(1437, 100)]), st.integers(30, 5000),
       st.sampled_from([Fraction(1, 1000), Fraction(1, 90_000), Fraction(1, 600), Fraction(1, 1_000_000)]), st.integers(0, 100_000),
       st.sampled_from([math.floor, rounded]))
def test_a_constant_rate_is_recognised_through_any_containers_rounding(fps, n, time_base, offset, how):
    stamps = np.array([how((i / fps) / time_base + Fraction(1, 3)) + offset for i in range(n)])
    clock = clock_of(stamps, time_base, said=fps)
    assert clock.is_even and clock.fps == fps


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RATES), st.integers(400, 5000))
def test_a_constant_rate_is_recognised_whatever_the_file_claims(fps, n):
    stamps = np.array([rounded(1000 * i / fps) for i in range(n)])
    assert clock_of(stamps, Fraction(1, 1000), said=Fraction(90_000)) == Clock(fps)


def test_stamps_that_stand_still_are_set_apart():
    clock = clock_of(np.array([0, 40, 40, 40, 90, 200]), Fraction(1, 1000), Fraction(25))
    assert (np.diff(clock.times) > 0).all()
    assert np.abs(clock.times - np.array([0, 0.04, 0.04, 0.04, 0.09, 0.2])).max() <= 0.0021


@pytest.mark.parametrize(("given_rate", "means"), [
    (29.97, Fraction(30000, 1001)), (23.976, Fraction(24000, 1001)), (23.98, Fraction(24000, 1001)), (59.94, Fraction(60000, 1001)),
    ("30000/1001", Fraction(30000, 1001)), (Fraction(24000, 1001), Fraction(24000, 1001)), (25, 25), ("12.5", 12.5), (24.0, 24), (30, 30),
])
def test_rates_people_write_mean_the_exact_ones(given_rate, means):
    assert exact_rate(given_rate) == means


@pytest.mark.parametrize("nonsense", [0, -1, 1000, "fast", "1/0", float("nan"), float("inf"), None])
def test_rates_that_make_no_sense_are_refused(nonsense):
    with pytest.raises(InputError):
        exact_rate(nonsense)
