"""What the canvas shows of each node is complete, in two languages, and costs nothing at start."""
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest
from talking_avatar import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS, WEB_DIRECTORY

ROOT = Path(__file__).resolve().parents[2]
NODES = sorted(NODE_CLASS_MAPPINGS.items())
IDS = [key for key, _ in NODES]


def inputs_of(kind) -> dict:
    found = kind.INPUT_TYPES()
    return {**found.get("required", {}), **found.get("optional", {})}


@pytest.mark.parametrize(("key", "kind"), NODES, ids=IDS)
def test_every_node_says_what_it_is(comfyui, key, kind):
    assert key == f"TA_{kind.__name__}"
    assert NODE_DISPLAY_NAME_MAPPINGS[key] == kind.TITLE
    assert kind.CATEGORY == "Talking Avatar"
    assert kind.DESCRIPTION.endswith(".")
    assert kind.SEARCH_ALIASES
    assert len(kind.RETURN_TYPES) == len(kind.RETURN_NAMES) == len(kind.OUTPUT_TOOLTIPS)


@pytest.mark.parametrize(("key", "kind"), NODES, ids=IDS)
def test_every_input_has_a_tooltip_and_a_default_inside_its_limits(comfyui, key, kind):
    for name, (type_, facts) in inputs_of(kind).items():
        assert facts["tooltip"].endswith("."), name
        if isinstance(type_, list):
            assert facts.get("default", type_[0]) in type_, name
        elif type_ in ("INT", "FLOAT"):
            assert facts["min"] <= facts["default"] <= facts["max"], name
        elif type_ in ("STRING", "BOOLEAN"):
            assert "default" in facts, name


@pytest.mark.parametrize(("key", "kind"), NODES, ids=IDS)
def test_the_function_takes_every_input_with_the_same_default(comfyui, key, kind):
    function = inspect.signature(getattr(kind, kind.FUNCTION))
    takes_all = any(one.kind is one.VAR_KEYWORD for one in function.parameters.values())
    optional = kind.INPUT_TYPES().get("optional", {})
    for name, (_, facts) in inputs_of(kind).items():
        if name not in function.parameters:
            assert takes_all, name
        elif name in optional and "default" in facts:
            assert function.parameters[name].default == facts["default"], name


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("key", "kind"), NODES, ids=IDS)
def test_both_languages_name_and_explain_everything(comfyui, key, kind, language):
    shown = json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))[key]
    assert shown["display_name"] and shown["description"]
    assert set(shown["inputs"]) == set(inputs_of(kind))
    assert all(one["name"] and one["tooltip"] for one in shown["inputs"].values())
    assert set(shown["outputs"]) == {str(number) for number in range(len(kind.RETURN_TYPES))}
    assert all(one["name"] and one["tooltip"] for one in shown["outputs"].values())
    if language == "en":
        assert shown["description"] == kind.DESCRIPTION
        assert {name: one["tooltip"] for name, one in shown["inputs"].items()} == {
            name: facts["tooltip"] for name, (_, facts) in inputs_of(kind).items()}


@pytest.mark.parametrize("key", IDS)
def test_every_node_has_a_help_page_in_both_languages(comfyui, key):
    docs = ROOT / WEB_DIRECTORY / "docs"
    for page in (docs / f"{key}.md", docs / key / "zh.md"):
        text = page.read_text(encoding="utf-8")
        for name in inputs_of(NODE_CLASS_MAPPINGS[key]):
            assert f"`{name}`" in text, (page, name)


def test_no_language_holds_a_node_or_input_that_is_gone(comfyui):
    for language in ("en", "zh"):
        shown = json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))
        assert set(shown) == set(NODE_CLASS_MAPPINGS)


def test_importing_the_pack_takes_less_than_a_second_and_changes_nothing():
    code = """
import json, logging, os, sys, time
before = (dict(os.environ), list(sys.path), logging.root.level, list(logging.root.handlers), os.getcwd())
started = time.process_time()
import talking_avatar
seconds = time.process_time() - started
heavy = [m for m in ("torch", "numpy", "cv2", "av", "PIL", "scipy", "librosa", "transformers", "diffusers", "soxr") if m in sys.modules]
same = before == (dict(os.environ), list(sys.path), logging.root.level, list(logging.root.handlers), os.getcwd())
print(json.dumps([seconds, heavy, same]))
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    seconds, heavy, same = json.loads(shown)
    assert (heavy, same) == ([], True)
    assert seconds < 1
