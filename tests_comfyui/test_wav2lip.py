"""Wav2Lip in a real ComfyUI: queued, cancelled within a second, its network and the face's track used again, its memory given back."""
from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time

import pytest
from graphs import as_prompt, changed, dub
from runs import run
from server import PACK, Server

AT_MOST = 1.0  # seconds from the cancel to the empty queue


def _loaded(name):
    spec = importlib.util.spec_from_file_location(name, PACK / "tests" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def server(tmp_path_factory, small_film):
    """A ComfyUI with the pack, the probe, `small.mp4`, `long.mp4` (8 s) and a stand-in checkpoint."""
    folder = tmp_path_factory.mktemp("comfyui")
    long = small_film.with_name("long.mp4")
    words = ["-stream_loop", "4", "-i", str(small_film), "-t", "8", "-c", "copy", str(long)]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *words], check=True)
    path = folder / "models" / "wav2lip" / "stand_in.pth"
    path.parent.mkdir(parents=True)
    sys.path.insert(0, str(PACK.parent))
    _loaded("wav2lip_stand_in").write_noise(path, fill=_loaded("parity_data").fill)
    packs = {"talking-avatar": PACK, "networks_probe": PACK / "tests_comfyui" / "networks_probe"}
    with Server(folder, packs, (small_film, long)) as running:
        yield running


def graph(video: str = "small.mp4", **settings) -> dict:
    made = changed(dub(video), mouths={"checkpoint": "stand_in.pth", "backend": "torch", **settings})
    made["mouths"]["class_type"] = "TA_LipSyncWav2Lip"
    return made


def test_a_film_is_dubbed_and_a_second_run_uses_network_and_track_again(server):
    first = run(server, graph())
    assert first.status == "success", first.message()
    assert "Face in" in first.outputs["mouths"]["text"][0]
    assert "Wav2Lip 96 in" in first.outputs["mouths"]["text"][0]
    assert first.outputs["film"]["images"]
    probed = server.get("/networks_probe")
    assert probed["loaded"] == ["Wav2Lip"]
    again = run(server, graph(mouth=1.2))
    assert again.status == "success", again.message()
    assert "load" in again.cached
    assert server.get("/networks_probe") == probed
    assert server.log().count("Requested to load Wav2Lip") == 1
    other = changed(graph(mouth=0.8), load={"face": "centre"})
    assert run(server, other).status == "success"


def test_a_cancel_frees_the_queue_within_a_second(server):
    waits = []
    for mouth in (1.3, 1.4):
        done = run(server, graph("long.mp4", length="silence", mouth=mouth), cancel_at="mouths", cancel_after=1.5)
        assert done.status == "interrupted"
        waits.append(done.cancel_seconds)
    assert min(waits) < AT_MOST, waits


def test_its_memory_is_comfyuis_to_take(server):
    assert run(server, graph(mouth=0.9)).status == "success"
    assert server.get("/networks_probe")["kept_bytes"] > 70_000_000
    assert server.post("/free", {"unload_models": True, "free_memory": True})[0] == 200
    end = time.monotonic() + 15
    while server.get("/networks_probe") != {"kept_bytes": 0, "loaded": []}:
        assert time.monotonic() < end, server.get("/networks_probe")
        time.sleep(0.2)
    assert "memory leak" not in server.log()


def test_a_missing_checkpoint_is_named_at_the_node(server):
    done = run(server, changed(graph(), mouths={"checkpoint": "wav2lip384.pth"}))
    assert done.status == "error"
    assert "talking-avatar models get wav2lip384" in done.message()


def test_the_template_runs_with_a_stand_in_checkpoint(server):
    workflow = json.loads((PACK / "workflows" / "dub_wav2lip.json").read_text(encoding="utf-8"))
    done = run(server, as_prompt(workflow, server.get("/object_info")), workflow=workflow)
    assert done.status == "success", done.message()
