"""Turn pictures upright, exactly: by quarter turns and mirrors of their planes."""
from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import cv2
import numpy as np

from .chroma import widened
from .picture import Picture

_ROTATIONS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}


@dataclass(frozen=True)
class Turn:
    """quarters: counter-clockwise quarter turns to make, after mirroring left to right if `mirrored`."""

    quarters: int = 0
    mirrored: bool = False


def turn_of(frame: av.VideoFrame) -> Turn:
    """What a frame's display matrix asks for, to the nearest quarter turn."""
    for data in frame.side_data:
        if getattr(data.type, "name", "") == "DISPLAYMATRIX":
            a, b, _, c, d = struct.unpack("<5i", bytes(data)[:20])
            break
    else:
        return Turn()
    # Rows (a, b), (c, d) take x, y (down) to a x + c y, b x + d y. A negative determinant mirrors first.
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    angle = np.degrees(np.arctan2(-b, a))
    return Turn(round(angle / 90) % 4, mirrored)


def turned(picture: Picture, turn: Turn) -> Picture:
    """The picture turned. Where its chroma grid cannot follow (4:2:2 by a quarter, odd sizes) the result is 4:4:4."""
    if turn == Turn():
        return picture
    planes, layout, colour = picture.planes, picture.layout, picture.colour
    site = _turned_site(picture, turn)
    if site is None:
        box = (0, 0, picture.width, picture.height)
        planes = (planes[0], *(widened(plane, box, layout, colour.chroma_site) for plane in planes[1:3]), *planes[3:])
        layout, site = layout.without_subsampling(), colour.chroma_site
    if turn.mirrored:
        planes = tuple(cv2.flip(plane, 1) for plane in planes)
    if turn.quarters:
        planes = tuple(cv2.rotate(plane, _ROTATIONS[turn.quarters]) for plane in planes)
    sar = 1 / Fraction(picture.sar) if turn.quarters % 2 else picture.sar
    return Picture.from_planes(planes, layout, replace(colour, chroma_site=site), sar)


def _turned_site(picture: Picture, turn: Turn) -> tuple[float, float] | None:
    """Where chroma samples sit after the turn, or None where the grid cannot follow."""
    layout, (across, down) = picture.layout, picture.colour.chroma_site
    if not (layout.shift_x or layout.shift_y):
        return across, down
    if turn.quarters % 2 and layout.shift_x != layout.shift_y:
        return None
    flip_x, flip_y = _flips(turn)
    if (flip_x and picture.width % (1 << layout.shift_x)) or (flip_y and picture.height % (1 << layout.shift_y)):
        return None
    across, down = (1 - across if flip_x else across), (1 - down if flip_y else down)
    return (down, across) if turn.quarters % 2 else (across, down)


def _flips(turn: Turn) -> tuple[bool, bool]:
    """Whether the source's x and y axes run backward in the result, whichever axis they become."""
    # One turn counter-clockwise: a source column x becomes row W-1-x (x runs backward), a source row stays in order.
    flip_x, flip_y = [(False, False), (True, False), (True, True), (False, True)][turn.quarters]
    return flip_x ^ turn.mirrored, flip_y
