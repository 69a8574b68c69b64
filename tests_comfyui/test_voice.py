"""Voice Clone in a real ComfyUI: a film is spoken by voice servers, cancelled, and spoken again from what was kept."""
from __future__ import annotations

import sys
import time

import av
import pytest
from graphs import changed
from runs import file_of, run
from server import PACK

sys.path.insert(0, str(PACK / "tests" / "speech"))
from voice_dialects import fish_speech, gpt_sovits  # noqa: E402
from voice_server import VoiceServer  # noqa: E402

TEXT = "Hello there, I am a photograph. [pause:0.5s] Now I can speak."


def film_of(text: str, **voice) -> dict:
    """The graph from text to film; the voice of the example film is the reference."""
    graph = {
        "load": {"class_type": "TA_LoadAvatarVideo", "inputs": {"video": "portrait.jpg [example]"}},
        "own": {"class_type": "TA_LoadAvatarVideo", "inputs": {"video": "talking.mp4 [example]", "duration": 4.0}},
        "voice": {"class_type": "TA_VoiceClone", "inputs": {"text": text, "reference": ["own", 2], "transcript": "What is said in it."}},
        "mouths": {"class_type": "TA_LipSyncEmbedded", "inputs": {"avatar": ["load", 0], "speech": ["voice", 1]}},
        "paste": {"class_type": "TA_ROIComposite", "inputs": {"avatar": ["load", 0], "mouths": ["mouths", 0]}},
        "film": {"class_type": "TA_VideoCombine", "inputs": {"filename_prefix": "ta/voice", "format": "mp4-h264", "video": ["paste", 0]}},
    }
    return changed(graph, voice=voice)


@pytest.fixture
def serve(server):
    running = []

    def serve(answer):
        running.append(VoiceServer(answer))
        assert server.post("/settings", {"TalkingAvatar.VoiceServers": f"{running[-1].url}=secret"})[0] == 200
        return running[-1]

    yield serve
    for one in running:
        one.close()


@pytest.mark.parametrize(("engine", "answer"), [("gpt-sovits", gpt_sovits), ("fish-speech", fish_speech), ("auto", gpt_sovits)])
def test_a_film_is_spoken_by_a_voice_server(server, serve, tmp_path, engine, answer):
    speaks = serve(answer)
    done = run(server, film_of(TEXT, engine=engine, server=speaks.url, voice_seed=len(engine)))
    assert done.status == "success", done.error
    film = tmp_path / "film.mp4"
    film.write_bytes(file_of(server, done.outputs["film"]["images"][0]))
    with av.open(str(film)) as opened:
        assert float(opened.duration) / 1e6 == pytest.approx(2 * 1.2 + 0.5 + (0.5 if engine == "fish-speech" else 0), abs=0.15)
    spoken = [call.json["text"] for call in speaks.calls if call.method == "POST"]
    assert spoken == ["Hello there, I am a photograph.", "Now I can speak."]
    assert b"secret" not in film.read_bytes(), "the key is in no film"
    again = run(server, film_of(TEXT.replace("photograph", "painting"), engine=engine, server=speaks.url, voice_seed=len(engine)))
    assert again.status == "success"
    spoken = [call.json["text"] for call in speaks.calls if call.method == "POST"]
    assert spoken[2:] == ["Hello there, I am a painting."], "only the changed sentence is spoken again"


def test_the_embedded_voice_films_a_text(server):
    done = run(server, film_of(TEXT))
    assert done.status == "success", done.error
    assert (3, 3) in done.progress["voice"]


def test_a_cancel_reaches_a_server_that_does_not_answer(server, serve):
    speaks = serve(lambda call: call.hang() if call.json["text"].startswith("Now") else gpt_sovits(call))
    done = run(server, film_of(TEXT, engine="gpt-sovits", server=speaks.url, voice_seed=77), cancel_at="voice", cancel_after=2.0)
    assert done.status == "interrupted"
    assert done.cancel_seconds < 1.5
    for _ in range(100):
        if speaks.hung_up:
            break
        time.sleep(0.05)
    assert speaks.hung_up


def test_another_machine_is_not_asked_unless_the_user_allows_it(server):
    done = run(server, film_of(TEXT, engine="fish-speech", server="http://192.0.2.7:8080"))
    assert done.status == "error"
    assert "another machine" in done.message() and "Settings > Talking Avatar" in done.message()
