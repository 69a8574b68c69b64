"""The learnt mouth keeps its promises: causal, independent of pieces, lips that shut, quiet in silence."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.models.mouth_net import ROWS_AHEAD
from talking_avatar.speech.learnt import WEIGHTS, Levels, MouthStream, mouth_of_energies, predict_mouth
from talking_avatar.speech.log_mel import HOP, RATE, sound_rows
from talking_avatar.speech.phoneme_curves import phoneme_curves
from talking_avatar.speech.voices.hibari import Hibari

SENTENCE = "The lamb jumped up, bumped a pump and broke the empty bottle in Bombay."
LOOK_AHEAD = 0.120
HALF_WINDOW = 200


@pytest.fixture(scope="module")
def speech():
    """A sentence the network was not trained on, with its phoneme times."""
    return Hibari().synthesize(SENTENCE)


@pytest.fixture(scope="module")
def spoken(speech):
    """float32 [n] at the sound's own rate."""
    return np.concatenate(list(speech.sound.blocks()), axis=1)[0]


@pytest.fixture(scope="module")
def energies(speech):
    return sound_rows(speech.sound).energies


def test_lips_shut_at_most_m_b_p_and_hardly_elsewhere(speech):
    mouth = predict_mouth(speech.sound)
    pressed = [phoneme for phoneme in speech.phonemes if phoneme.symbol in ("m", "b", "p")]
    closed = [slice(round(phoneme.start * 100), round(phoneme.end * 100)) for phoneme in pressed]
    assert np.mean([mouth.opening[span].min() < 0.06 for span in closed]) >= 0.65
    away = np.ones(len(mouth.closure), bool)
    for span in closed:
        away[max(0, span.start - 6):span.stop + 6] = False
    assert (mouth.closure[away] > 0.5).mean() < 0.05


def test_the_opening_follows_the_phonemes(speech):
    wanted = phoneme_curves(speech.phonemes, np.ones(int(speech.sound.seconds * 100) + 1, np.float32)).opening
    assert np.corrcoef(predict_mouth(speech.sound).opening[:len(wanted)], wanted)[0, 1] > 0.8


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(1, 160), min_size=1, max_size=8))
def test_the_mouth_does_not_depend_on_how_the_sound_is_cut(sizes, energies):
    whole = MouthStream(Levels.measured(energies))
    expected = np.concatenate([whole.push(energies), whole.finish()])
    stream, made, start, k = MouthStream(Levels.measured(energies)), [], 0, 0
    while start < len(energies):
        size = sizes[k % len(sizes)]
        made.append(stream.push(energies[start:start + size]))
        start, k = start + size, k + 1
    got = np.concatenate([*made, stream.finish()])
    assert got.shape == expected.shape == ((len(energies) + 1) // 2, 4)
    assert np.abs(got - expected).max() < 1e-5


def test_an_hour_in_pieces_is_the_hour_at_once(energies):
    long = np.concatenate([energies] * 12)
    whole, cut = mouth_of_energies(long, piece=len(long)), mouth_of_energies(long, piece=333)
    for name in ("opening", "width", "rounding", "closure"):
        assert np.abs(getattr(whole, name) - getattr(cut, name)).max() < 1e-5


def test_it_looks_at_most_120_ms_ahead():
    assert ROWS_AHEAD * HOP / RATE + HALF_WINDOW / RATE <= LOOK_AHEAD


def test_what_comes_later_than_the_look_ahead_changes_nothing(energies):
    other = energies.copy()
    other[200:] = energies[200:][::-1] * 3
    one, two = (stream.push(rows) for stream, rows in ((MouthStream(), energies), (MouthStream(), other)))
    rows_sure = (200 - ROWS_AHEAD) // 2
    assert np.abs(one[:rows_sure] - two[:rows_sure]).max() < 1e-6
    assert np.abs(one[rows_sure:] - two[rows_sure:]).max() > 0.05


@pytest.mark.parametrize("n", [1, 2, 3, 160, 161, 3200, 16001])
def test_there_is_a_row_for_every_hundredth_of_a_second(n):
    sound = SoundArray(np.random.default_rng(n).standard_normal(n).astype(np.float32) * 0.1, RATE)
    mouth = predict_mouth(sound)
    assert {len(curve) for curve in (mouth.opening, mouth.width, mouth.rounding, mouth.closure)} == {n // HOP + 1}
    assert all(np.isfinite(curve).all() and curve.dtype == np.float32 for curve in (mouth.opening, mouth.closure))


def test_no_sound_no_rows():
    assert len(predict_mouth(SoundArray(np.zeros(0, np.float32), RATE)).opening) == 0


def test_silence_keeps_the_lips_together():
    mouth = predict_mouth(SoundArray(np.zeros(3 * RATE, np.float32), RATE))
    assert mouth.opening.max() < 0.1


def test_loudness_of_the_recording_does_not_matter(speech, spoken):
    loud, quiet = (predict_mouth(SoundArray(spoken * gain, speech.sound.rate)) for gain in (1.0, 0.02))
    assert np.abs(loud.opening - quiet.opening).max() < 1e-3


def test_weights_are_at_most_a_megabyte():
    assert WEIGHTS.stat().st_size <= 1_000_000
