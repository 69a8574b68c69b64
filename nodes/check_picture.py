"""What a face check found, as a picture along the film."""
from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..compose.face_check import FaceReport
from ..faces.avatar import Avatar

_WIDTH, _MARGIN, _ROW, _GAP, _LABEL = 1280, 16, 22, 8, 150
_THUMBS = 8
_PAPER, _INK, _LINE = (24, 26, 30), (225, 225, 225), (70, 74, 82)
_GOOD, _BAD, _CARE = (78, 160, 98), (205, 80, 70), (224, 164, 62)
_FRAME = (90, 170, 255)


def timeline_picture(avatar: Avatar, report: FaceReport) -> np.ndarray:
    """uint8 RGB [h, 1280, 3]: pictures of the film with the face marked, and under them a strip for each thing that was found; white
    lines are cuts, the blue frame is the hardest spot."""
    n = avatar.source.n_frames
    rows = [("face", [(0, n)] if report.facts.present.any() else [], report.absent), ("turned aside", [], report.turned),
            ("small", [], report.small), ("covered, blurred", [], report.unsure), ("partly outside", [], report.leaving)]
    thumbs = _thumbnails(avatar)
    top = _MARGIN + thumbs.height + _GAP
    sheet = Image.new("RGB", (_WIDTH, top + len(rows) * (_ROW + _GAP) + _MARGIN), _PAPER)
    sheet.paste(thumbs, (_LABEL, _MARGIN))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for number, (name, good, bad) in enumerate(rows):
        y = top + number * (_ROW + _GAP)
        draw.text((_LABEL - 10, y + _ROW / 2), name, _INK, font, "rm")
        draw.rectangle((_LABEL, y, _WIDTH - _MARGIN, y + _ROW), outline=_LINE)
        for colour, found in ((_GOOD, good), (_BAD if number == 0 else _CARE, bad)):
            for start, stop in found:
                draw.rectangle((_x(start, n), y, max(_x(start, n) + 1, _x(stop, n)), y + _ROW), fill=colour)
    bottom = sheet.height - _MARGIN - _GAP
    for cut in report.facts.cuts:
        draw.line((_x(cut, n), top, _x(cut, n), bottom), (255, 255, 255), 2)
    draw.rectangle((_x(report.hardest[0], n), top - 3, _x(report.hardest[1], n), bottom + 3), outline=_FRAME, width=3)
    return np.asarray(sheet)


def _thumbnails(avatar: Avatar) -> Image.Image:
    source, track = avatar.source, avatar.track
    count = min(_THUMBS, source.n_frames)
    width = (_WIDTH - _MARGIN - _LABEL) // _THUMBS
    height = max(8, round(width * source.height / source.width))
    strip = Image.new("RGB", (_WIDTH - _MARGIN - _LABEL, height), _PAPER)
    for number in range(count):
        frame = source.n_frames * (2 * number + 1) // (2 * count)
        picture = Image.fromarray(source.frame(frame).picture.rgb())
        if track.present[frame]:
            ImageDraw.Draw(picture).rectangle(tuple(map(float, track.box[frame])), outline=_FRAME, width=max(2, source.width // 150))
        strip.paste(picture.resize((width - 2, height), Image.Resampling.BILINEAR), (number * width, 0))
    return strip


def _x(frame: int, n: int) -> float:
    return _LABEL + (_WIDTH - _MARGIN - _LABEL) * frame / n
