"""Any sound becomes curves in range; a bad one becomes a clear sentence or a resting mouth."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speech_sounds import noise, recordings, sound_16k
from talking_avatar.host.errors import Cancelled, InputError
from talking_avatar.media.open import open_sound, sound_of_array
from talking_avatar.speech.drive import by_ridge, heard_curves, mouth_curves, scaled_opening
from talking_avatar.speech.hearing import hear
from talking_avatar.speech.load import load_speech
from talking_avatar.speech.ridge import predict_mouth
from talking_avatar.speech.speech import Speech

CURVES = ("opening", "width", "closure", "dental", "gate")


def assert_in_range(curves):
    for name, low, high in zip(CURVES, (0, -1, 0, 0, 0), (1.15, 1, 1, 1, 1), strict=True):
        curve = getattr(curves, name)
        assert curve.dtype == np.float32
        assert np.isfinite(curve).all()
        assert low <= curve.min() <= curve.max() <= high
        assert not curve[curves.gate == 0].any()


def test_the_ridge_is_scaled_between_its_own_shut_and_wide(spoken_samples):
    sound = sound_16k(spoken_samples)
    hearing, curves = hear(sound), heard_curves(sound, by_ridge)
    raw, _ = predict_mouth(hearing.log_mel)
    voiced = raw[hearing.gate > 0.5]
    low, top = np.clip(np.percentile(voiced, 10), 0.07, 0.20), max(0.35, np.percentile(voiced, 97))
    np.testing.assert_allclose(curves.opening, np.clip((raw - low) / (top - low), 0, 1.15) * hearing.gate, atol=1e-5)
    assert len(curves.opening) == len(spoken_samples) // 160 + 1
    assert curves.lead == 0.065
    assert not curves.from_phonemes
    assert_in_range(curves)


def test_what_is_heard_agrees_with_what_is_said(spoken):
    said, heard = mouth_curves(spoken), heard_curves(spoken.sound)
    times = np.arange(0, spoken.sound.seconds, 0.04)
    assert np.corrcoef(said.at(times).opening, heard.at(times).opening)[0, 1] > 0.6


@pytest.mark.parametrize("gain", [1e-4, 1e-2, 30.0])
def test_a_quiet_recording_opens_the_mouth_as_wide(spoken_samples, gain):
    plain, changed = (heard_curves(sound_16k(spoken_samples * factor)) for factor in (1.0, gain))
    np.testing.assert_allclose(changed.opening, plain.opening, atol=2e-3)


@pytest.mark.parametrize("seconds", [1 / 16000, 0.02, 0.05, 0.099])
def test_below_a_tenth_of_a_second_the_mouth_stays_shut(spoken_samples, seconds):
    start = len(spoken_samples) // 3
    curves = mouth_curves(Speech(sound_16k(spoken_samples[start:start + round(seconds * 16000)])))
    assert len(curves.opening) == round(seconds * 16000) // 160 + 1
    assert not curves.opening.any()


@pytest.mark.parametrize("seconds", [0.2, 0.3, 0.5, 1.0])
def test_short_sounds_move_the_mouth_as_they_do_within_a_speech(spoken_samples, seconds):
    whole = heard_curves(sound_16k(spoken_samples))
    differences = []
    for start in range(60, 300, 20):
        cut = heard_curves(sound_16k(spoken_samples[start * 160:start * 160 + round(seconds * 16000)]))
        assert_in_range(cut)
        rows = slice(start + 3, start + len(cut.opening) - 3)
        differences.append(np.abs(cut.opening[3:-3] - whole.opening[rows]).mean())
    assert np.mean(differences) < 0.3


def test_a_sound_without_samples_is_named_and_refused(tmp_path):
    with pytest.raises(InputError, match="no samples"):
        mouth_curves(Speech(sound_of_array(np.zeros((1, 0)), 44100)))


def test_nan_is_silence(spoken_samples):
    holes = spoken_samples.copy()
    holes[20000:24000] = np.nan
    holes[40000] = np.inf
    silent = np.where(np.isfinite(holes), holes, 0)
    np.testing.assert_array_equal(mouth_curves(Speech(sound_16k(holes))).opening, mouth_curves(Speech(sound_16k(silent))).opening)
    assert not mouth_curves(Speech(sound_16k(np.full(16000, np.nan)))).opening.any()


def test_silence_with_phonemes_rests(spoken):
    silent = Speech(sound_of_array(np.zeros((1, spoken.sound.n_samples)), spoken.sound.rate), spoken.phonemes)
    assert not mouth_curves(silent).opening.any()


def test_a_constant_offset_is_not_heard(spoken_samples):
    rest = np.zeros(16000, np.float32)
    samples = np.concatenate([rest, spoken_samples, rest])
    assert np.abs(heard_curves(sound_16k(samples + 0.02)).opening[:80]).max() == 0


def test_cancel_arrives_while_listening(spoken_samples):
    class Stopped:
        def stage(self, name, total=None):
            return self

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def advance(self, steps=1):
            raise Cancelled

    with pytest.raises(Cancelled):
        mouth_curves(Speech(sound_16k(spoken_samples)), Stopped())


def test_an_hour_is_driven_like_a_minute(spoken_samples):
    class Long:
        rate, path = 16000, None
        n_samples = len(spoken_samples) * 60
        seconds = n_samples / 16000

        def mono(self, rate=16000):
            for _ in range(60):
                yield spoken_samples

    alone, among = heard_curves(sound_16k(np.tile(spoken_samples, 4)), by_ridge), heard_curves(Long(), by_ridge)
    rows = round(len(spoken_samples) / 160)
    start = round(30 * len(spoken_samples) / 160)
    np.testing.assert_allclose(among.opening[start + 30:start + rows - 30], alone.opening[rows + 30:2 * rows - 30], atol=0.06)


def test_a_file_becomes_a_speech(spoken_wav):
    speech = load_speech(spoken_wav)
    assert speech.phonemes is None
    assert speech.sound.seconds == pytest.approx(2.0, abs=0.01)
    with pytest.raises(InputError):
        load_speech(spoken_wav.with_name("missing.wav"))


def test_every_recording_is_driven(shared_sound):
    sound = open_sound(shared_sound)
    curves = mouth_curves(Speech(sound))
    assert_in_range(curves)
    assert abs(len(curves.opening) - sound.seconds * 100) < 2
    if "silence" not in shared_sound.name:
        assert curves.opening.max() > 0.4


@pytest.mark.parametrize("path", recordings("speech_200ms_16k.wav"), ids=lambda path: path.name)
def test_a_fifth_of_a_second_moves_the_mouth_a_little(path):
    curves = mouth_curves(Speech(open_sound(path)))
    assert_in_range(curves)
    assert curves.opening.max() > 0.05


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40000), st.sampled_from([8000, 16000, 22050, 44100, 48000]), st.floats(-6, 1), st.integers(0, 3))
def test_any_sound_gives_curves_in_range(count, rate, loudness, kind):
    samples = noise(1 + count / 16000)[:count] * 10 ** loudness
    swelling, bursts = np.linspace(0, 1, count) ** 4, np.arange(count) % 4000 < 2000
    samples = (samples, samples * swelling, np.sign(samples), samples * bursts)[kind]
    sound = sound_of_array(samples, rate)
    assert_in_range(mouth_curves(Speech(sound)))


def test_scaling_needs_no_voice():
    assert not scaled_opening(np.zeros(5, np.float32), np.zeros(5, np.float32)).any()
