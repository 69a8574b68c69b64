"""A film teaches its own mouth only where its sound is the person's own."""
import numpy as np
import pytest
from speech_sounds import noise, sound_16k
from talking_avatar.speech.drive import heard_curves
from talking_avatar.speech.hearing import hear
from talking_avatar.speech.own_film import LEAD, learn_mouth
from talking_avatar.speech.ridge import predict_mouth
from talking_avatar.speech.voices.speak import speak

TALK = ("Bob made a map, maybe. My mother keeps five very big pebbles in a small blue box. Nobody knows why the old man over there always "
        "laughs. We should have gone home before the rain began, but the others wanted to stay for another hour or so.")


@pytest.fixture(scope="module")
def heard():
    from speech_sounds import samples_16k

    return hear(sound_16k(samples_16k(speak(TALK, voice="hibari", language="en").sound)))


@pytest.fixture(scope="module")
def film(heard):
    """Frame times and lips that follow the sound by a map of their own, with measurement noise: times, opening, width, components."""
    rng = np.random.default_rng(1)
    times = np.arange(int(len(heard.gate) / 4)) / 25
    place = (times + LEAD) * 100
    opening, width = (np.interp(place, np.arange(len(heard.gate)), curve) for curve in predict_mouth(heard.log_mel))
    high = np.interp(place, np.arange(len(heard.gate)), heard.log_mel[:, 14:20].mean(1))
    voiced = np.interp(place, np.arange(len(heard.gate)), heard.gate)
    lips = 0.02 + voiced * (0.04 * opening - 0.01 * high) + 0.003 * rng.standard_normal(len(times))
    return times, lips, 0.9 + 0.1 * width, np.stack([high, -high], 1)


def test_true_speech_is_learnt_and_beats_the_ready_made_map(heard, film):
    mouth = learn_mouth(heard, *film)
    assert mouth.accepted
    assert mouth.r_left_out > mouth.r_plain + 0.05
    assert mouth.r_left_out > mouth.r_moved + 0.05
    curves = mouth.predict(heard).at(film[0])
    assert np.corrcoef(curves.opening, film[1])[0, 1] > 0.8
    assert np.corrcoef(curves.width, film[2])[0, 1] > 0.8
    assert curves.components.shape == (len(film[0]), 2)
    assert curves.opening.max() <= 1.15
    assert curves.opening.min() >= 0


def test_foreign_sound_teaches_nothing(film, heard):
    swelling = noise(16) * np.abs(np.sin(np.arange(256000) / 3000))
    assert not learn_mouth(hear(sound_16k(swelling)), *film).accepted
    times, *lips = film
    assert not learn_mouth(heard, times, *(np.roll(one, len(times) // 2, axis=0) for one in lips)).accepted


def test_lips_that_are_noise_teach_nothing(heard, film):
    rng = np.random.default_rng(3)
    accepted = [learn_mouth(heard, film[0], rng.standard_normal(len(film[0])), film[2], film[3]).accepted for _ in range(20)]
    assert not any(accepted)


def test_frames_without_a_face_are_left_out(heard, film):
    times, opening, width, components = film
    hidden = opening.copy()
    hidden[40:70] = np.nan
    mouth = learn_mouth(heard, times, hidden, width, components)
    assert mouth.accepted
    assert np.isfinite(mouth.predict(heard).opening).all()


def test_too_little_film_is_refused_without_an_error(heard, film):
    for few in (0, 1, 50):
        times, opening, width, components = (part[:few] for part in film)
        mouth = learn_mouth(heard, times, opening, width, components)
        assert not mouth.accepted
        assert len(mouth.predict(heard).opening) == len(heard.gate)
    assert not learn_mouth(heard, film[0], np.full(len(film[0]), np.nan), film[2], film[3]).accepted
    assert not learn_mouth(heard, film[0], np.zeros(len(film[0])), film[2], film[3]).accepted


def test_a_film_of_an_hour_is_learnt_from_a_part(heard, film):
    times, opening, width, components = film
    repeats = 60
    many = (np.repeat(part, repeats, axis=0) for part in (opening, width, components))
    assert learn_mouth(heard, np.repeat(times, repeats) + np.tile(np.arange(repeats) * 1e-4, len(times)), *many).accepted


def test_silence_closes_what_was_learnt(heard, film):
    mouth = learn_mouth(heard, *film)
    rest = hear(sound_16k(np.zeros(32000)))
    assert not mouth.predict(rest).opening.any()
    assert not mouth.predict(rest).components.any()
    assert not heard_curves(sound_16k(np.zeros(32000))).opening.any()
