"""The pack starts, and every template it ships runs as it is delivered."""
from __future__ import annotations

import re

import pytest
from graphs import as_prompt, changed, dub
from runs import file_of, run
from server import PACK
from templates import RUN_AS_DELIVERED, TEMPLATES, template


def test_the_pack_is_imported_in_less_than_a_second(server):
    assert float(re.search(r"([\d.]+) seconds: \S*talking-avatar", server.log()).group(1)) < 1


def test_every_node_says_what_it_and_its_inputs_do(server):
    ours = {key: node for key, node in server.get("/object_info").items() if key.startswith("TA_")}
    assert len(ours) >= 6
    for key, node in ours.items():
        assert node["description"] and node["category"].startswith("Talking Avatar"), key
        assert all(node["output_tooltips"]), key
        for part in ("required", "optional"):
            for name, (_, *options) in node["input"].get(part, {}).items():
                assert options and options[0].get("tooltip"), f"{key}: {name}"


def test_templates_are_listed_with_pictures(server):
    assert sorted(server.get("/workflow_templates")["talking-avatar"]) == TEMPLATES
    for name in TEMPLATES:
        assert server.fetch(f"/api/workflow_templates/talking-avatar/{name}.jpg")[:2] == b"\xff\xd8"


def test_every_script_of_the_page_is_served_once(server):
    ours = [path for path in server.get("/extensions") if "talking" in path]
    assert sorted(path.rsplit("/", 1)[1] for path in ours) == sorted(path.name for path in (PACK / "web" / "js").glob("*.js"))


@pytest.mark.parametrize("name", RUN_AS_DELIVERED)
def test_a_template_runs_and_shows_its_progress(server, name):
    workflow = template(name)
    prompt = as_prompt(workflow, server.get("/object_info"))
    done = run(server, prompt, workflow=workflow)
    assert done.status == "success", done.error
    slow = [node for node, one in prompt.items() if one["class_type"] in ("TA_LipSyncEmbedded", "TA_VideoCombine")]
    for node in slow:
        begun, ended = done.progress[node][0], done.progress[node][-1]
        assert begun[0] < ended[0] == ended[1], node
        assert len(done.progress[node]) > 2 * done.node_seconds.get(node, 0), "a bar that moves, where there is time to see it"
    assert done.pictures >= 3
    for node in (key for key, one in prompt.items() if one["class_type"] == "TA_VideoCombine"):
        film = file_of(server, done.outputs[node]["images"][0])
        assert film[4:8] == b"ftyp" and b'"class_type"' in film and b'"last_link_id"' in film, "prompt and workflow are in the film"


def test_another_format_makes_nothing_else_anew(server):
    first = run(server, dub("small.mp4"))
    second = run(server, changed(dub("small.mp4"), film={"format": "webm-vp9"}))
    assert first.status == second.status == "success"
    assert second.executed == ["film"], second.executed
