"""With phoneme times the lips do what is said: they meet for m, b and p, rest in pauses, and stay in range."""
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.speech.drive import mouth_curves
from talking_avatar.speech.phoneme_curves import phoneme_curves
from talking_avatar.speech.speech import Phoneme
from talking_avatar.speech.visemes import visemes
from talking_avatar.speech.voices.speak import speak


def spelt(*timed, seconds=None):
    """Curves of (symbol, seconds) in a row, every moment voiced."""
    edges = np.cumsum([0.0, *(length for _, length in timed)])
    phonemes = [Phoneme(symbol, start, end) for (symbol, _), start, end in zip(timed, edges, edges[1:], strict=False)]
    return phoneme_curves(phonemes, np.ones(int((seconds or edges[-1]) * 100 + 1e-6) + 1))


def closures_of(speech, fps):
    """Curves at the frames of a film of that rate, and for each bilabial the least opening within 40 ms of it, the lead taken off."""
    curves = mouth_curves(speech)
    times = np.arange(int(speech.sound.seconds * fps)) / fps
    opening = curves.at(times - curves.lead).opening
    found = [opening[(times > one.start - 0.04) & (times < one.end + 0.04)].min()
             for one in speech.phonemes if any(viseme.closure == 1 for viseme in visemes(one.symbol))]
    return curves, found


def test_lips_meet_for_every_bilabial_of_hibari(spoken):
    for fps in (24, 25, 30, 60):
        curves, closures = closures_of(spoken, fps)
        assert len(closures) > 12
        assert np.mean(np.array(closures) < 0.03) == 1
    assert curves.from_phonemes


def test_lips_meet_for_every_bilabial_of_espeak():
    for language, text in (("fr", "Papa et maman boivent un peu de bon vin."), ("de", "Mein Papa mag am liebsten bunte Pilze."),
                           ("es", "Mi mamá bebe un poco de vino en Bilbao.")):
        _, closures = closures_of(speak(text, voice="espeak", language=language), 25)
        assert np.mean(np.array(closures) < 0.05) > 0.95, (language, closures)


def test_the_lips_press_where_they_meet_and_bite_for_f():
    curves = spelt(("ɑ", 0.3), ("m", 0.1), ("ɑ", 0.3), ("f", 0.1), ("ɑ", 0.3))
    assert curves.closure[34:37].min() > 0.95
    assert curves.opening[35] == 0
    assert curves.dental[75] > 0.9
    assert curves.opening[75] < 0.15
    assert curves.closure[75] < 0.01
    assert curves.opening[55] > 0.9


def test_width_follows_rounding_and_spreading():
    curves = spelt(("i", 0.3), ("u", 0.3))
    assert curves.width[15] > 0.9
    assert curves.width[45] < -0.9


def test_pauses_rest_and_short_stops_do_not():
    curves = spelt(("ɑ", 0.3), ("", 0.6), ("ɑ", 0.3), ("", 0.06), ("ɑ", 0.3))
    assert curves.opening[48:72].max() == 0
    assert curves.gate[50:70].max() == 0
    assert curves.gate[95:140].min() > 0.9


def test_a_sound_ends_with_its_voice_not_with_its_written_time():
    heard = np.zeros(101, np.float32)
    heard[:40] = 1
    curves = phoneme_curves([Phoneme("ɑ", 0.0, 0.9), Phoneme("", 0.9, 1.0)], heard)
    assert curves.opening[30] > 0.9
    assert curves.opening[60:].max() == 0


def test_the_first_sound_after_a_pause_begins_with_the_voice():
    heard = np.ones(101, np.float32)
    heard[20:60] = 0
    phonemes = [Phoneme("ɑ", 0.0, 0.2), Phoneme("", 0.2, 0.7), Phoneme("ɑ", 0.7, 1.0)]
    assert phoneme_curves(phonemes, heard).opening[66] > 0.5
    assert phoneme_curves(phonemes, np.ones(101, np.float32)).opening[60:65].max() < 0.1


def test_a_vowel_stays_wide_at_any_offset_to_the_rows():
    for shift in np.linspace(0, 0.01, 7):
        curves = spelt(("", 0.3 + shift), ("ɑ", 0.2), ("", 0.5))
        centre = (curves.opening * np.arange(len(curves.opening))).sum() / curves.opening.sum() / 100
        assert abs(centre - (0.4 + shift)) < 0.001


def test_a_speech_without_wide_vowels_does_not_gape():
    assert spelt(("s", 0.2), ("i", 0.2), ("s", 0.2), ("i", 0.2)).opening.max() < 0.8


def test_at_reads_ahead_by_the_lead_and_rests_outside(spoken):
    curves = mouth_curves(spoken)
    rows = np.arange(len(curves.opening)) / 100
    np.testing.assert_allclose(curves.at(rows - curves.lead).opening, curves.opening, atol=1e-4)
    assert curves.at(np.array([-1.0, spoken.sound.seconds + 1])).opening.max() == 0


symbols = st.sampled_from(["m", "ɑ", "f", "", "tɕh", "aɪə", "ɔ̃", "?", "i"])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(symbols, st.floats(0, 0.5)), max_size=12), st.floats(0, 3))
def test_any_times_give_finite_curves_in_range(timed, seconds):
    curves = spelt(*timed, seconds=seconds + 0.01)
    bounds = {"opening": (0, 1.15), "width": (-1, 1), "closure": (0, 1), "dental": (0, 1), "gate": (0, 1)}
    for name, (low, high) in bounds.items():
        curve = getattr(curves, name)
        assert len(curve) == int((seconds + 0.01) * 100 + 1e-6) + 1
        assert np.isfinite(curve).all()
        assert curve.min() >= low - 1e-6
        assert curve.max() <= high + 1e-6
        assert not curve[curves.gate == 0].any()
