"""A good guest: neither the import nor a run changes what belongs to ComfyUI and to other packs."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

from graphs import dub
from runs import run
from server import HERE, PACK, Server

PROBE = {"guest_probe": HERE / "guest_probe"}
_OURS = ("environ", "sys.path", "cwd", "threads", "torch")


def test_import_and_run_change_nothing_of_others(tmp_path, small_film):
    with Server(tmp_path / "without", PROBE, (small_film,)) as alone:
        before = _comparable(alone.get("/guest_probe"), alone)
    packages = _packages()
    with Server(tmp_path / "with", PROBE | {"talking-avatar": PACK}, (small_film,)) as server:
        imported = _comparable(server.get("/guest_probe"), server)
        files = _files(server)
        assert run(server, dub("small.mp4")).status == "success"
        ran = _comparable(server.get("/guest_probe"), server)
        assert _files(server) == files, "input and temp folder"
    for fact in _OURS:
        assert imported[fact] == before[fact], fact
        assert ran[fact] == before[fact], fact
    for state in (imported, ran):
        assert {kind: state["folders"][kind] for kind in before["folders"]} == before["folders"]
        known = before["logging"].keys() & state["logging"].keys()
        assert {name: state["logging"][name] for name in known} == {name: before["logging"][name] for name in known}
    assert _packages() == packages


def _comparable(state: dict, server: Server) -> dict:
    """The state without what differs between any two servers: the place of their folders, what each process is given, and what OpenCV's
    own import sets, whoever does it."""
    for name in ("_", "PWD", "OLDPWD", "SHLVL", "LD_LIBRARY_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        state["environ"].pop(name, None)
    place = str(server.folder.resolve())
    return _replaced(state, place)


def _replaced(value, place: str):
    if isinstance(value, str):
        return value.replace(place, "BASE")
    if isinstance(value, list):
        return [_replaced(one, place) for one in value]
    if isinstance(value, dict):
        return {key: _replaced(one, place) for key, one in value.items()}
    return value


def _files(server: Server) -> list[str]:
    return sorted(str(path.relative_to(server.folder)) for name in ("input", "temp") for path in Path(server.folder, name).rglob("*"))


def _packages() -> str:
    return subprocess.run([os.environ["COMFYUI_PYTHON"], "-m", "pip", "freeze"], capture_output=True, text=True, check=True).stdout
