"""A score as one picture: the lips over the voice, the agreement at every shift, and the offsets that were found along the film."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..models.syncnet.lse_distance import SHIFTS
from ..speech.lip_offset import FURTHEST, RATE, STEPS
from .score import Score, envelope

WIDTH, HEIGHT = 1280, 748
LONGEST = 16.0
"""Seconds of film that are drawn; of a longer film those with the most voice, marked in a strip of the whole."""

_FINE = 2  # drawn so many times larger, then shrunk
_PAPER, _PANEL, _INK, _FAINT, _GRID = (20, 22, 27), (29, 32, 39), (236, 238, 242), (139, 146, 158), (48, 53, 63)
_VOICE, _LIPS, _GOOD, _CARE, _BAD = (62, 92, 138), (255, 178, 72), (96, 200, 130), (240, 190, 80), (226, 96, 84)


@dataclass(frozen=True)
class _Panel:
    """A box to draw in, with its axes. x, y: from a value to pixels."""

    box: tuple[int, int, int, int]
    across: tuple[float, float]
    up: tuple[float, float]

    def x(self, value):
        return self.box[0] + (np.asarray(value) - self.across[0]) / (self.across[1] - self.across[0]) * (self.box[2] - self.box[0])

    def y(self, value):
        return self.box[3] - (np.asarray(value) - self.up[0]) / (self.up[1] - self.up[0]) * (self.box[3] - self.box[1])


def score_picture(score: Score) -> np.ndarray:
    """uint8 RGB [748, 1280, 3]."""
    sheet = Image.new("RGB", (WIDTH * _FINE, HEIGHT * _FINE), _PAPER)
    pen = _Pen(ImageDraw.Draw(sheet))
    pen.text((32, 31), score.name, _INK, 24, "ls", most=720)
    facts = f"{score.frames} frames · {score.seconds:.2f} s · {score.fps:.5g} fps · face in {score.with_face}"
    pen.text((1248, 31), facts, _FAINT, 16, "rs")
    _figures(pen, score)
    _lips_over_voice(pen, score)
    _agreement(pen, score, (32, 512, 632, 728))
    _histogram(pen, score, (648, 512, 1248, 728))
    return np.asarray(sheet.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))


class _Pen:
    """Drawing in pixels of the finished picture."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def text(self, at, words: str, colour, size: int, anchor: str = "ls", most: int = 0) -> None:
        font = ImageFont.load_default(size * _FINE)
        while most and font.getlength(words) > most * _FINE and len(words) > 8:
            words = words[: len(words) // 2 - 2] + "…" + words[len(words) // 2 + 2:]
        self._draw.text((at[0] * _FINE, at[1] * _FINE), words, colour, font, anchor)

    def box(self, box, fill=None, radius: float = 0, outline=None) -> None:
        self._draw.rounded_rectangle([side * _FINE for side in box], radius * _FINE, fill, outline, _FINE)

    def line(self, xs, ys, colour, width: float = 1) -> None:
        points = [(float(x) * _FINE, float(y) * _FINE) for x, y in zip(np.atleast_1d(xs), np.atleast_1d(ys), strict=True)]
        self._draw.line(points, colour, max(1, round(width * _FINE)), joint="curve")

    def area(self, xs, tops, bottoms, colour) -> None:
        there = [(float(x) * _FINE, float(y) * _FINE) for x, y in zip(xs, tops, strict=True)]
        back = [(float(x) * _FINE, float(y) * _FINE) for x, y in zip(xs[::-1], bottoms[::-1], strict=True)]
        self._draw.polygon(there + back, colour)

    def dot(self, x: float, y: float, radius: float, colour) -> None:
        self._draw.ellipse([(x - radius) * _FINE, (y - radius) * _FINE, (x + radius) * _FINE, (y + radius) * _FINE], colour, _PANEL, _FINE)


def _figures(pen: _Pen, score: Score) -> None:
    """The figures, large, in a row of cards."""
    offset = score.offset
    told = np.isfinite(offset.seconds)
    trembling = score.against.trembling if score.against else float("nan")
    cards = [("offset", f"{offset.seconds * score.fps:+.1f}" if told else "-", "frames" + ("" if offset.clear else ", unsure"),
              _FAINT if not offset.clear else _rated(abs(offset.seconds), 0.09, 0.16)),
             ("agreement", f"{offset.agreement:.2f}", "with the voice", _rated(-offset.agreement, -0.4, -0.25)),
             ("in pauses", _number(score.leak, "{:.0%}"), "of lip motion", _rated(score.leak, 0.15, 0.4)),
             ("trembling", _number(score.jitter, "{:.1f}"), "thousandths" if np.isnan(trembling) else f"{trembling:.2f} x original",
              _rated(trembling, 1.2, 1.6))]
    if score.syncnet is not None:
        lse, where = score.syncnet.lse, f"at {score.syncnet.lse.offset:+d} of 25 fps"
        cards += ([("expert", f"{1 - lse.d:.2f}", where, _rated(lse.d, 0.3, 0.6))] if score.syncnet.expert else
                  [("LSE-C", f"{lse.c:.2f}", "confidence", _rated(-lse.c, -6, -3)), ("LSE-D", f"{lse.d:.2f}", where, _rated(lse.d, 8, 10))])
    if score.against is not None:
        outside = "exact" if score.against.psnr >= 99 else f"{score.against.psnr:.0f} dB"
        sharp = score.against.sharpness
        cards += [("outside", outside, "to the original", _rated(-score.against.psnr, -45, -38)),
                  ("sharpness", _number(sharp, "{:.2f}"), "of the original", _rated(-sharp, -0.8, -0.5))]
    width = (WIDTH - 64 - 12 * (len(cards) - 1)) / len(cards)
    for number, (title, value, unit, colour) in enumerate(cards):
        left = 32 + number * (width + 12)
        pen.box((left, 44, left + width, 128), _PANEL, 8)
        pen.box((left, 54, left + 4, 118), colour, 2)
        pen.text((left + 18, 66), title, _FAINT, 15)
        pen.text((left + 18, 100), value, _INK, 32)
        pen.text((left + 18, 120), unit, _FAINT, 13, most=round(width) - 24)


def _lips_over_voice(pen: _Pen, score: Score) -> None:
    box, start = (32, 144, 1248, 496), _liveliest(score)
    stop = start + min(LONGEST, score.seconds)
    pen.box(box, _PANEL, 8)
    pen.text((48, 170), "lips", _LIPS, 16)
    pen.text((84, 170), "over the voice's envelope", _FAINT, 16)
    if score.seconds > LONGEST:
        _whole(pen, score, start, stop)
    panel = _Panel((48, 186, 1232, 466), (start, stop), (0, 1.06))
    _seconds(pen, panel)
    times, level = envelope(score)
    xs, heights = _columns(panel, times, level, np.max)
    middle = (panel.box[1] + panel.box[3]) / 2
    reach = (panel.box[3] - panel.box[1]) / 2 * np.sqrt(heights)
    if len(xs) > 1:
        pen.area(xs, middle - reach, middle + reach, _VOICE)
    low, high = _range(score.opening)
    seen = (score.times >= start) & (score.times <= stop)
    _without_face(pen, panel, score.times[seen], score.opening[seen])
    for run in _runs(np.isfinite(score.opening) & seen):
        pen.line(panel.x(score.times[run]), panel.y(np.clip((score.opening[run] - low) / (high - low), -0.02, 1.05)), _LIPS, 2.2)
    pen.text((54, 200), "wide", _FAINT, 12)
    pen.text((54, 462), "shut", _FAINT, 12)


def _whole(pen: _Pen, score: Score, start: float, stop: float) -> None:
    """The whole film as a strip, the part that is drawn large marked."""
    strip = _Panel((560, 152, 1180, 178), (0, score.seconds), (0, 1))
    times, level = envelope(score)
    xs, heights = _columns(strip, times, level, np.max)
    if len(xs) > 1:
        pen.area(xs, strip.y(0.5 + np.sqrt(heights) / 2), strip.y(0.5 - np.sqrt(heights) / 2), _VOICE)
    pen.box((float(strip.x(start)), 150, float(strip.x(stop)), 180), None, 3, _LIPS)
    pen.text((1232, 171), "whole film", _FAINT, 12, "rs", most=60)


def _agreement(pen: _Pen, score: Score, box) -> None:
    """Agreement at every shift; SyncNet's mean distances, upside down, on top where there are any."""
    pen.box(box, _PANEL, 8)
    pen.text((box[0] + 16, box[1] + 24), "agreement", _LIPS, 16)
    pen.text((box[0] + 104, box[1] + 24), "at each shift of lips against sound", _FAINT, 16)
    curve = score.offset.curve
    panel = _Panel(_inside(box), (-FURTHEST, FURTHEST), (min(-0.1, curve.min()), max(0.6, curve.max() * 1.25)))
    _shifts(pen, panel)
    pen.line(panel.box[::2], [panel.y(0)] * 2, _GRID, 1)
    if score.syncnet is not None:
        means = score.syncnet.lse.means
        spread = max(float(np.ptp(means)), 1e-6)
        heights = panel.up[0] + (means.max() - means) / spread * (panel.up[1] - panel.up[0]) * 0.95
        pen.line(panel.x(-SHIFTS / 25), panel.y(heights), (120, 170, 240), 1.6)
        pen.text((box[2] - 16, box[1] + 24), "SyncNet", (120, 170, 240), 14, "rs")
    pen.line(panel.x(STEPS / RATE), panel.y(curve), _LIPS, 2.4)
    if np.isfinite(score.offset.seconds):
        x, y = float(panel.x(score.offset.seconds)), float(panel.y(score.offset.agreement))
        pen.line([x, x], [y, panel.box[3]], _LIPS, 1)
        pen.dot(x, y, 5, _LIPS)
        pen.text((x, y - 10), f"{1000 * score.offset.seconds:+.0f} ms", _INK, 14, "ms" if abs(score.offset.seconds) < 0.45 else "ls")


def _histogram(pen: _Pen, score: Score, box) -> None:
    pen.box(box, _PANEL, 8)
    pen.text((box[0] + 16, box[1] + 24), "offsets", _GOOD, 16)
    pen.text((box[0] + 78, box[1] + 24), "of the film's windows of 4 s, where clear", _FAINT, 16)
    found = score.offset.windows
    counts, edges = np.histogram(found, bins=np.arange(-FURTHEST - 0.02, FURTHEST + 0.03, 0.04))
    panel = _Panel(_inside(box), (-FURTHEST, FURTHEST), (0, max(1.0, counts.max() * 1.2)))
    _shifts(pen, panel)
    if not len(found):
        pen.text(((box[0] + box[2]) / 2, (panel.box[1] + panel.box[3]) / 2), "none is clear", _FAINT, 16, "mm")
    for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            x0, x1 = max(panel.box[0], float(panel.x(left)) + 1), min(panel.box[2], float(panel.x(right)) - 1)
            pen.box((x0, float(panel.y(count)), x1, panel.box[3]), _GOOD, 2)
            pen.text(((x0 + x1) / 2, float(panel.y(count)) - 4), str(count), _INK, 12, "ms")


def _inside(box) -> tuple[int, int, int, int]:
    return box[0] + 44, box[1] + 40, box[2] - 44, box[3] - 34


def _shifts(pen: _Pen, panel: _Panel) -> None:
    for milliseconds in range(-600, 601, 200):
        x = float(panel.x(milliseconds / 1000))
        pen.line([x, x], [panel.box[1], panel.box[3]], _GRID, 1.5 if milliseconds == 0 else 0.5)
        pen.text((x, panel.box[3] + 18), f"{milliseconds:+d} ms" if milliseconds else "together", _FAINT, 12, "ms")
    pen.text((panel.box[0], panel.box[1] + 10), "lips first", _FAINT, 12)
    pen.text((panel.box[2], panel.box[1] + 10), "sound first", _FAINT, 12, "rs")


def _seconds(pen: _Pen, panel: _Panel) -> None:
    start, stop = panel.across
    step = next(step for step in (0.5, 1, 2, 5) if (stop - start) / step <= 18)
    for second in np.arange(np.ceil(start / step) * step, stop + 1e-6, step):
        x = float(panel.x(second))
        pen.line([x, x], [panel.box[1], panel.box[3]], _GRID, 0.5)
        pen.text((x, panel.box[3] + 20), f"{second:g} s", _FAINT, 12, "ms")


def _without_face(pen: _Pen, panel: _Panel, times: np.ndarray, opening: np.ndarray) -> None:
    for run in _runs(~np.isfinite(opening), shortest=1):
        x0, x1 = float(panel.x(times[run[0]])), float(panel.x(times[run[-1]])) + 2
        pen.box((x0, panel.box[1], max(x1, x0 + 2), panel.box[3]), (70, 38, 40), 2)
        if x1 - x0 > 52:
            pen.text(((x0 + x1) / 2, panel.box[1] + 16), "no face", _BAD, 13, "ms")


def _columns(panel: _Panel, times: np.ndarray, values: np.ndarray, pick: Callable) -> tuple[np.ndarray, np.ndarray]:
    """One value for each pixel column in which there is any."""
    inside = (times >= panel.across[0]) & (times <= panel.across[1])
    column = panel.x(times[inside]).astype(int)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    return column[starts], np.array([pick(part) for part in np.split(values[inside], starts[1:])]) if len(starts) else np.zeros(0)


def _liveliest(score: Score) -> float:
    """Where the `LONGEST` seconds begin that hold the most voice."""
    if score.seconds <= LONGEST:
        return 0.0
    length, total = round(LONGEST * 100), np.concatenate([[0.0], np.cumsum(score.voice.gate)])
    if len(total) <= length:
        return 0.0
    return min(int(np.argmax(total[length:] - total[:-length])) / 100, score.seconds - LONGEST)


def _range(opening: np.ndarray) -> tuple[float, float]:
    seen = opening[np.isfinite(opening)]
    if not len(seen):
        return 0.0, 1.0
    low, high = np.percentile(seen, (1, 99.5))
    return float(low), float(max(high, low + 0.01))


def _runs(flags: np.ndarray, shortest: int = 2) -> list[np.ndarray]:
    places = np.flatnonzero(flags)
    return [run for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(run) >= shortest]


def _rated(value: float, good: float, fair: float):
    if not np.isfinite(value):
        return _FAINT
    return _GOOD if value <= good else _CARE if value <= fair else _BAD


def _number(value: float, words: str) -> str:
    return words.format(value) if np.isfinite(value) else "-"
