"""Wav2Lip by OpenVINO, Intel's runtime for CPUs (optional; pip install openvino): twice to three times as fast as torch there."""
from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ...host.device import has_fast_bfloat16
from ...host.errors import MissingModel
from ...host.folders import cache_folder
from ...host.networks import kept
from ...host.progress import Progress
from ..find import file_stamp
from .batch import batch_for
from .generator import Wav2Lip, as_pictures, masked_input
from .layout import Layout
from .load import MOST_LEVELS, layout_of, probe_pictures, read_generator

_WAIT_MS = 100  # a cancel is asked for so often while the network runs


def openvino_network(path: Path, precision: str, batch: int = 0) -> OpenVinoWav2Lip:
    """The network of a file, kept for the next call. What OpenVINO makes of the file is kept in the cache folder, so that only the first
    run after a download takes seconds.

    precision: as of `load.kept_generator`. batch: 0 for what suits the machine. Raises MissingModel where OpenVINO is not installed."""
    half = precision == "half" or (precision == "auto" and has_fast_bfloat16())
    return kept(("wav2lip openvino", *file_stamp(path), half, batch), lambda: _built(path, half, batch))


class OpenVinoWav2Lip(nn.Module):
    """A network compiled for batches of one size. status, layout, batch: as of `run.Running`."""

    def __init__(self, model, layout: Layout, hint: str, batch: int) -> None:
        super().__init__()
        self.layout, self.batch, self.status = layout, batch, f"{layout.name} by OpenVINO in {hint}"
        self._request = _compiled(model, hint).create_infer_request()

    def forward(self, mel: Tensor, face: Tensor, gain: float = 1.0) -> Tensor:
        """As `Wav2Lip.forward`, for up to a batch of faces."""
        return self._run(mel, face, gain, None)

    def speak(self, faces: np.ndarray, mel: np.ndarray, gain: float, progress: Progress) -> np.ndarray:
        """As `run.Running.speak`; smaller batches are filled up with their last face."""
        bgr = torch.from_numpy(np.ascontiguousarray(faces[..., ::-1])).permute(0, 3, 1, 2)
        made = self._run(torch.from_numpy(mel)[:, None], masked_input(bgr, self.layout), gain, progress)
        return np.ascontiguousarray(as_pictures(made, self.layout).permute(0, 2, 3, 1).numpy()[..., ::-1])

    def _run(self, mel: Tensor, face: Tensor, gain: float, progress: Progress | None) -> Tensor:
        count = len(mel)
        rows = np.minimum(np.arange(self.batch), count - 1)
        given = [np.ascontiguousarray(mel.numpy()[rows]), np.ascontiguousarray(face.numpy()[rows]), np.full(1, gain, np.float32)]
        self._request.start_async(dict(enumerate(given)))
        try:
            while not self._request.wait_for(_WAIT_MS):
                if progress is not None:
                    progress.check()
        except BaseException:
            self._request.cancel()
            self._request.wait()
            raise
        return torch.from_numpy(self._request.get_output_tensor(0).data[:count].copy())


class _WithGain(nn.Module):
    """The network with the gain as an input, so that one compiled network serves all."""

    def __init__(self, network: Wav2Lip) -> None:
        super().__init__()
        self.network = network

    def forward(self, mel: Tensor, face: Tensor, gain: Tensor) -> Tensor:
        return self.network(mel, face, gain)


def _built(path: Path, half: bool, batch: int) -> OpenVinoWav2Lip:
    layout = layout_of(path)
    batch = max(2, batch) if batch else batch_for(layout, on_card=False)
    if not half:
        return OpenVinoWav2Lip(_shaped(path, layout, batch), layout, "float32", batch)
    worst = _levels_apart(path, layout, batch)
    network = OpenVinoWav2Lip(_shaped(path, layout, batch), layout, "bfloat16" if worst <= MOST_LEVELS else "float32", batch)
    network.status += (f", within {worst} grey levels of float32" if worst <= MOST_LEVELS else
                       f" (bfloat16 would change the picture by up to {worst} grey levels)")
    return network


def _levels_apart(path: Path, layout: Layout, batch: int) -> int:
    """By how many grey levels bfloat16 changes the probe's pictures at most: measured once for a file, an OpenVINO and a kind of processor,
    one network at a time."""
    place = _place(path).with_suffix(f".{torch.backends.cpu.get_cpu_capability()}.json")
    with suppress(OSError, ValueError, TypeError):
        return int(json.loads(place.read_text())["grey levels"])
    pictures = [probe_pictures(OpenVinoWav2Lip(_shaped(path, layout, batch), layout, hint, batch), layout)
                for hint in ("float32", "bfloat16")]
    worst = int(np.abs(pictures[0] - pictures[1]).max())
    half_written = place.with_name(f"{place.stem}-{os.getpid()}.json")
    half_written.write_text(json.dumps({"grey levels": worst}))
    half_written.replace(place)
    return worst


def _shaped(path: Path, layout: Layout, batch: int):
    """OpenVINO's model of a file for batches of that size, from the cache or made now."""
    model = _converted(path, layout)
    model.reshape({0: [batch, 1, 80, 16], 1: [batch, 6, layout.size, layout.size], 2: [1]})
    return model


def _converted(path: Path, layout: Layout):
    openvino, place = _openvino(), _place(path)
    if not place.is_file():
        network = read_generator(path).to(memory_format=torch.contiguous_format)
        half_written = place.with_name(f"{place.stem}-{os.getpid()}.xml")
        openvino.save_model(_read_by_openvino(network, layout), half_written, compress_to_fp16=False)
        half_written.with_suffix(".bin").replace(place.with_suffix(".bin"))
        half_written.replace(place)
    return openvino.Core().read_model(place)  # its weights are mapped, not copied


def _read_by_openvino(network: Wav2Lip, layout: Layout):
    """By OpenVINO's reader of torch's networks; `openvino.convert_model` would tell its makers over the net."""
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    example = (torch.zeros(2, 1, 80, 16), torch.zeros(2, 6, layout.size, layout.size), torch.ones(1))
    reader = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(_WithGain(network).eval(), example_input=example)  # kept while it is read
    return reader.convert(reader.load(decoder))


def _place(path: Path) -> Path:
    """Where OpenVINO's model of a file is kept."""
    name = hashlib.sha256(repr((file_stamp(path), _openvino().__version__)).encode()).hexdigest()[:24]
    return cache_folder("openvino") / f"{name}.xml"


def _compiled(model, hint: str):
    openvino = _openvino()
    short = {"float32": "f32", "bfloat16": "bf16"}[hint]
    settings = {"INFERENCE_PRECISION_HINT": short, "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    return openvino.Core().compile_model(model, "CPU", settings)


def _openvino():
    try:
        import openvino
    except ImportError:
        raise MissingModel("OpenVINO is not installed: run pip install openvino, or choose another backend.") from None
    return openvino
