"""Nodes are run in a ComfyUI of stand-ins, with its own folders in each test."""
import shutil

import pytest


@pytest.fixture
def film(comfyui, astronaut_film):
    """"film.mp4" in the input folder: the astronaut, 480 x 360, 25 fps, 2 s, with sound."""
    shutil.copy(astronaut_film, comfyui.input / "film.mp4")
    return comfyui.input / "film.mp4"


@pytest.fixture
def node():
    """node("LoadAvatarVideo", video="film.mp4") -> the tuple of its outputs; node.ui is what the page was told."""
    from talking_avatar import NODE_CLASS_MAPPINGS

    def run(name, **inputs):
        kind = NODE_CLASS_MAPPINGS[f"TA_{name}"]
        returned = getattr(kind(), kind.FUNCTION)(**inputs)
        run.ui = returned.get("ui", {}) if isinstance(returned, dict) else {}
        return returned["result"] if isinstance(returned, dict) else returned

    return run
