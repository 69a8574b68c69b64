"""The workflow as texts to be kept in a file, so that dropping the file on the canvas brings the graph back."""
from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def workflow_tags(prompt: Any, extra_pnginfo: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """Names and JSON texts; none where ComfyUI was started with --disable-metadata."""
    if _is_forbidden():
        return ()
    known = {**({} if prompt is None else {"prompt": prompt}), **(extra_pnginfo or {})}
    return tuple((name, json.dumps(value)) for name, value in known.items())


def _is_forbidden() -> bool:
    try:
        from comfy.cli_args import args
    except ImportError:  # outside ComfyUI
        return False
    return bool(args.disable_metadata)
