"""Transcribe Speech and Save SRT on the canvas."""
from pathlib import Path

import numpy as np
import pytest
import torch
from talking_avatar.host.errors import InputError, MissingModel
from talking_avatar.nodes.save_srt import SaveSRT
from talking_avatar.speech.recognisers import recogniser
from talking_avatar.speech.recognisers.recogniser import Heard, Word
from talking_avatar.speech.subtitles import read_srt


class Ear:
    name, licence = "faster-whisper", "none"

    def __init__(self, model="auto"):
        pass

    def listen(self, samples, language):
        yield Heard((Word(" Hello", 0.3, 0.6), Word(" there.", 0.7, 1.0)), language or "en")


@pytest.fixture
def audio(samples):
    return {"waveform": torch.from_numpy(np.asarray(samples.babble(3.0), np.float32).reshape(1, 1, -1)), "sample_rate": 16000}


def test_what_is_said_comes_out_as_text_and_subtitles(comfyui, node, audio, monkeypatch):
    recogniser.recogniser_names()
    monkeypatch.setitem(recogniser._RECOGNISERS, "faster-whisper", Ear)
    text, srt = node("TranscribeSpeech", audio=audio)
    assert text == "Hello there."
    assert [one.text for one in read_srt(srt)] == ["Hello there."]
    path, = node("SaveSRT", srt=srt, filename_prefix="talks/one")
    assert path == str(comfyui.output / "talks" / "one_00001_.srt")
    assert read_srt(Path(path).read_text(encoding="utf-8"))[0].text == "Hello there."


def test_without_a_model_the_node_says_what_to_get(comfyui, node, audio, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path))
    with pytest.raises(MissingModel, match="models/faster-whisper"):
        node("TranscribeSpeech", audio=audio)


def test_subtitles_lie_beside_the_film_under_its_name(comfyui, node):
    srt = "1\n00:00:00,000 --> 00:00:01,000\nHi\n"
    path, = node("SaveSRT", srt=srt, filename_prefix="x", film=str(comfyui.output / "sub" / "film_00007_.mp4"))
    assert path == str(comfyui.output / "sub" / "film_00007_.srt")


def test_nothing_is_written_outside_the_output_folder(comfyui, node):
    srt = "1\n00:00:00,000 --> 00:00:01,000\nHi\n"
    assert "does not name a file inside" in SaveSRT.VALIDATE_INPUTS(filename_prefix="../../evil")
    for wrong in ({"filename_prefix": "../../evil"}, {"filename_prefix": "x", "film": "../film.mp4"},
                  {"filename_prefix": "x", "film": str(comfyui.input / "film.mp4")}):
        with pytest.raises(InputError):
            node("SaveSRT", srt=srt, **wrong)
    with pytest.raises(InputError, match="no SubRip"):
        node("SaveSRT", srt="no times in here", filename_prefix="x")
    assert not [one for one in comfyui.output.parent.rglob("*.srt")]
