"""Lip Sync (LatentSync) in a real ComfyUI, with stand-in networks: it runs, is cancelled between the steps, goes on."""
from __future__ import annotations

import json
import sys

import pytest
from graphs import as_prompt, dub
from runs import file_of, run
from server import PACK

SMALL = {"checkpoint": "latentsync_unet.pt", "resolution": 64, "steps": 2}
AT_MOST = 1.0  # seconds


@pytest.fixture(scope="module")
def latentsync(server):
    """The server with a set of stand-in files in models/latentsync."""
    sys.path.insert(0, str(PACK / "bench"))
    from latentsync_stand_in import make

    make(server.folder / "models" / "latentsync")
    return server


def graph(**settings) -> dict:
    made = dub()
    made["mouths"] = {"class_type": "TA_LipSyncLatentSync",
                      "inputs": {"avatar": ["load", 0], "speech": ["speech", 0], **SMALL, **settings}}
    return made


def test_a_film_is_dubbed_cancelled_between_the_steps_and_goes_on(latentsync, tmp_path):
    import av

    slow = graph(steps=50, motion_seed=3)
    stopped = run(latentsync, slow, cancel_at="mouths", cancel_after=5.0)
    assert stopped.status == "interrupted"
    assert stopped.pictures, "the first chunk is seen while it is denoised"
    assert stopped.cancel_seconds < AT_MOST
    done = run(latentsync, graph(motion_seed=3))
    assert done.status == "success", done.error
    assert done.progress["mouths"]
    shown = next(iter(done.outputs["film"].values()))[0]
    path = tmp_path / "film.mp4"
    path.write_bytes(file_of(latentsync, shown))
    with av.open(str(path)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        seconds = float(audio.duration * audio.time_base)
        assert abs(video.frames / float(video.average_rate) - seconds) <= 0.05


def test_a_file_that_is_not_there_is_told_at_the_node(latentsync):
    done = run(latentsync, graph(checkpoint="LatentSync-1.6/latentsync_unet.pt"))
    assert done.status == "error"
    assert "ByteDance/LatentSync-1.6" in done.message()


def test_the_template_runs_with_stand_in_files(latentsync):
    workflow = json.loads((PACK / "workflows" / "dub_latentsync.json").read_text(encoding="utf-8"))
    prompt = as_prompt(workflow, latentsync.get("/object_info"))
    for one in prompt.values():
        if one["class_type"] == "TA_LipSyncLatentSync":
            one["inputs"].update(SMALL)
    done = run(latentsync, prompt, workflow=workflow)
    assert done.status == "success", done.error
