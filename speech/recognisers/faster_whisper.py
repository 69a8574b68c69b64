"""faster-whisper: Whisper on CTranslate2 (MIT, optional, `pip install faster-whisper`), with a model that is on this machine."""
from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ...host.errors import InputError, MissingModel
from ...host.folders import models_folders
from .recogniser import AUTO, Heard, Word, register

KIND = "faster-whisper"
PARTS = ("model.bin", "config.json")
BEST = ("large-v3-turbo", "turbo", "large-v3", "distil-large", "large", "medium", "small", "base", "tiny")
"""What "auto" takes first, of the models that are there."""


@register("faster-whisper")
class FasterWhisper:
    """Any of Whisper's languages, with the time of each word."""

    name = "faster-whisper"
    licence = "MIT (code and OpenAI's weights)"

    def __init__(self, model: str = AUTO):
        self._folder = _chosen(model)
        if find_spec("faster_whisper") is None:
            raise MissingModel("Writing down speech needs the package faster-whisper: run `pip install faster-whisper` (MIT).")

    def listen(self, samples: np.ndarray, language: str | None) -> Iterator[Heard]:
        """See `Recogniser.listen`."""
        model = _loaded(self._folder)
        tag = language.split("-")[0].lower() if language else None
        if tag and tag not in model.supported_languages:
            raise InputError(f"The model '{self._folder.name}' does not know the language '{language}': choose another model or 'auto'.")
        segments, facts = model.transcribe(np.ascontiguousarray(samples, np.float32), language=tag, word_timestamps=True,
                                           condition_on_previous_text=False)
        for segment in segments:
            yield Heard(tuple(Word(word.word, float(word.start), float(word.end)) for word in segment.words or ()), facts.language)


def model_names() -> list[str]:
    """Models that are on this machine, the ones "auto" prefers first."""
    return sorted(_models(), key=_rank)


def _chosen(name: str) -> Path:
    there = _models()
    if name == AUTO and there:
        return there[min(there, key=_rank)]
    if name in there:
        return there[name]
    wanted = "a model" if name == AUTO else f"the model '{name}'"
    raise MissingModel(f"faster-whisper needs {wanted}, and there is none on this machine: put the files of one, such as "
                       "huggingface.co/Systran/faster-whisper-small (484 MB, MIT: model.bin, config.json, tokenizer.json, vocabulary.txt), "
                       f"into '{models_folders(KIND)[0] / (name if name != AUTO else 'small')}'."
                       + (f" There are: {', '.join(sorted(there))}." if there else ""))


def _models() -> dict[str, Path]:
    """Name -> folder: in ComfyUI's models, then among what Hugging Face's own tools have downloaded."""
    found: dict[str, Path] = {}
    for root in (*models_folders(KIND), *(folder / "faster-whisper" for folder in models_folders("whisper"))):
        for config in sorted(root.glob("*/config.json")):
            _add(found, config.parent.name, config.parent)
    for snapshot in sorted(_hub().glob("models--*--faster*whisper*/snapshots/*"), key=lambda folder: folder.stat().st_mtime, reverse=True):
        _add(found, snapshot.parents[1].name.rpartition("--")[2], snapshot)
    return found


def _add(found: dict[str, Path], name: str, folder: Path) -> None:
    short = name.removeprefix("faster-").removeprefix("whisper-").replace("distil-whisper-", "distil-")
    if all((folder / part).is_file() for part in PARTS):
        found.setdefault(short, folder)


def _hub() -> Path:
    home = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if home:
        return Path(home)
    return Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface") / "hub"


def _rank(name: str) -> tuple[int, bool, str]:
    """Larger models first; of a size the one of all languages before the English one."""
    place = next((at for at, size in enumerate(BEST) if name.startswith(size)), len(BEST))
    return place, name.endswith(".en"), name


@lru_cache(maxsize=1)
def _loaded(folder: Path):
    """A faster_whisper.WhisperModel, on the graphics card where CTranslate2 can use one. It never downloads."""
    model_type = import_module("faster_whisper").WhisperModel
    try:
        if import_module("ctranslate2").get_cuda_device_count():
            model = model_type(str(folder), device="cuda", compute_type="float16", local_files_only=True)
            list(model.transcribe(np.zeros(16000, np.float32), language="en")[0])
            return model
    except (RuntimeError, ValueError):  # a card whose libraries are not there shows itself at the first use
        pass
    try:
        return model_type(str(folder), device="cpu", compute_type="int8", local_files_only=True)
    except (RuntimeError, ValueError) as error:
        raise MissingModel(f"The faster-whisper model in '{folder}' cannot be read ({str(error)[:200]}): download it again.") from error
