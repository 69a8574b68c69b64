"""ComfyUI's own file of MediaPipe weights serves where this pack's are missing. (The file is made here: its names and shapes, our weights
in its detector, chance in its mesh.)"""
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from talking_avatar.faces.search import all_faces
from talking_avatar.host.errors import MissingModel
from talking_avatar.media.picture import Picture
from talking_avatar.models.mediapipe import load
from talking_avatar.models.mediapipe.comfyui_file import FILE
from talking_avatar.models.mediapipe.face_mesh_v2 import FaceMeshV2


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:
    """A models folder that holds ComfyUI's file alone."""
    load.load_network.cache_clear()
    short, own = load.load_network("short"), Path(load.find_network("mesh"))
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path))
    (tmp_path / "detection").mkdir()
    tensors = {f"detector_short.{theirs}": tensor.contiguous().clone() for theirs, tensor in comfyui_names(short)}
    torch.manual_seed(0)
    tensors |= {f"mesh.{key}": tensor.contiguous() for key, tensor in FaceMeshV2().state_dict().items()}
    tensors |= {"blendshapes.head.weight": torch.zeros(52, 64), "canonical_vertices": torch.zeros(468, 3)}
    save_file(tensors, tmp_path / "detection" / FILE)
    load.load_network.cache_clear()
    yield tmp_path, own.parent
    load.load_network.cache_clear()


def comfyui_names(short):
    heads = {"fine_scores": "cls_16", "coarse_scores": "cls_8", "fine_boxes": "reg_16", "coarse_boxes": "reg_8"}
    for key, tensor in short.state_dict().items():
        first, rest = key.split(".", 1)
        if first in ("fine", "coarse"):
            number, rest = rest.split(".", 1)
            yield f"blocks.{int(number) + (11 if first == 'coarse' else 0)}.{rest}", tensor
        else:
            yield f"{heads.get(first, first)}.{rest}", tensor


def test_its_detector_is_ours(models):
    picture = torch.rand(1, 3, 128, 128) * 2 - 1
    with torch.inference_mode():
        theirs = load.load_network("short")(picture)
        load.load_network.cache_clear()
        shutil.copytree(models[1], models[0] / "mediapipe")
        ours = load.load_network("short")(picture)
    for one, other in zip(theirs, ours, strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def test_its_mesh_gives_468_points_and_no_tensor_is_missing_or_left_over(models):
    network = load.load_network("mesh")
    assert isinstance(network, FaceMeshV2)
    assert len(network.state_dict()) == 17 * 6 + 3 + 3 + 6 + 4
    with torch.inference_mode():
        points, logit = network(torch.rand(2, 3, 192, 192))
    assert points.shape == (2, 468, 3) and logit.shape == (2,)


def test_faces_are_searched_with_what_there_is(models):
    import numpy as np

    assert load.detectors() == ("short",)
    assert all_faces(Picture.from_rgb(np.zeros((90, 120, 3), np.uint8))) == []


def test_what_it_does_not_hold_is_still_missing(models):
    for name in ("full", "back", "iris"):
        with pytest.raises(MissingModel, match=f"{name}.safetensors"):
            load.load_network(name)


def test_a_damaged_one_is_not_used(models):
    file = models[0] / "detection" / FILE
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(MissingModel, match="mesh.safetensors"):
        load.load_network("mesh")
