"""A server that is killed in the middle of a run: the next one goes on and gives the same film."""
from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from pathlib import Path

from graphs import changed, dub
from runs import file_of, run
from server import PACK, Server


def test_after_a_kill_the_run_goes_on_to_the_same_film(tmp_path, small_film):
    film = tmp_path / "talk.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-stream_loop", "7", "-i", str(small_film), "-t", "16", "-c", "copy", str(film)],
                   check=True)
    graph = changed(dub("talk.mp4"), mouths={"length": "silence"})
    packs = {"talking-avatar": PACK}
    with Server(tmp_path / "whole", packs, (film,)) as server:
        whole = run(server, graph)
        wanted = _frames(file_of(server, whole.outputs["film"]["images"][0]), tmp_path)
        size = sum(map(len, _spools(tmp_path / "whole").values()))
    with Server(tmp_path / "killed", packs, (film,)) as server:
        _kill_when(server, graph, tmp_path / "killed", 0.4 * size)
    kept = _spools(tmp_path / "killed")
    assert 0.4 * size < sum(map(len, kept.values())) < size, "killed in the middle of the mouths"
    with Server(tmp_path / "killed", packs, (film,)) as server:
        resumed = run(server, graph)
        assert resumed.status == "success", resumed.error
        grown = _spools(tmp_path / "killed")
        assert grown.keys() == kept.keys() and all(grown[name][:size // 3] == kept[name][:size // 3] for name in kept), "mouths go on"
        assert resumed.node_seconds["load"] < whole.node_seconds["load"] / 2, "the track is not made again"
        assert _frames(file_of(server, resumed.outputs["film"]["images"][0]), tmp_path) == wanted


def _kill_when(server: Server, graph: dict, folder: Path, size: float) -> None:
    """Kill the server as soon as so many bytes of mouths are on disk."""
    def follow() -> None:
        with contextlib.suppress(Exception):  # the connection breaks when the server dies
            run(server, graph)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    end = time.monotonic() + 300
    while time.monotonic() < end and thread.is_alive():
        if sum(map(len, _spools(folder).values())) > size:
            break
        time.sleep(0.02)
    server.kill()
    thread.join(30)


def _spools(folder: Path) -> dict[str, bytes]:
    """The mouths on disk, by file."""
    return {path.name: path.read_bytes() for path in (folder / "user" / "talking-avatar" / "cache" / "spools").glob("*.spool")}


def _frames(film: bytes, folder: Path) -> str:
    """The checksum of every decoded frame and sample."""
    path = folder / "compared.mp4"
    path.write_bytes(film)
    words = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "framemd5", "-"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout
