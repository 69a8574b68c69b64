"""Whether anybody uses an output: what nobody uses is not computed."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_connected(prompt: Mapping[str, Any] | None, unique_id: Any, *outputs: int) -> bool:
    """Whether a node of the prompt takes one of the `outputs` of node `unique_id`; True where that cannot be told."""
    node = str(unique_id)
    if not prompt or node not in prompt:
        return True
    return any(_is_link(value) and str(value[0]) == node and value[1] in outputs
               for other in prompt.values() for value in other.get("inputs", {}).values())


def _is_link(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[0], (str, int))
