"""Several pictures on one sheet, each with a line of words under it."""
from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_PAPER, _INK = (250, 250, 250), (40, 40, 40)


def contact_sheet(pictures: Sequence[np.ndarray], labels: Sequence[str], columns: int = 4, width: int = 1280) -> np.ndarray:
    """uint8 RGB [h, width, 3]: the pictures (uint8 RGB [h, w, 3], of any sizes) in rows of `columns`, each shrunk or grown to fit its
    cell, its label under it. All cells have the shape of the tallest picture. Raises ValueError if there is no picture."""
    if not pictures:
        raise ValueError("a contact sheet needs at least one picture")
    columns = max(1, min(columns, len(pictures)))
    gap = max(4, width // 160)
    cell = max(8, (width - gap) // columns - gap)
    font = ImageFont.load_default(max(11, min(20, cell // 16)))
    line = font.getbbox("Ägjy")[3] + gap if any(labels) else 0
    heights = [max(1, round(picture.shape[0] * cell / picture.shape[1])) for picture in pictures]
    step = max(heights) + line + gap
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (width, gap + rows * step), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (picture, label) in enumerate(zip_longest(pictures, labels[: len(pictures)], fillvalue="")):
        left, top = gap + number % columns * (cell + gap), gap + number // columns * step
        sheet.paste(Image.fromarray(picture).resize((cell, heights[number]), Image.Resampling.LANCZOS), (left, top))
        draw.text((left + cell / 2, top + max(heights) + gap / 2), label, _INK, font, "ma")
    return np.asarray(sheet)
