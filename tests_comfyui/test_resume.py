"""A server that is killed in the middle of a run: the next one goes on and gives the same film."""
from __future__ import annotations

import contextlib
import subprocess
import threading
import time

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
    with Server(tmp_path / "killed", packs, (film,)) as server:
        _kill_when(server, graph, tmp_path / "killed")
    kept = _spool_bytes(tmp_path / "killed")
    assert kept > 0, "what was made before the kill is kept"
    with Server(tmp_path / "killed", packs, (film,)) as server:
        resumed = run(server, graph)
        assert resumed.status == "success", resumed.error
        assert resumed.node_seconds["load"] < whole.node_seconds["load"] / 2, "the track is not made again"
        assert _largest_jump(resumed) > _largest_jump(whole), "the mouths go on where they ended"
        assert _frames(file_of(server, resumed.outputs["film"]["images"][0]), tmp_path) == wanted


def _kill_when(server: Server, graph: dict, folder) -> None:
    """Kill the server as soon as some mouths are on disk."""
    def follow() -> None:
        with contextlib.suppress(Exception):  # the connection breaks when the server dies
            run(server, graph)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    end = time.monotonic() + 300
    while time.monotonic() < end and thread.is_alive():
        if _spool_bytes(folder) > 200_000:
            break
        time.sleep(0.02)
    server.kill()
    thread.join(30)


def _largest_jump(done) -> int:
    """The most mouths that were there from one message to the next: those that an earlier run has made come at once."""
    counts = [count for count, total in done.progress["mouths"] if total > 100]
    return max(after - before for before, after in zip(counts, counts[1:], strict=False))


def _spool_bytes(folder) -> int:
    spools = folder / "user" / "talking-avatar" / "cache" / "spools"
    return sum(path.stat().st_size for path in spools.rglob("*") if path.is_file()) if spools.is_dir() else 0


def _frames(film: bytes, folder) -> str:
    """The checksum of every decoded frame and sample."""
    path = folder / "compared.mp4"
    path.write_bytes(film)
    words = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "framemd5", "-"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout
