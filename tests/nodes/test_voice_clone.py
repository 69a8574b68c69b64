"""Voice Clone: words become a speech on the canvas."""
import numpy as np
import pytest
import torch
from talking_avatar import NODE_CLASS_MAPPINGS
from talking_avatar.host.errors import InputError


def test_the_embedded_voice_works_with_nothing_filled_in(comfyui, node):
    audio, speech = node("VoiceClone", text="Hello there. I am a photograph.")
    assert audio["waveform"].shape == (1, 1, speech.sound.n_samples)
    assert audio["waveform"].dtype == torch.float32 and audio["sample_rate"] == 24000
    assert speech.phonemes[-1].end == speech.sound.seconds
    assert sum(bool(one.symbol) for one in speech.phonemes) > 10


def test_progress_is_shown_by_the_sentence(comfyui, node):
    node("VoiceClone", text="One comes first. Two comes then. And three is the last.")
    assert [(value, total) for value, total, _ in comfyui.bars][-1] == (3, 3)


def test_a_cancel_stops_before_the_next_sentence(comfyui, node):
    comfyui.interrupt_at = 1
    with pytest.raises(comfyui.Interrupt):
        node("VoiceClone", text="First this was said. Never will this be said.")


def test_several_speakers_and_pauses(comfyui, node):
    speech = node("VoiceClone", text="[Alice] Are you a photo? [pause:0.8s] [Bob] Yes, I am.", language="en",
                  speakers="Alice = hibari\nBob = espeak/m3")[1]
    pauses = [one.end - one.start for one in speech.phonemes if not one.symbol]
    assert max(pauses) > 0.8
    assert speech.sound.rate == 24000


@pytest.mark.parametrize(("inputs", "sentence"), [
    ({"text": "  "}, "The text is empty"), ({"text": "[pause:1s]"}, "The text is empty"), ({"text": "😀 @#!"}, "nothing to say"),
    ({"text": "[Alice] Hello."}, "no voice is given for 'Alice'"), ({"text": "Hello. [pause:soon]"}, r"\[pause:0.8s\]"),
    ({"text": "Hello.", "speakers": "Alice"}, "NAME = VOICE"), ({"text": "Hello.", "voice": "nobody"}, "no voice called 'nobody'"),
    ({"text": "[A] Hello.", "speakers": "A = ../../secret.wav"}, "lies outside"),
])
def test_what_cannot_be_spoken_is_one_sentence(comfyui, node, inputs, sentence):
    with pytest.raises(InputError, match=sentence):
        node("VoiceClone", **inputs)


def test_a_recording_that_a_speaker_names_counts_as_changed_when_its_file_does(comfyui, samples):
    kind = NODE_CLASS_MAPPINGS["TA_VoiceClone"]
    path = comfyui.input / "bob.wav"
    samples.write_sound(path, samples.babble(1.0), 16000, "pcm_s16le")
    before = kind.IS_CHANGED(text="x", speakers="Bob = bob.wav | hello", reference=None)
    samples.write_sound(path, samples.babble(2.0), 16000, "pcm_s16le")
    assert before != kind.IS_CHANGED(text="x", speakers="Bob = bob.wav | hello", reference=None) != kind.IS_CHANGED(speakers=None)


def test_its_speech_goes_into_the_film(comfyui, node, film):
    audio, speech = node("VoiceClone", text="Hello there.")
    avatar = node("LoadAvatarVideo", video="film.mp4")[0]
    mouths = node("LipSyncEmbedded", avatar=avatar, speech=speech)[0]
    assert mouths is not None and np.isfinite(audio["waveform"].numpy()).all()
