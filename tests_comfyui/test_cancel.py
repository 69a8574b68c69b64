"""Cancel frees the queue within a second, whatever is being done, and leaves no half film.

After a run ComfyUI collects garbage, at most every ten seconds, and answers nothing meanwhile: each cancel is tried twice, and the
quicker one is the node's own."""
from __future__ import annotations

import pytest
from graphs import changed, dub, load_and_save
from runs import run

AT_MOST = 1.0  # seconds
_SLOW = {"preset": "veryslow", "crf": 10}


@pytest.fixture(scope="module")
def long_film(server, tmp_path_factory, small_film):
    """long.mp4 in the input folder: 60 s at 480 pixels."""
    import subprocess

    target = server.folder / "input" / "long.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-stream_loop", "29", "-i", str(small_film), "-t", "60", "-vf", "scale=480:480",
                    "-preset", "ultrafast", "-c:a", "copy", str(target)], check=True)
    return "long.mp4"


@pytest.fixture(scope="module")
def tracked(server, long_film):
    """The long film's track and mouths are made, so that a cancel comes to the nodes after."""
    done = run(server, changed(dub(long_film), load={"duration": 20.0}, mouths={"length": "silence"}))
    assert done.status == "success", done.error


@pytest.mark.parametrize("after", [0.0, 2.5])
def test_cancel_while_faces_are_followed(server, long_film, after):
    graphs = [changed(dub(long_film), load={"start": start + after}) for start in (30.0, 40.0)]
    assert _quicker(server, graphs, "load", after) < AT_MOST


@pytest.mark.parametrize("after", [0.0, 1.0])
def test_cancel_while_mouths_are_made(server, tracked, long_film, after):
    graphs = [changed(dub(long_film), load={"duration": 20.0}, mouths={"length": "silence", "mouth": mouth + after / 10})
              for mouth in (1.2, 1.4)]
    assert _quicker(server, graphs, "mouths", after) < AT_MOST


@pytest.mark.parametrize("after", [0.0, 1.0])
def test_cancel_while_mouths_are_pasted(server, tracked, long_film, after):
    graph = changed(dub(long_film), load={"duration": 20.0}, mouths={"length": "silence"}, film=_SLOW | {"filename_prefix": "ta/cut"})
    assert _quicker(server, [graph, graph], "film", after) < AT_MOST
    assert not list((server.folder / "output" / "ta").glob("cut*")), "no half film stays"


def test_cancel_while_a_film_is_encoded(server, long_film):
    graph = load_and_save(long_film, film=_SLOW | {"filename_prefix": "ta/half"})
    assert _quicker(server, [graph, graph], "film", 1.5) < AT_MOST
    assert not list((server.folder / "output" / "ta").glob("half*"))


def test_the_queue_goes_on_after_a_cancel(server):
    assert run(server, load_and_save("small.mp4", film={"crf": 30})).status == "success"


def _quicker(server, graphs: list[dict], node: str, after: float) -> float:
    """Seconds from the cancel to the empty queue, the quicker of the runs."""
    runs = [run(server, graph, cancel_at=node, cancel_after=after) for graph in graphs]
    assert {done.status for done in runs} == {"interrupted"}
    return min(done.cancel_seconds for done in runs)
