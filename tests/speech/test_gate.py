"""Lips rest where nobody speaks: in silence, in noise, in pauses of noisy recordings; and nowhere else."""
import numpy as np
import pytest
from speech_sounds import noise, recordings, sound_16k
from talking_avatar.media.open import open_sound
from talking_avatar.speech.drive import mouth_curves
from talking_avatar.speech.gate import voice_gate
from talking_avatar.speech.log_mel import sound_rows
from talking_avatar.speech.speech import Speech


def gate_of(samples):
    return voice_gate(sound_rows(sound_16k(samples)))


@pytest.mark.parametrize("colour", ["white", "pink", "brown", "fan"])
@pytest.mark.parametrize("level", [1e-4, 0.1])
def test_steady_noise_alone_leaves_the_mouth_still(colour, level):
    curves = mouth_curves(Speech(sound_16k(noise(6, colour) * level)))
    assert np.abs(np.diff(curves.opening)).max() < 0.02
    assert curves.opening.max() < 0.1


def test_a_steady_hum_leaves_the_mouth_shut():
    time = np.arange(5 * 16000) / 16000
    hum = sum(np.sin(2 * np.pi * 50 * k * time) / k for k in (1, 2, 3, 5))
    assert mouth_curves(Speech(sound_16k(hum * 0.1))).opening.max() == 0


def test_digital_silence_gives_zeros():
    curves = mouth_curves(Speech(sound_16k(np.zeros(48000))))
    for curve in (curves.opening, curves.width, curves.closure, curves.dental, curves.gate):
        assert len(curve) == 301
        assert not curve.any()


@pytest.mark.parametrize("below", [50, 30, 20, 12])
@pytest.mark.parametrize("colour", ["white", "pink", "brown"])
def test_pauses_of_a_noisy_recording_are_pauses(spoken_samples, colour, below):
    pause = np.zeros(24000, np.float32)
    samples = np.concatenate([pause, spoken_samples, pause, spoken_samples, pause])
    samples = samples + noise(len(samples) / 16000 + 1, colour)[:len(samples)] * np.sqrt((spoken_samples ** 2).mean()) * 10 ** (-below / 20)
    gate = gate_of(samples)
    length = len(spoken_samples) // 160
    clean = gate_of(np.concatenate([pause, spoken_samples, pause, spoken_samples, pause]))
    for start, stop in ((10, 130), (length + 170, length + 280), (2 * length + 320, 2 * length + 440)):
        assert gate[start:stop].max() < 0.02
    assert gate[clean > 0.95].mean() > 0.85


def test_a_quieter_speaker_in_a_long_talk_is_heard(spoken_samples):
    loud = np.tile(spoken_samples, 20)
    gate = gate_of(np.concatenate([loud, np.zeros(160000, np.float32), loud * 10 ** (-14 / 20)]))
    alone = gate_of(loud)
    assert gate[-len(alone):].mean() > 0.9 * alone.mean()


def test_a_few_words_in_long_silence_are_heard(spoken_samples):
    gate = gate_of(np.concatenate([noise(100) * 1e-4, spoken_samples, noise(100) * 1e-4]))
    length = len(spoken_samples) // 160
    assert gate[10000:10000 + length].mean() > 0.6
    assert gate[:9970].max() < 0.02


@pytest.mark.parametrize("path", recordings("speech_pauses_room_noise_16k.wav"), ids=lambda path: path.name)
def test_room_noise_in_pauses_is_no_speech(path):
    curves = mouth_curves(Speech(open_sound(path)))
    for start, stop in ((0, 140), (465, 585), (915, 1000)):
        assert curves.gate[start:stop].max() == 0
        assert curves.opening[start:stop].max() == 0
    assert curves.opening[150:450].max() > 0.9
