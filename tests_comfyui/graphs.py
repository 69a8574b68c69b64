"""Graphs of the pack as the server takes them: written down here, or read from a template as the page reads it."""
from __future__ import annotations

import copy

_WIDGETS = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")
_NOTES = ("Note", "MarkdownNote")


def dub(video: str = "talking.mp4 [example]", speech: str = "hello.flac [example]", **changes: dict) -> dict:
    """The graph from load to file: nodes "load", "speech", "mouths", "paste", "film". changes: more inputs, by node."""
    graph = {
        "load": {"class_type": "TA_LoadAvatarVideo", "inputs": {"video": video}},
        "speech": {"class_type": "TA_AudioEncode", "inputs": {"path": speech}},
        "mouths": {"class_type": "TA_LipSyncEmbedded", "inputs": {"avatar": ["load", 0], "speech": ["speech", 0]}},
        "paste": {"class_type": "TA_ROIComposite", "inputs": {"avatar": ["load", 0], "mouths": ["mouths", 0]}},
        "film": {"class_type": "TA_VideoCombine", "inputs": {"filename_prefix": "ta/film", "format": "mp4-h264", "video": ["paste", 0]}},
    }
    return changed(graph, **changes)


def load_and_save(video: str, **changes: dict) -> dict:
    """A film is opened and written again, nothing else."""
    graph = {
        "load": {"class_type": "TA_LoadAvatarVideo", "inputs": {"video": video}},
        "film": {"class_type": "TA_VideoCombine", "inputs": {"filename_prefix": "ta/copy", "format": "mp4-h264", "video": ["load", 1]}},
    }
    return changed(graph, **changes)


def changed(graph: dict, **changes: dict) -> dict:
    """The graph with other inputs: changed(graph, film={"format": "gif"})."""
    graph = copy.deepcopy(graph)
    for node, inputs in changes.items():
        graph[node]["inputs"].update(inputs)
    return graph


def as_prompt(workflow: dict, object_info: dict) -> dict:
    """A workflow in UI format (0.4) as the prompt that the page makes of it."""
    links = {link[0]: [str(link[1]), link[2]] for link in workflow["links"]}
    nodes = [node for node in workflow["nodes"] if node["type"] not in _NOTES]
    return {str(node["id"]): {"class_type": node["type"], "inputs": _inputs(node, links, object_info[node["type"]])} for node in nodes}


def _inputs(node: dict, links: dict, definition: dict) -> dict:
    values = dict(zip(_widgets(definition), node["widgets_values"], strict=True))
    linked = {one["name"]: links[one["link"]] for one in node["inputs"] if one.get("link") is not None}
    return {name: value for name, value in values.items() if name} | linked


def _widgets(definition: dict) -> list[str]:
    """Inputs of a node that are typed in, in the order of its widgets_values; "" for what the page adds behind a seed."""
    names = []
    for part in ("required", "optional"):
        for name in definition["input_order"].get(part, []):
            kind = definition["input"][part][name][0]
            if isinstance(kind, list) or kind in _WIDGETS:
                names += [name, ""] if name in ("seed", "noise_seed") else [name]
    return names
