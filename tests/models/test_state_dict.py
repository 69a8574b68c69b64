"""Checkpoint files are read whatever they are wrapped in, and what is no checkpoint gets one sentence."""
import argparse
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from talking_avatar.host.errors import MissingModel
from talking_avatar.models.state_dict import read_state_dict

TENSORS = {"a.weight": torch.arange(12.0).reshape(3, 4), "a.num_batches_tracked": torch.tensor(7)}
FORMATS = {"zip": {}, "before 1.6": {"_use_new_zipfile_serialization": False}}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("wrap", [
    lambda tensors: tensors, lambda tensors: {"state_dict": tensors, "optimizer": {"state": {0: torch.ones(9)}}, "global_step": 5},
    lambda tensors: {"dims": {"n_mels": 80}, "model_state_dict": tensors}, lambda tensors: {"params_ema": tensors, "params": {}},
    lambda tensors: {"weights_of_it": tensors, "epoch": 3}], ids=["bare", "state_dict", "model_state_dict", "params_ema", "other"])
def test_a_wrapped_state_dict_is_unwrapped(tmp_path, form, wrap):
    torch.save(wrap({"module." + name: tensor for name, tensor in TENSORS.items()}), tmp_path / "a.pth", **FORMATS[form])
    _same(read_state_dict(tmp_path / "a.pth"))


def test_safetensors_are_known_by_their_content(tmp_path):
    for name in ("a.safetensors", "a.pth"):
        save_file(TENSORS, tmp_path / name)
        _same(read_state_dict(tmp_path / name))


def test_module_is_taken_out_as_a_whole_word_only(tmp_path):
    torch.save({"motion_modules.0.submodule.w": torch.ones(2), "net.module.w": torch.ones(2)}, tmp_path / "a.pt")
    assert set(read_state_dict(tmp_path / "a.pt")) == {"motion_modules.0.submodule.w", "net.w"}


@pytest.mark.parametrize("form", FORMATS)
def test_an_optimizer_is_not_read(tmp_path, form):
    """200 MB of moments beside 40 MB of weights: reading takes no more memory than the weights."""
    shared = torch.randn(2000, 2500)
    content = {"state_dict": {"w": shared, "view": shared[::2].t(), "b": torch.randn(30000), "n": torch.tensor(3)},
               "optimizer": {"state": {i: {"exp_avg": torch.full((5000, 2500), float(i))} for i in range(4)}}}
    torch.save(content, tmp_path / "large.pth", **FORMATS[form])
    torch.save(content["state_dict"], tmp_path / "small.pth")
    code = (f"import resource, torch; from talking_avatar.models.state_dict import read_state_dict; before = "
            f"resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; read = read_state_dict({str(tmp_path / 'large.pth')!r}); "
            f"print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before); "
            f"right = torch.load({str(tmp_path / 'small.pth')!r}, mmap=True); assert all(torch.equal(read[k], right[k]) for k in right)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    kilobytes = int(done.stdout) / (1 if sys.platform != "darwin" else 1024)
    assert kilobytes < 45_000


@pytest.mark.parametrize(("content", "says"), [
    (b"", "empty"), (b"\n<!DOCTYPE html><html>quota exceeded", "web page"), (b"<html>", "web page"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:ca9a\nsize 435801865\n", "git-lfs pointer"),
    (b'{"error": "not found"}', "JSON"), (b"GGUF\x03", "GGUF"), (bytes(5000), "zeros"), (b"what is this" * 50, "no checkpoint"),
], ids=["empty", "html", "html2", "lfs", "json", "gguf", "zeros", "text"])
def test_what_is_no_checkpoint_gets_one_sentence_that_says_what_it_is(tmp_path, content, says):
    (tmp_path / "a.pth").write_bytes(content)
    _refused(tmp_path / "a.pth", says)


@pytest.mark.parametrize("form", ["zip", "before 1.6", "safetensors"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_file_that_was_cut_off_gets_one_sentence(tmp_path, form, share):
    path = tmp_path / "a.pth"
    tensors = {"w": torch.randn(300, 300), "b": torch.randn(300, 300)}
    if form == "safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path, **FORMATS[form])
    path.write_bytes(path.read_bytes()[:int(path.stat().st_size * share)])
    _refused(path, "cut off")


def test_objects_that_could_run_code_are_refused_by_name(tmp_path):
    torch.save({"state_dict": TENSORS, "args": Path("x"), "opt": argparse.Namespace(a=1)}, tmp_path / "a.pth")
    _refused(tmp_path / "a.pth", "Path")


def test_a_program_and_a_common_zip_are_refused(tmp_path):
    torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2)).save(str(tmp_path / "a.pt"))
    _refused(tmp_path / "a.pt", "TorchScript")
    with zipfile.ZipFile(tmp_path / "b.pth", "w") as archive:
        archive.writestr("wav2lip.pth", b"x")
    _refused(tmp_path / "b.pth", "zip archive")


def test_files_without_named_tensors_are_refused(tmp_path):
    for content in ([torch.ones(2)], {"step": 3}, {"a": {"x": 1}, "b": {"y": 2}}):
        torch.save(content, tmp_path / "a.pth")
        _refused(tmp_path / "a.pth", "no named tensors")
    _refused(tmp_path / "nothing.pth", "no checkpoint file")


def _same(read):
    assert set(read) == set(TENSORS) and all(torch.equal(read[name], TENSORS[name]) for name in TENSORS)


def _refused(path, says):
    with pytest.raises(MissingModel) as caught:
        read_state_dict(path)
    assert says in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)
