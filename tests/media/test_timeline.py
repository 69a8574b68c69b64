"""Film and speech of different length are laid over each other as the user chose, for exactly as long as the sound."""
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import InputError
from talking_avatar.media.clock import Clock
from talking_avatar.media.open import sound_of_array
from talking_avatar.media.timeline import MODES, lay_out, nearest_frames

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(60000, 1001)]


class Film:
    """A source as far as lengths go."""

    is_still = False

    def __init__(self, n_frames, clock):
        self.n_frames, self.clock = n_frames, clock


class Photo:
    is_still, n_frames, clock = True, 1, None


def sound(n_samples, rate=16000):
    return sound_of_array(np.zeros((1, n_samples), np.float32), rate)


def uneven_film(steps):
    times = np.concatenate([[0.0], np.cumsum(steps)])
    return Film(len(times), Clock(Fraction(len(steps)) / Fraction(float(times[-1])).limit_denominator(1_000_000), times))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RATES), st.integers(1, 400), st.integers(1600, 400_000), st.sampled_from(MODES))
def test_the_result_is_as_long_as_the_sound(fps, n_film, n_samples, mode):
    wanted = int(n_samples * fps / 16000 + Fraction(1, 2))
    timeline = lay_out(Film(n_film, Clock(fps)), sound(n_samples), mode=mode)
    if mode == "cut off":
        wanted = min(wanted, n_film)
    if mode == "silence":
        wanted = max(wanted, n_film)
    assert timeline.n_frames == wanted
    assert timeline.clock == Clock(fps)
    assert timeline.source.min() >= 0 and timeline.source.max() < n_film
    assert timeline.source[: min(n_film, wanted)].tolist() == list(range(min(n_film, wanted))) or mode == "remap"


@pytest.mark.parametrize(("mode", "order"), [("loop", [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]), ("bounce", [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]),
                                             ("hold", [0, 1, 2, 3, 3, 3, 3, 3, 3, 3]), ("cut off", [0, 1, 2, 3]),
                                             ("silence", [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]), ("remap", [0, 0, 1, 1, 1, 2, 2, 3, 3, 3])])
def test_a_short_film_goes_on_as_chosen(mode, order):
    timeline = lay_out(Film(4, Clock(Fraction(25))), sound(6400), mode=mode)
    assert timeline.source.tolist() == order and timeline.mode == mode


def test_a_film_longer_than_the_sound_is_cut_or_kept():
    film = Film(50, Clock(Fraction(25)))
    assert lay_out(film, sound(16000)).source.tolist() == list(range(25))
    assert lay_out(film, sound(16000), mode="silence").source.tolist() == list(range(50))


def test_a_film_of_one_frame_stands_still():
    for mode in ("loop", "bounce", "hold"):
        assert lay_out(Film(1, Clock(Fraction(30))), sound(16000), mode=mode).source.tolist() == [0] * 30


def test_a_photo_stands_under_every_frame():
    timeline = lay_out(Photo(), sound(24000))
    assert timeline.source.tolist() == [0] * 38 and timeline.clock == Clock(Fraction(25))
    assert lay_out(Photo(), sound(24000), fps=29.97).clock.fps == Fraction(30000, 1001)


def test_an_uneven_film_keeps_its_steps_forward_and_back():
    film = uneven_film([0.03, 0.07, 0.05])
    mean = 3 / 0.15
    timeline = lay_out(film, sound(16000), mode="bounce")
    assert timeline.source[:9].tolist() == [0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert np.allclose(np.diff(timeline.times())[:8], [0.03, 0.07, 0.05, 0.05, 0.07, 0.03, 0.03, 0.07])
    again = lay_out(film, sound(16000), mode="loop")
    assert np.allclose(np.diff(again.times())[:8], [0.03, 0.07, 0.05, 1 / mean, 0.03, 0.07, 0.05, 1 / mean])
    hold = lay_out(film, sound(16000), mode="hold")
    assert np.allclose(np.diff(hold.times())[3:], 1 / mean)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.02, 0.0333, 0.04, 0.0667]), min_size=3, max_size=60), st.integers(2000, 200_000),
       st.sampled_from(["loop", "bounce", "hold"]))
def test_an_uneven_result_ends_within_half_a_step_of_the_sound(steps, n_samples, mode):
    timeline = lay_out(uneven_film(steps), sound(n_samples), mode=mode)
    end = float(timeline.clock.time(timeline.n_frames))
    assert abs(end - n_samples / 16000) <= 0.0667 / 2 + 0.05
    assert len(timeline.times()) == timeline.n_frames and (np.diff(timeline.times()) > 0).all()


def test_another_rate_for_the_result_takes_the_nearest_frames():
    timeline = lay_out(Film(50, Clock(Fraction(25))), sound(16000), fps=50)
    assert timeline.clock == Clock(Fraction(50)) and timeline.source[:6].tolist() == [0, 0, 1, 1, 2, 2]
    same = lay_out(Film(50, Clock(Fraction(25))), sound(16000), fps=25)
    assert same.source.tolist() == list(range(25))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(RATES), st.sampled_from(RATES), st.integers(1, 300))
def test_nearest_frames_are_never_further_than_half_a_step(fps, new, n):
    picks = nearest_frames(Clock(fps), n, new)
    times = np.arange(len(picks)) / float(new)
    inside = times <= (n - 1) / float(fps)
    assert np.abs(picks / float(fps) - times)[inside].max() <= 0.5 / float(fps) + 1e-9
    assert (np.diff(picks) >= 0).all()
    assert len(picks) == max(1, int(n / fps * new + Fraction(1, 2)))


def test_a_sound_of_less_than_half_a_frame_is_refused_in_one_sentence():
    with pytest.raises(InputError, match="10 ms, less than half a frame"):
        lay_out(Photo(), sound(160))
    assert lay_out(Photo(), sound(320)).n_frames == 1, "20 ms at 25 a second are half a frame"


def test_an_unknown_mode_is_refused_with_the_list():
    with pytest.raises(InputError, match="bounce"):
        lay_out(Photo(), sound(16000), mode="sideways")
