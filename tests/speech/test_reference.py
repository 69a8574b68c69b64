"""A reference recording is cut to its voice and to what an engine takes, and what is wrong with it is said in words."""
import numpy as np
import pytest
from speech_sounds import noise, samples_16k, sound_16k
from talking_avatar.host.errors import InputError
from talking_avatar.media.open import sound_of_array
from talking_avatar.speech.speech import Speech
from talking_avatar.speech.voices.reference import Limits, check_reference
from talking_avatar.speech.voices.speak import speak

SOVITS, FISH = Limits("GPT-SoVITS", 3, 10), Limits("Fish-Speech", 10, 30)


def silence(seconds):
    return np.zeros(int(seconds * 16000), np.float32)


@pytest.fixture(scope="module")
def voice():
    """About 25 s of speech with pauses between the sentences."""
    text = ("Nobody knew where the old man came from. He had a grey dog and a small green boat. Every morning he rowed out to the island. "
            "In the evening he came back with an empty basket. ")
    return samples_16k(speak(text * 2, voice="espeak", language="en").sound)


def test_silence_around_the_voice_goes_and_the_transcript_stays(voice):
    part = voice[: 16000 * 6]
    found = check_reference(Speech(sound_16k(np.concatenate([silence(4), part, silence(3)])), text="He said so."), SOVITS)
    assert found.cut and found.speech.text == "He said so."
    assert 5.3 < found.speech.sound.seconds < 6.5
    assert found.quality.findings == ()


def test_a_long_recording_without_a_transcript_is_cut_in_a_pause(voice):
    found = check_reference(Speech(sound_16k(voice)), SOVITS)
    assert 7 < found.speech.sound.seconds <= 10
    samples = samples_16k(found.speech.sound)
    loud = np.abs(samples).max()
    assert np.abs(samples[:160]).max() < 0.1 * loud and np.abs(samples[-160:]).max() < 0.1 * loud
    assert found.quality.voiced > 0.6


def test_a_transcript_is_never_paired_with_a_part_of_its_recording(voice):
    with pytest.raises(InputError, match="3 to 10 s, but this recording lasts 2.* cut it, and its transcript with it"):
        check_reference(Speech(sound_16k(voice), text="Nobody knew."), SOVITS)


@pytest.mark.parametrize("around", [0.0, 0.1, 1.0, 5.0])
def test_cutting_never_makes_it_too_short_for_the_engine(voice, around):
    spoken = np.concatenate([silence(around), voice[8000 : 8000 + 16000 * 2], silence(around + 1.05)])
    if len(spoken) < 3 * 16000:
        spoken = np.concatenate([silence(0.5), spoken])
    found = check_reference(Speech(sound_16k(spoken)), SOVITS)
    assert 3 <= found.speech.sound.seconds < 4


def test_too_short_and_silent_recordings_are_refused(voice):
    with pytest.raises(InputError, match="Fish-Speech takes references of 10 to 30 s, but this recording lasts 5.0 s: give a longer one"):
        check_reference(Speech(sound_16k(voice[:80000])), FISH)
    with pytest.raises(InputError, match="silent"):
        check_reference(Speech(sound_16k(silence(12))), FISH)


def test_each_fault_has_its_sentence(voice):
    part = voice[: 16000 * 8] / np.abs(voice).max()
    faults = {"quiet": part * 0.003, "clipped": np.clip(part * 6, -0.99, 0.99), "above its surroundings": part * 0.5 + noise(8) * 0.03,
              "voice in only": np.concatenate([part[:24000], silence(7), part[24000:40000]])}
    for word, samples in faults.items():
        findings = check_reference(Speech(sound_16k(samples)), SOVITS).quality.findings
        assert [word in one for one in findings].count(True) == 1, (word, findings)
    dull = check_reference(Speech(sound_of_array(part[::2], 8000)), SOVITS).quality.findings
    assert any("8000 samples a second" in one for one in dull)


def test_a_good_recording_is_left_as_it_is(voice):
    sound = sound_16k(voice[4000 : 16000 * 7])
    found = check_reference(Speech(sound), SOVITS)
    assert found.quality.findings == ()
    assert found.quality.clipped == 0 and found.quality.noise > 25 and found.quality.peak > 0.1
