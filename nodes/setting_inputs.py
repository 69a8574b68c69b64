"""An engine's settings as inputs of a node: words, limits and defaults stand once, in the engine's dataclass."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any

_SHOWN = {"seed": "motion_seed"}
"""The page puts a switch under every input called seed that changes it after each run, so that nothing would ever come from the cache."""


def setting_inputs(settings_type: type) -> dict[str, tuple[Any, dict[str, Any]]]:
    """INPUT_TYPES entries for the fields of a dataclass whose metadata was made by `engines.setting.setting`."""
    return {_SHOWN.get(one.name, one.name): _input(one) for one in fields(settings_type)}


def settings_of(settings_type: type, values: Mapping[str, Any]) -> Any:
    """The dataclass of what a node was called with; names it does not know are left out."""
    given = {one.name: _SHOWN.get(one.name, one.name) for one in fields(settings_type)}
    return settings_type(**{name: values[shown] for name, shown in given.items() if shown in values})


def _input(one: Field) -> tuple[Any, dict[str, Any]]:
    facts = {"default": one.default, "tooltip": _sentence(one.metadata["words"])}
    if one.metadata["choices"]:
        return list(one.metadata["choices"]), facts
    if isinstance(one.default, bool):
        return "BOOLEAN", facts
    facts |= {"min": one.metadata["low"], "max": one.metadata["high"]}
    if isinstance(one.default, int):
        return "INT", facts
    if isinstance(one.default, float):
        return "FLOAT", facts | {"step": 0.05}
    return "STRING", {"default": one.default, "tooltip": facts["tooltip"]}


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."
