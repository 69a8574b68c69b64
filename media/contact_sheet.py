"""Several pictures on one sheet, each with a line of words under it."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_PAPER, _INK = (250, 250, 250), (40, 40, 40)


def contact_sheet(pictures: Sequence[np.ndarray], labels: Sequence[str], columns: int = 4, width: int = 1280) -> np.ndarray:
    """uint8 RGB [h, width, 3]: the pictures (uint8 RGB [h, w, 3], of any sizes) in rows of `columns`, each shrunk or grown to fit its
    cell, its label under it. Raises ValueError if there is no picture."""
    if not pictures:
        raise ValueError("a contact sheet needs at least one picture")
    columns = max(1, min(columns, len(pictures)))
    gap = max(4, width // 160)
    cell = max(8, (width - gap) // columns - gap)
    font = ImageFont.load_default(max(11, min(20, cell // 16)))
    line = font.getbbox("Ägjy")[3] + gap if any(labels) else 0
    rows = [pictures[at : at + columns] for at in range(0, len(pictures), columns)]
    heights = [max(_height(picture, cell) for picture in row) for row in rows]
    sheet = Image.new("RGB", (width, gap + sum(height + line + gap for height in heights)), _PAPER)
    draw, words, top = ImageDraw.Draw(sheet), iter(labels), gap
    for row, height in zip(rows, heights, strict=True):
        for number, picture in enumerate(row):
            left = gap + number * (cell + gap)
            shrunk = Image.fromarray(picture).resize((cell, _height(picture, cell)), Image.Resampling.LANCZOS)
            sheet.paste(shrunk, (left, top))
            draw.text((left + cell / 2, top + height + gap / 2), next(words, ""), _INK, font, "ma")
        top += height + line + gap
    return np.asarray(sheet)


def _height(picture: np.ndarray, width: int) -> int:
    return max(1, round(picture.shape[0] * width / picture.shape[1]))
