"""Where models, caches and temporary files live: among ComfyUI's folders inside it, else among the user's."""
from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from . import comfyui


def models_folders(kind: str) -> list[Path]:
    """Folders in which weights of `kind` ("mediapipe", "wav2lip", …) are looked for, the first being where new ones go.

    The last one is the terminal command's: `$TALKING_AVATAR_MODELS/<kind>` if that is set, else
    `<user data>/talking-avatar/models/<kind>`. Inside ComfyUI its own folders of that kind come first.
    """
    chosen = os.environ.get("TALKING_AVATAR_MODELS")
    root = Path(chosen) if chosen else _user_data() / "talking-avatar" / "models"
    return [*(comfyui.models_folders(kind) if comfyui.is_here() else []), root / kind]


def cache_folder(kind: str) -> Path:
    """A folder for results that can be computed again ("tracks", "spools", …) and outlive a restart; made if missing.

    `$TALKING_AVATAR_CACHE/<kind>` if that is set; inside ComfyUI `user/talking-avatar/cache/<kind>`; else in the user's cache."""
    chosen = os.environ.get("TALKING_AVATAR_CACHE")
    if chosen:
        root = Path(chosen)
    else:
        root = comfyui.home() / "cache" if comfyui.is_here() else _user_cache() / "talking-avatar"
    folder = root / kind
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def temp_folder() -> Path:
    """A folder for files of this process: ComfyUI's, which it empties at start and end, else the system's."""
    return comfyui.temp_folder() if comfyui.is_here() else Path(tempfile.gettempdir())


def user_folder(kind: str) -> Path:
    """A folder for files a user adds ("formats"); it need not exist.

    `$TALKING_AVATAR_USER/<kind>` if that is set; inside ComfyUI `user/talking-avatar/<kind>`; else `<user data>/talking-avatar/<kind>`.
    """
    chosen = os.environ.get("TALKING_AVATAR_USER")
    if chosen:
        return Path(chosen) / kind
    return (comfyui.home() if comfyui.is_here() else _user_data() / "talking-avatar") / kind


def _user_data() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
