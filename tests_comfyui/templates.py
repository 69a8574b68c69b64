"""The templates that the pack ships."""
from __future__ import annotations

import json
from typing import Any

from server import PACK

TEMPLATES = sorted(path.stem for path in (PACK / "workflows").glob("*.json"))
OF_A_CHECKPOINT = {"dub_latentsync": "test_latentsync.py", "dub_wav2lip": "test_wav2lip.py", "portrait_speech": "test_sonic.py",
                   "portrait_song": "test_sonic.py"}
"""Templates that need one, and where they are run with stand-ins."""
RUN_AS_DELIVERED = [name for name in TEMPLATES if name not in OF_A_CHECKPOINT]


def template(name: str) -> dict[str, Any]:
    """The workflow as it is shipped."""
    return json.loads((PACK / "workflows" / f"{name}.json").read_text(encoding="utf-8"))
