"""Sound stays in its file until somebody listens."""
import gc

import numpy as np
import pytest
import torch
from talking_avatar import NODE_CLASS_MAPPINGS
from talking_avatar.host.errors import InputError
from talking_avatar.media.open import open_sound
from talking_avatar.media.sound_file import SoundFile
from talking_avatar.nodes.lazy_audio import LazyAudio, sound_of


@pytest.fixture
def lazy(spoken_wav):
    return LazyAudio(open_sound(spoken_wav))


def test_it_is_comfyuis_audio(lazy):
    assert set(lazy) == {"waveform", "sample_rate"}
    assert lazy["sample_rate"] == 16000
    assert (lazy["waveform"].shape, lazy["waveform"].dtype) == ((1, 1, 32000), torch.float32)
    assert type(lazy.copy()) is dict
    assert {**lazy, "more": 1}["waveform"].shape == (1, 1, 32000)
    with pytest.raises(KeyError):
        lazy["path"]


def test_the_waveform_is_not_kept(lazy):
    waveform = lazy["waveform"]
    assert lazy["waveform"] is waveform
    del waveform
    gc.collect()
    assert lazy._decoded() is None


def test_lazy_audio_goes_on_as_its_file(lazy, node):
    speech, audio = node("AudioEncode", audio=lazy)
    assert isinstance(speech.sound, SoundFile)
    assert audio.sound is speech.sound


@pytest.mark.parametrize("shape", [(1, 2, 800), (3, 1, 800), (2, 800), (800,)])
def test_tensors_of_any_shape_are_heard(shape, node):
    sound = node("AudioEncode", audio={"waveform": torch.rand(shape), "sample_rate": 8000})[0].sound
    assert (sound.rate, sound.n_samples) == (8000, 800)
    assert sound.channels == (1 if len(shape) == 1 else shape[-2])


def test_a_path_is_copied_from_its_file(node, spoken_wav, astronaut_film):
    assert isinstance(node("AudioEncode", path=str(spoken_wav))[0].sound, SoundFile)
    assert node("AudioEncode", path=str(astronaut_film))[0].sound.seconds == pytest.approx(2.0, abs=0.05)


def test_all_choices_together(node, samples):
    stereo = np.vstack([np.zeros((1, 48000), np.float32), np.hstack([np.zeros((1, 8000), np.float32), samples.babble(2.0),
                                                                     np.zeros((1, 8000), np.float32)])])
    sound = node("AudioEncode", audio={"waveform": torch.from_numpy(stereo)[None], "sample_rate": 16000}, channel="right",
                 trim_silence=True, normalize=True, offset_ms=500)[0].sound
    assert sound.channels == 1
    first = next(sound.blocks(0.4))
    assert not first.any()
    assert 2.0 < sound.seconds < 3.0


@pytest.mark.parametrize(("inputs", "sentence"), [
    ({}, "There is no sound to speak"),
    ({"audio": None}, "may be silent"),
    ({"audio": {"waveform": torch.zeros(1, 1, 0), "sample_rate": 8000}}, "0 samples"),
    ({"audio": {"waveform": torch.rand(1, 1, 100), "sample_rate": 8000}, "channel": "right"}, "no 'right' one"),
    ({"path": "/no/such.wav"}, "There is no file '/no/such.wav'"),
])
def test_what_cannot_be_heard_is_one_sentence(comfyui, node, inputs, sentence):
    with pytest.raises(InputError, match=sentence):
        node("AudioEncode", **inputs)


def test_a_missing_file_is_said_before_the_run(comfyui, spoken_wav):
    kind = NODE_CLASS_MAPPINGS["TA_AudioEncode"]
    assert kind.VALIDATE_INPUTS(path="") is True
    assert kind.VALIDATE_INPUTS(path=None) is True
    assert kind.VALIDATE_INPUTS(path=str(spoken_wav)) is True
    assert "no file" in kind.VALIDATE_INPUTS(path="nope.wav")
    assert kind.IS_CHANGED(path=str(spoken_wav)) != kind.IS_CHANGED(path="")


def test_no_sound_is_one_sentence():
    with pytest.raises(InputError, match="silent"):
        sound_of(None)
