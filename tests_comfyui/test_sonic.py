"""Sonic Portrait in a real ComfyUI, with stand-in networks: it runs, says what it will cost, is cancelled, goes on."""
from __future__ import annotations

import json
import shutil
import sys

import pytest
from graphs import as_prompt, changed
from runs import file_of, run
from server import PACK

SMALL = {"resolution": 64, "steps": 3, "duration": 1.2}
AT_MOST = 1.0  # seconds


@pytest.fixture(scope="module")
def sonic(server):
    """The server with a set of stand-in files in models/sonic and a portrait in its input folder."""
    sys.path.insert(0, str(PACK / "bench"))
    from sonic_stand_in import make

    make(server.folder / "models" / "sonic")
    shutil.copy(PACK / "workflows" / "inputs" / "portrait.jpg", server.folder / "input")
    return server


def graph(**changes: dict) -> dict:
    made = {
        "photo": {"class_type": "LoadImage", "inputs": {"image": "portrait.jpg"}},
        "speech": {"class_type": "TA_AudioEncode", "inputs": {"path": "hello.flac [example]"}},
        "sonic": {"class_type": "TA_SonicPortrait", "inputs": {"portrait": ["photo", 0], "audio": ["speech", 1], **SMALL}},
        "film": {"class_type": "TA_VideoCombine", "inputs": {"filename_prefix": "ta/sonic", "format": "mp4-h264", "video": ["sonic", 0]}},
    }
    return changed(made, **changes)


def portrait_size() -> tuple[int, int]:
    from PIL import Image

    with Image.open(PACK / "workflows" / "inputs" / "portrait.jpg") as photo:
        return photo.size


@pytest.mark.parametrize("paste_back", [False, True])
def test_a_portrait_and_a_speech_become_a_film(sonic, tmp_path, paste_back):
    import av

    done = run(sonic, graph(sonic={"paste_back": paste_back}))
    assert done.status == "success", done.error
    shown = next(iter(done.outputs["film"].values()))[0]
    path = tmp_path / "film.mp4"
    path.write_bytes(file_of(sonic, shown))
    with av.open(str(path)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        seconds = float(audio.duration * audio.time_base)
        assert abs(video.frames / 25 - seconds) <= 0.05
        assert (video.width, video.height) == ((64, 64) if not paste_back else portrait_size())
    assert done.progress["sonic"]


def test_cancel_between_the_steps_and_go_on(sonic):
    slow = [graph(sonic={"resolution": 128, "steps": 100, "motion_seed": seed}) for seed in (1, 2)]
    runs = [run(sonic, one, cancel_at="sonic", cancel_after=4.0) for one in slow]
    assert {done.status for done in runs} == {"interrupted"}
    assert min(done.cancel_seconds for done in runs) < AT_MOST
    assert all(done.pictures for done in runs), "the portrait is seen while it is denoised"
    assert run(sonic, graph()).status == "success", "the queue goes on"


def test_a_missing_file_is_told_at_the_node(sonic):
    (sonic.folder / "models" / "sonic" / "audio2token.pth").rename(sonic.folder / "models" / "sonic" / "elsewhere.pth")
    try:
        done = run(sonic, graph(sonic={"motion_seed": 5}))
    finally:
        (sonic.folder / "models" / "sonic" / "elsewhere.pth").rename(sonic.folder / "models" / "sonic" / "audio2token.pth")
    assert done.status == "error"
    assert "'audio2token.pth', Sonic's network from speech to tokens" in done.message()


def test_a_picture_without_a_face_is_told_at_the_node(sonic):
    from PIL import Image

    Image.new("RGB", (256, 256), (90, 120, 150)).save(sonic.folder / "input" / "empty.png")
    done = run(sonic, graph(photo={"image": "empty.png"}))
    assert done.status == "error"
    assert "No face was found" in done.message()
    assert "face_mask" in done.message()


@pytest.mark.parametrize("name", ["portrait_speech", "portrait_song"])
def test_a_template_runs_with_stand_in_files(sonic, name):
    workflow = json.loads((PACK / "workflows" / f"{name}.json").read_text(encoding="utf-8"))
    prompt = as_prompt(workflow, sonic.get("/object_info"))
    for one in prompt.values():
        if one["class_type"] == "TA_SonicPortrait":
            one["inputs"].update(SMALL)
    done = run(sonic, prompt, workflow=workflow)
    assert done.status == "success", done.error
