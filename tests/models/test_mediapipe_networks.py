"""The face networks give the numbers of the published ones."""
import json
import os
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from talking_avatar.faces.detect import decode, merge, run_detector
from talking_avatar.faces.eyes import read_eyes
from talking_avatar.faces.search import all_faces
from talking_avatar.media.picture import Picture
from talking_avatar.models.mediapipe.catalogue import NETWORKS
from talking_avatar.models.mediapipe.layers import Conv, published_shapes, same_padding
from talking_avatar.models.mediapipe.load import find_network, load_network

_FOLDERS = os.environ.get("TALKING_AVATAR_PARITY")
PARITY = [Path(folder) for folder in _FOLDERS.split(os.pathsep)] if _FOLDERS else [Path(__file__).parents[3] / "shared" / "parity"]
DETECTORS = ("short", "full", "back")


def golden_files(folder: str, pattern: str) -> list[Path]:
    return sorted(file for root in PARITY for file in (root / folder).glob(pattern))


def images(path: Path) -> list[tuple[dict[str, np.ndarray], np.ndarray]]:
    """(the arrays of one image without their number, the image) for each in a golden file."""
    with np.load(path) as golden:
        arrays = {name: golden[name] for name in golden.files}
    numbers = sorted(int(name.rsplit("_", 1)[1]) for name in arrays if name.startswith("in_image_"))
    split = [{name.rsplit("_", 1)[0]: array for name, array in arrays.items() if name.endswith(f"_{n}")} for n in numbers]
    return [(own, own["in_image"]) for own in split]


@pytest.mark.parametrize("path", golden_files("blazeface", "*_golden.npz"), ids=lambda path: path.stem)
def test_a_detector_gives_the_published_logits_boxes_and_points(path):
    network = path.stem.split("_")[0]
    for golden, image in images(path):
        boxes, logits = run_detector(image, network)
        wanted, rows = golden["out_scores"].ravel(), golden["mid_top_regressors"]
        assert np.abs(logits - wanted).max() <= 1e-5 * np.abs(wanted).max()
        assert np.abs(boxes[golden["mid_top_index"]] - rows).max() <= 1e-5 * np.abs(rows).max()
        faces, scores = merge(*decode(boxes, logits, network))
        assert np.abs(faces - golden["out_boxes"].reshape(faces.shape)).max() <= 1e-4
        assert np.abs(scores - golden["out_box_scores"].ravel()).max() <= 1e-4


@pytest.mark.parametrize("path", golden_files("facemesh", "mesh_golden*.npz"), ids=lambda path: path.stem)
def test_the_mesh_gives_the_published_landmarks_and_flag(path):
    for golden, image in images(path):
        with torch.inference_mode():
            points, logit = load_network("mesh")(torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255)
        assert abs(float(logit) - float(golden["out_logit"][0])) <= 1e-3
        if "out_landmarks" in golden:
            assert np.abs(points[0].numpy() - golden["out_landmarks"].reshape(468, 3)).max() <= 1e-3


def test_faces_that_go_through_the_mesh_together_are_read_as_each_by_itself():
    faces = torch.rand(5, 3, 192, 192, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        points, logits = load_network("mesh")(faces)
        alone = [load_network("mesh")(face[None]) for face in faces]
    assert torch.allclose(points, torch.cat([one for one, _ in alone]), atol=1e-3)
    assert torch.allclose(logits, torch.cat([one for _, one in alone]), atol=1e-4)


@pytest.mark.parametrize("name", [*DETECTORS, "mesh"])
def test_no_published_tensor_is_missing_or_left_over(name):
    published = golden_files("facemesh", "tensors.json") if name == "mesh" else golden_files("blazeface", f"tensors_{name}.json")
    shapes = {tensor: array.shape for tensor, array in load_file(find_network(name)).items()}
    assert shapes == published_shapes(load_network(name))
    for file in published:
        wanted = {tensor: tuple(shape) for tensor, (shape, kind) in json.loads(file.read_text()).items() if kind.startswith("float")}
        assert shapes == wanted


def test_every_network_has_outputs_of_the_published_shapes():
    shapes = {"short": (128, [(896, 16), (896,)]), "back": (256, [(896, 16), (896,)]), "full": (192, [(2304, 16), (2304,)]),
              "mesh": (192, [(468, 3), ()]), "iris": (64, [(71, 3), (5, 3)])}
    assert set(shapes) == set(NETWORKS)
    for name, (side, wanted) in shapes.items():
        with torch.inference_mode():
            outputs = load_network(name)(torch.zeros(2, 3, side, side))
        assert [tuple(output.shape) for output in outputs] == [(2, *shape) for shape in wanted]


def test_same_padding_is_lopsided_where_tensorflow_has_it_so():
    assert same_padding(192, 3, 2) == (0, 1)
    assert same_padding(128, 5, 2) == (1, 2)
    assert same_padding(96, 3, 1) == (1, 1)
    assert same_padding(64, 2, 2) == (0, 0)
    assert same_padding(3, 3, 2) == (1, 1)


@pytest.mark.parametrize("stride, kernel", [(1, 1), (2, 3)])
def test_a_layer_that_ran_already_works_with_the_weights_it_is_given(stride, kernel):
    layer, other = (Conv(name, 4, 6, kernel, stride) for name in ("conv2d", "conv2d_1"))
    picture = torch.randn(2, 4, 8, 8)
    with torch.inference_mode():
        before = layer(picture)
        twin = deepcopy(layer)
        twin.load_state_dict(other.state_dict())
        assert torch.allclose(twin(picture), other(picture), atol=1e-5) and torch.allclose(layer(picture), before, atol=1e-5)
        layer.load_state_dict(other.state_dict(), assign=True)
        assert torch.allclose(layer(picture), other(picture), atol=1e-5)


def test_the_iris_network_outlines_both_eyes_of_the_astronaut():
    from skimage import data

    rgb = data.astronaut()
    face = all_faces(Picture.from_rgb(rgb))[0]
    for eye, corner in zip(read_eyes(rgb, face.landmarks), (33, 263), strict=True):
        assert np.linalg.norm(eye.outer - face.landmarks[corner, :2]) < 0.3 * eye.width
        assert (eye.upper[2:-2, 1] < eye.lower[2:-2, 1] - 1).all(), "the upper lid lies above the lower one"
        assert 0.2 < eye.opening < 0.6
        assert 0.15 < eye.radius / eye.width < 0.3
        assert eye.upper[:, 1].min() - 2 < eye.iris[1] < eye.lower[:, 1].max() + 2
        x, y = np.round(eye.iris - 0.5).astype(int)
        assert rgb[y - 1 : y + 2, x - 1 : x + 2].mean() < rgb[y - 15 : y + 16, x - 15 : x + 16].mean() - 20, "the iris is dark"
    right, left = read_eyes(rgb, face.landmarks)
    assert right.iris[0] < left.iris[0], "the person's right eye is on the left of the picture"


def test_a_mirrored_picture_has_mirrored_eyes():
    from skimage import data

    rgb = data.astronaut()
    landmarks = all_faces(Picture.from_rgb(rgb))[0].landmarks[:, :2]
    flipped = landmarks.copy()
    flipped[:, 0] = 512 - flipped[:, 0]
    flipped[[33, 133, 263, 362]] = flipped[[263, 362, 33, 133]]
    right, left = read_eyes(rgb, landmarks)
    other_right, other_left = read_eyes(np.ascontiguousarray(rgb[:, ::-1]), flipped)
    for eye, other in ((right, other_left), (left, other_right)):
        assert np.allclose(eye.upper * (-1, 1) + (512, 0), other.upper, atol=0.1)
        assert np.allclose(eye.iris * (-1, 1) + (512, 0), other.iris, atol=0.1)
