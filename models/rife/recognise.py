"""Which layout of RIFE a file holds, told by its tensors: files of all versions are called flownet.pkl.

The shapes are those of the layouts of HolyWu/vs-rife and hzwer/Practical-RIFE. Within a row the same shapes may need another way of
running (4.25 and 4.26), so that what is not known for sure is named and not run.
"""
from __future__ import annotations

from collections.abc import Mapping

HD_V3 = "RIFE HDv3 (3.x)"

Shapes = Mapping[str, tuple[int, ...]]


def layout_of(shapes: Shapes) -> str | None:
    """HD_V3, the name of a newer layout, or None for what is no RIFE network. shapes: of the file's tensors, "module." taken off."""
    if "block0.conv0.0.0.weight" not in shapes:
        return None
    if "block0.lastconv.weight" not in shapes and "block0.lastconv.0.weight" not in shapes:
        is_v3 = shapes["block0.conv0.0.0.weight"][1] == 11 and "block0.convblock3.1.0.weight" in shapes
        return HD_V3 if is_v3 else "an unknown RIFE"
    return f"RIFE {_version(shapes)}"


def _version(shapes: Shapes) -> str:
    """The versions of the 4.x models whose files have these tensors."""
    if "block0.lastconv.weight" in shapes:
        return "4.0 or 4.1" if "block0.conv0.0.1.weight" in shapes else "4.2 to 4.4"
    first_in, out = shapes["block0.conv0.0.0.weight"][1], shapes["block0.lastconv.0.weight"][1]
    width, features = shapes["block0.conv0.1.0.weight"][0], _features(shapes)
    if "block4.conv0.0.0.weight" in shapes:
        return "4.25 heavy" if width == 384 else "4.25 or 4.26"
    known = {
        (7, 20, 0): "4.5", (7, 24, 0): "4.6", (15, 24, 0): "4.7 to 4.9", (23, 24, 0): "4.10 to 4.12", (23, 24, 8): "4.13 to 4.19 or 4.24",
        (23, 52, 8): "4.21 to 4.23", (15, 52, 4): "4.22 lite", (15, 24, 4): "4.15 to 4.17 lite",
    }
    if (first_in, out, features) == (23, 24, 8) and width == 384:
        return "4.20"
    if (first_in, out, features) == (15, 24, 0) and width == 128:
        return "4.12 or 4.13 lite"
    return known.get((first_in, out, features), "4.x of an unknown kind")


def _features(shapes: Shapes) -> int:
    """Channels of the picture encoder of newer layouts, 0 where it has none by the names cnn0 .. cnn3."""
    last = shapes.get("encode.cnn3.weight")
    return last[1] if last else 0
