"""Where models, caches and temporary files live. Outside ComfyUI this module is the stand-in for its `folder_paths`."""
from __future__ import annotations

import os
import sys
from pathlib import Path


def models_folders(kind: str) -> list[Path]:
    """Folders in which weights of `kind` ("mediapipe", "wav2lip", …) are looked for, the first being where new ones go.

    Outside ComfyUI: `$TALKING_AVATAR_MODELS/<kind>` if that is set, else `<user data>/talking-avatar/models/<kind>`.
    """
    chosen = os.environ.get("TALKING_AVATAR_MODELS")
    root = Path(chosen) if chosen else _user_data() / "talking-avatar" / "models"
    return [root / kind]


def cache_folder(kind: str) -> Path:
    """A folder for results that can be computed again ("tracks", …); made if missing. `$TALKING_AVATAR_CACHE` moves it."""
    chosen = os.environ.get("TALKING_AVATAR_CACHE")
    folder = (Path(chosen) if chosen else _user_cache() / "talking-avatar") / kind
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def user_folder(kind: str) -> Path:
    """A folder for files a user adds ("formats"); it need not exist. `$TALKING_AVATAR_USER` moves it.

    Outside ComfyUI: `<user data>/talking-avatar/<kind>`.
    """
    chosen = os.environ.get("TALKING_AVATAR_USER")
    return (Path(chosen) if chosen else _user_data() / "talking-avatar") / kind


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
