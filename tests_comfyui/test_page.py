"""The page: each template opens, runs from the Queue button and shows a playing film, on the classic canvas and in Nodes 2.0.

Screenshots are kept for a person to look at. In frontends before 1.40 Nodes 2.0 knows no films and no widgets of packs yet; there
only the run itself is checked."""
from __future__ import annotations

import pytest
from graphs import as_prompt, dub
from page import Page
from runs import run
from templates import OF_A_CHECKPOINT, RUN_AS_DELIVERED, template

MODES = pytest.mark.parametrize("nodes2", [False, True], ids=["classic", "nodes2"])
_WIDGET = "document.querySelectorAll('.ta-preview').length"
_INPUTS = "app.graphToPrompt().then(made => Object.values(made.output).find(node => node.class_type === 'TA_LoadAvatarVideo').inputs)"
_OVERLAY = """(() => {
  const canvas = document.querySelector('.ta-stage canvas');
  return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0);
})()"""


def _opened(page: Page, server, workflow: dict) -> dict:
    """Load the workflow into the page, which would queue the prompt that is given back: the same as it reads in the file."""
    made = page.load(workflow)
    wanted = as_prompt(workflow, server.get("/object_info"))
    assert {key: node["inputs"] for key, node in made.items()} == {key: node["inputs"] for key, node in wanted.items()}
    return wanted


@MODES
@pytest.mark.parametrize("name", sorted(OF_A_CHECKPOINT))
def test_a_template_of_a_checkpoint_opens_as_it_was_made(server, shots, name, nodes2):
    with Page(server, nodes2) as page:
        _opened(page, server, template(name))
        page.shot(shots / f"{name}_{'nodes2' if nodes2 else 'classic'}.png")


@MODES
@pytest.mark.parametrize("name", RUN_AS_DELIVERED)
def test_a_template_opens_runs_and_plays(server, shots, name, nodes2):
    with Page(server, nodes2) as page:
        wanted = _opened(page, server, template(name))
        assert page.queue()["status"]["status_str"] == "success"
        players = page.players()
        page.shot(shots / f"{name}_{'nodes2' if nodes2 else 'classic'}.png")
        assert not [error for error in page.errors if "Talking Avatar" in error or "talking-avatar" in error]
        if page.shows_widgets():
            films = [one for one in players if "type=output" in one["src"] or "type=temp" in one["src"]]
            assert len(films) == sum(node["class_type"] == "TA_VideoCombine" for node in wanted.values())
            for film in films:
                assert film["controls"] and film["moved"] and film["frames"] and film["sound"], film


@MODES
def test_the_face_is_drawn_and_the_handles_trim(server, shots, nodes2):
    workflow = template("dub_a_film")
    with Page(server, nodes2) as page:
        page.load(workflow)
        if not page.shows_widgets():
            return
        page.queue()
        page.players()
        assert page.js(_WIDGET) == 1 and page.js(_OVERLAY)
        bar = page.js("(box => [box.x, box.width])(document.querySelector('.ta-trim').getBoundingClientRect())")
        page.drag(".ta-start", bar[0] + 0.25 * bar[1])
        page.drag(".ta-end", bar[0] + 0.75 * bar[1])
        page.shot(shots / f"trim_{'nodes2' if nodes2 else 'classic'}.png")
        inputs = page.js(_INPUTS)
        assert inputs["start"] == pytest.approx(1.49, abs=0.1) and inputs["duration"] == pytest.approx(2.98, abs=0.15)


@MODES
def test_the_page_speaks_chinese(server, shots, nodes2):
    workflow = template("quick_start")
    with Page(server, nodes2, "zh") as page:
        page.load(workflow)
        page.shot(shots / f"chinese_{'nodes2' if nodes2 else 'classic'}.png")
        if page.shows_widgets():
            assert page.js("document.querySelector('.ta-line').textContent") == "照片"


def test_a_written_film_brings_its_workflow_back(server):
    workflow = template("quick_start")
    done = run(server, dub("small.mp4"), workflow=workflow)
    item = done.outputs["film"]["images"][0]
    with Page(server, False) as page:
        page.js(f"""fetch('/view?filename={item['filename']}&subfolder={item['subfolder']}&type=output').then(answer => answer.blob())
            .then(blob => app.handleFile(new File([blob], 'film.mp4', {{type: 'video/mp4'}})))""")
        page.wait_for("app.graph._nodes.some(node => node.type === 'TA_LipSyncEmbedded')", 20)
