"""Fixtures: one server with the pack for a whole module, a small film with sound, and where screenshots go."""
from __future__ import annotations

import os
from pathlib import Path

import pytest
from server import PACK, Server

INPUTS = PACK / "workflows" / "inputs"


@pytest.fixture(scope="module")
def server(tmp_path_factory, small_film):
    """A running ComfyUI with the pack, `small.mp4` in its input folder."""
    with Server(tmp_path_factory.mktemp("comfyui"), {"talking-avatar": PACK}, (small_film,)) as running:
        yield running


@pytest.fixture(scope="session")
def small_film(tmp_path_factory) -> Path:
    """small.mp4: the example film's first 2 s."""
    import av

    path = tmp_path_factory.mktemp("film") / "small.mp4"
    with av.open(str(INPUTS / "talking.mp4")) as film, av.open(str(path), "w") as out:
        streams = {one.index: out.add_stream_from_template(one) for one in film.streams}
        for packet in film.demux():
            if packet.dts is not None and float(packet.dts * packet.time_base) < 2:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    return path


@pytest.fixture(scope="session")
def shots() -> Path:
    """Folder of the screenshots."""
    folder = Path(os.environ.get("COMFYUI_SHOTS") or PACK / "demo" / "comfyui")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
