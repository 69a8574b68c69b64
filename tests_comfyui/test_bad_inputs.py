"""What a film, a photo or a path can be, and what the user then reads."""
from __future__ import annotations

import subprocess

import pytest
from graphs import changed, dub, load_and_save
from runs import run
from server import HERE, PACK, Server


@pytest.fixture(scope="module")
def odd(server, small_film):
    """Films and photos in the input folder that are not what one hopes for."""
    folder = server.folder / "input"

    def make(name: str, *words: str) -> None:
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(small_film), *words, str(folder / name)], check=True)

    make("silent.mp4", "-an", "-c:v", "copy")
    make("one.mp4", "-frames:v", "1", "-an")
    make("tiny.mp4", "-vf", "scale=100:100", "-t", "1")
    make("rgba.png", "-frames:v", "1", "-pix_fmt", "rgba")
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=160x160:duration=1", str(folder / "faceless.mp4")],
                   check=True)
    (folder / "text.mp4").write_text("this is no film")
    return folder


@pytest.mark.parametrize(("name", "says"), [
    ("missing.mp4", "There is no file 'missing.mp4'"),
    ("../../../../etc/passwd", "lies outside ComfyUI's input folder"),
    ("/etc/passwd", "lies outside ComfyUI's input folder"),
    ("no.jpg [example]", "There is no example"),
    ("text.mp4", "text.mp4"),
])
def test_what_is_no_film_is_refused_in_a_sentence(server, odd, name, says):
    done = run(server, load_and_save(name))
    assert done.status in ("refused", "error")
    assert says in done.message() and "Traceback" not in done.message()


def test_a_link_that_leaves_the_input_folder_is_refused(server, odd, small_film):
    (odd / "link.mp4").symlink_to(small_film)
    assert "lies outside" in run(server, load_and_save("link.mp4")).message()


@pytest.mark.parametrize("prefix", ["../../outside", "/tmp/outside"])
def test_a_film_is_not_written_outside_the_output_folder(server, prefix):
    done = run(server, load_and_save("small.mp4", film={"filename_prefix": prefix}))
    assert done.status == "refused" and "inside ComfyUI's output folder" in done.message()


@pytest.mark.parametrize("name", ["silent.mp4", "one.mp4", "tiny.mp4", "rgba.png"])
def test_odd_films_speak_too(server, odd, name):
    done = run(server, dub(name))
    assert done.status == "success", done.message()


def test_a_film_without_a_face_passes_through_or_says_so(server, odd):
    done = run(server, dub("faceless.mp4"))
    assert done.status == "success" or "face" in done.message().lower()


def test_the_sound_of_a_silent_film_is_missed_in_a_sentence(server, odd):
    graph = changed(dub("silent.mp4"), speech={"path": "", "audio": ["load", 2]})
    done = run(server, graph)
    assert done.status == "error" and "no sound" in done.message()


@pytest.mark.parametrize("kind", ["half", "four channels", "one"])
def test_images_of_other_nodes_are_taken(guest_server, kind):
    graph = dub("small.mp4")
    graph["images"] = {"class_type": "GuestImages", "inputs": {"kind": kind}}
    done = run(guest_server, changed(graph, load={"image": ["images", 0]}))
    assert done.status == "success", done.message()


@pytest.fixture(scope="module")
def guest_server(tmp_path_factory, small_film):
    """A server with the pack that gives odd images."""
    packs = {"talking-avatar": PACK, "guest_probe": HERE / "guest_probe"}
    with Server(tmp_path_factory.mktemp("guests"), packs, (small_film,)) as running:
        yield running
