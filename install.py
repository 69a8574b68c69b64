"""Run once by ComfyUI-Manager after the pack is installed or updated: brings what pip's requirements cannot say.

It fetches the weights of the face networks (6.9 MB, Apache-2.0), and OpenCV only where none can be imported, so that nobody's is replaced.
"""
from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> int:
    """Exit code: 0 when everything is there, 1 when something could not be brought (said on stderr)."""
    return max(_bring_opencv(), _bring_face_networks())


def _bring_opencv() -> int:
    try:
        import cv2  # noqa: F401
    except ImportError:
        return subprocess.run([sys.executable, "-m", "pip", "install", "opencv-python-headless"], check=False).returncode
    return 0


def _bring_face_networks() -> int:
    pack = _import_pack()
    fetch, errors = (importlib.import_module(f"{pack}.{name}") for name in ("models.mediapipe.fetch", "host.errors"))
    try:
        fetch.fetch_mediapipe()
    except errors.TalkingAvatarError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _import_pack() -> str:
    """Import this folder as a package, whatever it is called (a clone in `custom_nodes` may have a dash in its name)."""
    name = "talking_avatar"
    spec = importlib.util.spec_from_file_location(name, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)
    return name


if __name__ == "__main__":
    sys.exit(main())
