"""Checkpoints in a real ComfyUI: the window in a node's menu brings one, other sites cannot; networks are ComfyUI's to unload."""
from __future__ import annotations

import importlib.util
import io
import json
import sys
import time
import urllib.error
import urllib.request

import pytest
import torch
from page import Page
from runs import run
from server import PACK, Server

MODES = pytest.mark.parametrize("nodes2", [False, True], ids=["classic", "nodes2"])
NAME, FILE = "syncnet_v2", "syncnet_v2.model"
GRAPH = {"load": {"class_type": "TA_LoadAvatarVideo", "inputs": {"video": "small.mp4"}},
         "score": {"class_type": "TA_SyncScore", "inputs": {"video": ["load", 1], "checkpoint": FILE}}}
WORKFLOW = {"last_node_id": 1, "last_link_id": 0, "links": [], "groups": [], "config": {}, "extra": {}, "version": 0.4,
            "nodes": [{"id": 1, "type": "TA_SyncScore", "pos": [40, 40], "size": [320, 420], "flags": {}, "order": 0, "mode": 0,
                       "inputs": [], "outputs": [], "properties": {}, "widgets_values": ["none", False, "largest", 0]}]}
_OPEN = """(() => {
  const options = [];
  app.graph._nodes[0].getExtraMenuOptions(app.canvas, options);
  options[0].callback();
  return options[0].content;
})()"""
_LATE_ANSWERS = """(() => {
  const fetched = window.fetch;
  window.fetch = async (address, ...others) => {
    const answer = await fetched(address, ...others);
    if (!String(address).includes("checkpoints/cancel")) return answer;
    const told = await answer.json();
    await new Promise((done) => setTimeout(done, 1500));
    window.toldLate = told.map((row) => row.running).includes(true) ? "running" : "stopped";
    return new Response(JSON.stringify(told));
  };
})()"""
_PRESS = "[...document.querySelectorAll('.ta-row')].find(row => row.textContent.includes('%s')).querySelector('button').click()"


def _loaded(name):
    spec = importlib.util.spec_from_file_location(name, PACK / "tests" / ("models" if name == "hub_server" else "") / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _stand_in(whole: bool) -> bytes:
    """A SyncNet of stand-in weights; or only the tensors by which the file is known, which is small."""
    parity, buffer = _loaded("parity_data"), io.BytesIO()
    shapes = parity.published_tensors("syncnet_wav2lip", "tensors_lse.json")
    known = ("netcnnlip.0.weight", "netcnnaud.0.weight", "netfclip.3.weight")
    torch.save({name: torch.from_numpy(parity.fill(name, shape)) for name, shape in shapes.items() if whole or name in known}, buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def hub():
    made = _loaded("hub_server").Hub()
    made.files[f"ByteDance/LatentSync-1.6/resolve/main/auxiliary/{FILE}"] = _stand_in(whole=False)
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, small_film, hub):
    """ComfyUI with the pack and a probe, which knows no hub but the test's own."""
    folder = tmp_path_factory.mktemp("comfyui")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"HF_ENDPOINT": hub.url, "https_proxy": "http://127.0.0.1:9", "HF_HOME": str(folder / "hf")}.items():
            patch.setenv(name, value)
        packs = {"talking-avatar": PACK, "networks-probe": PACK / "tests_comfyui" / "networks_probe"}
        with Server(folder, packs, (small_film,)) as running:
            yield running


@MODES
def test_the_window_of_a_node_brings_a_checkpoint(server, hub, shots, nodes2):
    path = server.folder / "models" / "syncnet" / FILE
    path.unlink(missing_ok=True)
    with Page(server, nodes2) as page:
        page.load(WORKFLOW)
        assert page.js(_OPEN) == "Checkpoints…"
        page.wait_for(f"document.querySelector('.ta-window')?.textContent.includes('{FILE}')")
        page.shot(shots / f"checkpoints_{'nodes2' if nodes2 else 'classic'}.png")
        hub.stall_after = 1_200_000
        page.js(_PRESS % FILE)
        page.wait_for("document.querySelector('.ta-row progress')?.value >= 1", 60)
        page.shot(shots / f"checkpoints_running_{'nodes2' if nodes2 else 'classic'}.png")
        begun = time.monotonic()
        page.js(_PRESS % FILE)  # now says Cancel
        page.wait_for("!document.querySelector('.ta-row progress')", 5)
        assert time.monotonic() - begun < 2.5 and not path.exists()
        hub.stall_after = None
        page.js(_PRESS % FILE)
        page.wait_for("document.querySelector('.ta-row .ta-good')?.textContent.startsWith('✓')", 60)
        page.shot(shots / f"checkpoints_here_{'nodes2' if nodes2 else 'classic'}.png")
        assert path.is_file() and hub.bytes_sent_of("GET")[-1] == "bytes=1200000-"
        assert not [error for error in page.errors if "Talking Avatar" in error or "talking-avatar" in error]


def test_an_answer_that_comes_late_does_not_bring_a_cancelled_download_back(server, hub):
    path = server.folder / "models" / "syncnet" / FILE
    path.unlink(missing_ok=True)
    try:
        with Page(server, nodes2=False) as page:
            page.load(WORKFLOW)
            page.js(_OPEN)
            page.wait_for(f"document.querySelector('.ta-window')?.textContent.includes('{FILE}')")
            hub.stall_after = 1_200_000
            page.js(_PRESS % FILE)
            page.wait_for("document.querySelector('.ta-row progress')?.value >= 1", 60)
            page.js(_LATE_ANSWERS)
            page.js(_PRESS % FILE)  # now says Cancel
            page.wait_for("!document.querySelector('.ta-row progress')", 10)
            assert page.wait_for("window.toldLate", 10) == "running"
            time.sleep(1)
            assert page.js("!document.querySelector('.ta-row progress')")
    finally:
        hub.stall_after = None


@MODES
def test_a_score_stands_in_its_node_as_words_and_a_picture(server, shots, nodes2):
    graph = {"load": GRAPH["load"], "score": {"class_type": "TA_SyncScore", "inputs": {"video": ["load", 1], "original": ["load", 1]}}}
    with Page(server, nodes2) as page:
        page.js(f"app.loadApiJson({json.dumps(graph)}, 'score')")
        page.wait_for("app.graph._nodes.length === 2")
        assert page.queue()["status"]["status_str"] == "success"
        if page.shows_widgets():
            page.wait_for("[...document.querySelectorAll('.ta-report')].some(one => one.textContent.includes('bit for bit'))")
        page.shot(shots / f"score_{'nodes2' if nodes2 else 'classic'}.png")
        if not nodes2:
            assert page.js("app.graph._nodes.find(node => node.comfyClass === 'TA_SyncScore').imgs[0].naturalWidth") == 1280
        else:
            page.wait_for("[...document.images].some(one => one.naturalWidth === 1280)")


def test_the_window_speaks_chinese(server, shots):
    with Page(server, False, "zh") as page:
        page.load(WORKFLOW)
        assert page.js(_OPEN) == "模型权重…"
        page.wait_for("document.querySelector('.ta-window')?.textContent.includes('许可')")
        page.shot(shots / "checkpoints_chinese.png")


def test_other_sites_and_other_names_are_refused(server):
    assert server.post("/talking-avatar/checkpoints/get", {"name": "../../evil"})[0] == 400
    assert server.post("/talking-avatar/checkpoints/get", {"url": "https://example.com/a.pth"})[0] == 400
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/json", "Origin": "https://evil.example"}):
        request = urllib.request.Request(server.url + "/talking-avatar/checkpoints/get", json.dumps({"name": NAME}).encode(), headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        assert refused.value.code == 403


def test_a_missing_checkpoint_is_named_at_the_node(server):
    (server.folder / "models" / "syncnet" / FILE).unlink(missing_ok=True)
    done = run(server, GRAPH)
    assert done.status == "error" and "talking-avatar models get syncnet_v2" in done.message() and "about 55 MB" in done.message()


def test_a_network_is_comfyuis_to_unload(server):
    path = server.folder / "models" / "syncnet" / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_stand_in(whole=True))
    done = run(server, GRAPH)
    assert done.status == "success", done.message()
    assert "LSE-D" in done.outputs["score"]["text"][0]
    probed = server.get("/networks_probe")
    assert probed["loaded"] == ["LseSyncNet"] and probed["kept_bytes"] > 54_000_000
    assert "Requested to load LseSyncNet" in server.log()
    urllib.request.urlopen(urllib.request.Request(server.url + "/free", json.dumps({"unload_models": True, "free_memory": True}).encode(),
                                                  {"Content-Type": "application/json"}), timeout=30).close()
    end = time.monotonic() + 15
    while server.get("/networks_probe") != {"kept_bytes": 0, "loaded": []}:
        assert time.monotonic() < end, server.get("/networks_probe")
        time.sleep(0.2)
    assert run(server, {**GRAPH, "score": {**GRAPH["score"], "inputs": {**GRAPH["score"]["inputs"], "face": "centre"}}}).status == "success"
    assert server.get("/networks_probe")["loaded"] == ["LseSyncNet"] and "memory leak" not in server.log()
