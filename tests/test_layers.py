"""The house keeps its order: imports point one way, stay relative, and nothing heavy is imported when ComfyUI starts."""
import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "host": set(),
    "media": {"host"},
    "models": {"host", "media"},
    "speech": {"models", "media", "host"},
    "faces": {"models", "media", "host"},
    "compose": {"models", "faces", "media", "host"},
    "engines": {"models", "speech", "faces", "compose", "media", "host"},
    "nodes": {"engines", "models", "speech", "faces", "compose", "media", "host"},
    "cli": {"engines", "models", "speech", "faces", "compose", "media", "host"},
}
MODULES = sorted(path for room in MAY_IMPORT for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way_and_stay_relative(path):
    place = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not any(alias.name.split(".")[0] == "talking_avatar" for alias in node.names), "import relatively"
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level == 0:
            assert (node.module or "").split(".")[0] != "talking_avatar", "import relatively"
            continue
        target = place[: len(place) - node.level] + tuple((node.module or "").split(".") if node.module else ())
        rooms = {target[0]} if target else {alias.name for alias in node.names}
        for room in rooms & set(MAY_IMPORT):
            assert room == place[0] or room in MAY_IMPORT[place[0]], f"{place[0]} may not import from {room}"


def test_importing_the_pack_loads_nothing_heavy():
    code = ("import sys, talking_avatar; "
            "print([m for m in ('torch','cv2','av','diffusers','librosa','transformers','scipy','onnxruntime') if m in sys.modules])")
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
