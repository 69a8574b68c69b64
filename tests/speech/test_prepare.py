"""A sound is made ready as asked, and stays itself where nothing is asked."""
import math

import numpy as np
import pytest
from talking_avatar.host.errors import InputError
from talking_avatar.host.progress import Silent
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.speech.loudness import loudness
from talking_avatar.speech.prepare import Preparation, prepared


def joined(sound) -> np.ndarray:
    return np.concatenate(list(sound.blocks(0.7)), axis=1)


def sine(decibel: float, seconds: float = 5.0, rate: int = 48000, channels: int = 2) -> SoundArray:
    t = np.arange(round(seconds * rate)) / rate
    return SoundArray(np.tile(10 ** (decibel / 20) * np.sin(2 * np.pi * 1000 * t), (channels, 1)).astype(np.float32), rate)


@pytest.mark.parametrize(("rate", "tolerance"), [(48000, 0.1), (44100, 0.1), (16000, 0.1)])
@pytest.mark.parametrize("decibel", [-23.0, -33.0])
def test_loudness_of_the_standards_first_signals(rate, tolerance, decibel):
    """EBU Tech 3341, test signals 1 and 2: 1 kHz on both channels at -23 and -33 dB is so many LUFS."""
    assert abs(loudness(sine(decibel, rate=rate)).integrated - decibel) < tolerance


def test_pauses_do_not_count():
    """EBU Tech 3341, test signal 3: 10 s at -36 dB, 60 s at -23, 10 s at -36 are -23 LUFS."""
    samples = np.hstack([joined(sine(level, seconds)) for level, seconds in ((-36, 10), (-23, 60), (-36, 10))])
    assert abs(loudness(SoundArray(samples, 48000)).integrated + 23) < 0.1


def test_silence_and_clicks_have_no_loudness():
    assert math.isinf(loudness(SoundArray(np.zeros((1, 48000), np.float32), 48000)).integrated)
    assert math.isinf(loudness(sine(-10, 0.2)).integrated)


def test_nothing_asked_is_the_sound_itself(samples):
    sound = SoundArray(samples.babble(1.0), 16000)
    assert prepared(sound, Preparation(), Silent()) is sound


def test_a_quiet_voice_is_brought_to_speech_level_without_clipping(samples):
    quiet = SoundArray(0.02 * samples.babble(3.0), 16000)
    loud = prepared(quiet, Preparation(level=True), Silent())
    assert abs(loudness(loud).integrated + 23) < 0.1 or loudness(loud).peak == pytest.approx(10 ** (-1 / 20), abs=1e-3)
    assert np.abs(joined(loud)).max() < 1


def test_silence_around_the_voice_goes_and_inside_it_stays(samples):
    voice = samples.babble(2.0)
    gap = np.zeros((1, 16000), np.float32)
    sound = prepared(SoundArray(np.hstack([gap, gap, voice, gap, voice, gap]), 16000), Preparation(trim_silence=True), Silent())
    assert 4.0 < sound.seconds < 5.4
    silent = SoundArray(np.hstack([gap, gap]), 16000)
    assert prepared(silent, Preparation(trim_silence=True), Silent()) is silent


@pytest.mark.parametrize("offset", [0.25, -0.25])
def test_an_offset_moves_the_speech(samples, offset):
    samples_in = samples.babble(1.0)
    out = joined(prepared(SoundArray(samples_in, 16000), Preparation(offset=offset), Silent()))
    if offset > 0:
        assert not out[:, :4000].any()
        assert np.array_equal(out[:, 4000:], samples_in)
    else:
        assert np.array_equal(out, samples_in[:, 4000:])


def test_what_cannot_be_done_is_one_sentence(samples):
    mono = SoundArray(samples.babble(0.5), 16000)
    with pytest.raises(InputError, match="no 'right' one"):
        prepared(mono, Preparation(channel="right"), Silent())
    with pytest.raises(InputError, match="leaves nothing"):
        prepared(mono, Preparation(offset=-1.0), Silent())
    with pytest.raises(InputError):
        prepared(SoundArray(np.zeros((1, 0), np.float32), 16000), Preparation(), Silent())
