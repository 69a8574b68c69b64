"""A matched voice has the reference's pitch and spectrum, and every sample and phoneme stays where it was."""
import json

import numpy as np
import pytest
from speech_sounds import sound_16k
from talking_avatar.host.errors import InputError
from talking_avatar.media.open import sound_of_array
from talking_avatar.speech.matching.match import VoiceProfile, aimed, learn_voice, matched, matched_sentences
from talking_avatar.speech.matching.pitch import pitch
from talking_avatar.speech.speech import Speech
from talking_avatar.speech.voices.matched import own_voice, within_reach
from talking_avatar.speech.voices.speak import speak
from talking_avatar.speech.voices.voice_engine import VoiceSettings, make_engine_voice

REFERENCE = "The quick brown fox jumps over the lazy dog, and then it runs all the way home again."


def samples_of(speech):
    return np.concatenate([block[0] for block in speech.sound.blocks()])


@pytest.fixture(scope="module")
def man():
    return learn_voice(speak(REFERENCE, voice="espeak/m3", language="en").sound)


@pytest.fixture(scope="module")
def woman(spoken):
    return learn_voice(spoken.sound)


def test_samples_phonemes_and_words_stay_where_they_were(spoken, man):
    out = matched(spoken, man)
    assert (out.sound.n_samples, out.sound.rate) == (spoken.sound.n_samples, spoken.sound.rate)
    assert (out.phonemes, out.text, out.language) == (spoken.phonemes, spoken.text, spoken.language)
    assert out.sound.content_key != spoken.sound.content_key


def test_pitch_and_spectrum_come_near_the_reference(spoken, man, woman):
    new = learn_voice(matched(spoken, man).sound)
    assert abs(woman.pitch - man.pitch) > 0.4
    assert abs(new.pitch - man.pitch) < 0.06
    assert np.abs(np.subtract(new.voiced, man.voiced)).mean() < 0.6 * np.abs(np.subtract(woman.voiced, man.voiced)).mean()


def test_its_own_profile_changes_nothing(spoken, woman):
    np.testing.assert_allclose(samples_of(matched(spoken, woman)), samples_of(spoken), atol=1e-5)


def test_strength_goes_from_nothing_to_all(spoken, man, woman):
    assert matched(spoken, man, 0.0) is spoken
    half = learn_voice(matched(spoken, man, 0.5).sound).pitch
    assert abs(half - (woman.pitch + man.pitch) / 2) < 0.08
    with pytest.raises(InputError, match="matching strength of 2"):
        matched(spoken, man, 2.0)


def test_a_stream_comes_out_sentence_by_sentence_as_each_would_alone(spoken, man, woman):
    short = Speech(sound_of_array(samples_of(spoken)[:30000], spoken.sound.rate))
    stream = matched_sentences(iter([spoken, short]), man, woman)
    np.testing.assert_array_equal(samples_of(next(stream)), samples_of(matched(spoken, man, own=woman)))
    np.testing.assert_array_equal(samples_of(next(stream)), samples_of(matched(short, man, own=woman)))


def test_a_profile_survives_json(man):
    assert VoiceProfile.from_json(json.loads(json.dumps(man.as_json()))) == man
    for wrong in ({}, {"pitch": "high"}, man.as_json() | {"voiced": [1.0]}, []):
        with pytest.raises(InputError, match="profile"):
            VoiceProfile.from_json(wrong)


@pytest.mark.parametrize("samples", [np.zeros(48000), np.random.default_rng(0).standard_normal(48000) * 0.1], ids=["silence", "noise"])
def test_a_reference_without_voice_is_refused_in_words(samples):
    with pytest.raises(InputError, match="too little voice"):
        learn_voice(sound_16k(samples))


def test_silence_and_shreds_of_sound_are_let_through(man, woman):
    for samples in (np.zeros(24000), np.full(100, 0.1), np.random.default_rng(1).standard_normal(24000) * 0.05):
        out = samples_of(matched(Speech(sound_of_array(np.float32(samples), 24000)), man, own=woman))
        assert len(out) == len(samples)
        assert np.isfinite(out).all()


@pytest.mark.parametrize("hertz", [80, 120, 220, 440])
def test_pitch_of_a_pulse_train_is_exact(hertz):
    at = np.arange(32000) / 16000
    phase = hertz * at + 0.3 * np.sin(2 * np.pi * 2 * at)
    voice = sum(np.cos(2 * np.pi * k * phase) / k for k in range(1, 12))
    noisy = voice + 0.02 * np.random.default_rng(0).standard_normal(len(at))
    found = pitch(noisy.astype(np.float32))[10:-10]
    true = (hertz + 0.3 * 2 * np.pi * 2 * np.cos(2 * np.pi * 2 * at))[::160][10:len(found) + 10]
    assert (found > 0).all()
    assert np.abs(found / true - 1).max() < 0.02


def test_the_embedded_voice_is_matched_to_a_reference_and_keeps_the_time(man):
    reference = Speech(speak(REFERENCE, voice="espeak/m3", language="en").sound, text="")
    text = "Nobody knew where the old man came from. Is it really so important now?"
    plain = make_engine_voice(VoiceSettings(language="en"))
    near = make_engine_voice(VoiceSettings(language="en", reference=reference))
    assert near.cache_words[:len(plain.cache_words)] == plain.cache_words != near.cache_words
    said, nearer = plain.synthesize(text), near.synthesize(text)
    assert (nearer.sound.n_samples, nearer.phonemes) == (said.sound.n_samples, said.phonemes)
    assert abs(learn_voice(nearer.sound).pitch - man.pitch) < 0.1


def test_espeak_keeps_its_melody_and_near_its_pitch_that_too(man, woman):
    own = own_voice("espeak")[1]
    far = within_reach(woman, own, "espeak")
    assert (far.pitch, far.pitch_spread, far.voiced) == (woman.pitch, own.pitch_spread, woman.voiced)
    assert within_reach(man, own, "espeak/m3").pitch == own.pitch
    assert within_reach(man, own, "hibari") is man
    reference = Speech(speak(REFERENCE, voice="hibari", language="en").sound, text="")
    settings = VoiceSettings(voice="espeak", language="en", reference=reference)
    text = "Nobody knew where the old man came from. Is it really so important now?"
    said = learn_voice(make_engine_voice(settings).synthesize(text).sound)
    assert abs(said.pitch - woman.pitch) < 0.15


def test_how_far_the_embedded_voice_goes_is_the_users_choice(man, woman):
    reference = Speech(speak(REFERENCE, voice="espeak/m3", language="en").sound, text="")
    plain, near, half = (make_engine_voice(VoiceSettings(language="en", reference=reference, matching=far)) for far in (0.0, 1.0, 0.5))
    assert len({voice.cache_words for voice in (plain, near, half)}) == 3
    assert plain.cache_words == make_engine_voice(VoiceSettings(language="en")).cache_words
    text = "Nobody knew where the old man came from. Is it really so important now?"
    pitches = [learn_voice(voice.synthesize(text).sound).pitch for voice in (near, half, plain)]
    assert pitches[0] + 0.15 < pitches[1] < pitches[2] - 0.15
    for wrong in (-0.1, 1.01, float("nan")):
        with pytest.raises(InputError, match="give 0 .* to 1"):
            make_engine_voice(VoiceSettings(language="en", reference=reference, matching=wrong))


def test_aiming_brings_the_spectrum_nearer_still(spoken, man, woman):
    def missed(aim):
        return np.abs(np.subtract(learn_voice(matched(spoken, aim, own=woman).sound).voiced, man.voiced)).mean()

    assert missed(aimed(man, spoken.sound, woman)) < 0.8 * missed(man)
