"""What is measured on a rendered film: see `grid.py`."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from talking_avatar.engines.engine import Take
from talking_avatar.faces.avatar import make_avatar
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.host.progress import Silent
from talking_avatar.media.film import FrameSource
from talking_avatar.media.open import open_sound, open_source
from talking_avatar.media.picture import Picture
from talking_avatar.speech.drive import mouth_curves
from talking_avatar.speech.judge import judge_lips

MOUTH = (61, 291, 0, 17)
STILL_POINTS = (33, 263, 133, 362, 168, 6, 197, 195)
LOWER_FACE = (205, 50, 117, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 346, 280,
              425)


def measures(take: Take, wished: np.ndarray, film: Path) -> dict:
    """Figures of the lossless `film` made of `take`; wished: the opening the engine aimed at, one value a frame."""
    made = open_source(film)
    n = take.timeline.n_frames
    right = {"frames_right": made.n_frames == n == _frames_wanted(take), "sound_right": _same_sound(take.speech.sound, open_sound(film))}
    track = make_avatar(made, TrackSettings(), Silent()).track
    points = track.landmarks[0:n]
    opening = _distance(points, 13, 14) / _distance(points, 10, 152)
    seen = np.isfinite(opening) & np.isfinite(wished)
    moving = seen.sum() > 5 and np.ptp(wished[seen]) > 0
    verdict = judge_lips(take.timeline.times(), opening, mouth_curves(take.speech))
    return right | {
        "r": float(np.corrcoef(opening[seen], wished[seen])[0, 1]) if moving else None,
        "lag": verdict.best_lag, "leak": _number(verdict.leak), "closures": _number(verdict.closures),
        "opening_p5": _number(np.nanpercentile(opening, 5)), "opening_p95": _number(np.nanpercentile(opening, 95)),
        "jitter": _jitter(points),
        **_pictures(take, made, points),
    }


def _pictures(take: Take, made: FrameSource, points: np.ndarray) -> dict:
    """Sharpness of the mouth against the source (median over every second frame), PSNR outside the lower face (lowest of every tenth)."""
    sharp, psnr = [], []
    sources = take.avatar.source.walk(take.timeline.source.tolist())
    for new, old in zip(made.frames(), sources, strict=True):
        after, before = points[new.index], take.avatar.track.landmarks[int(take.timeline.source[new.index])]
        if new.index % 2 or not np.isfinite(before).all() or not np.isfinite(after).all():
            continue
        sharp.append(_sharpness(new.picture, after) / max(_sharpness(old.picture, before), 1e-6))
        if new.index % 10 == 0:
            psnr.append(_psnr_outside(old.picture.rgb(), new.picture.rgb(), before))
    return {"sharp": _number(np.median(sharp)), "psnr": _number(min(psnr, default=float("nan")))}


def _sharpness(picture: Picture, points: np.ndarray) -> float:
    """Standard deviation of the Laplacian of the mouth's box."""
    corners = points[list(MOUTH), :2]
    grow = 0.15 * np.ptp(corners[:, 0])
    low, high = np.maximum(corners.min(0) - grow, 0), np.minimum(corners.max(0) + grow, (picture.width, picture.height))
    if (high - low < 3).any():
        return 0.0
    grey = cv2.cvtColor(picture.rgb((*low.astype(int).tolist(), *high.astype(int).tolist())), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).std())


def _psnr_outside(a: np.ndarray, b: np.ndarray, points: np.ndarray) -> float:
    """dB outside the hull of the lower face, widened by a fifth of the face's height; 99 where nothing differs."""
    inside = np.zeros(a.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull(points[list(LOWER_FACE), :2].astype(np.float32)).astype(np.int32), 1)
    reach = max(3, int(0.4 * np.linalg.norm(points[10, :2] - points[152, :2])))
    inside = cv2.dilate(inside, np.ones((reach, reach), np.uint8))
    outside = 1 - inside
    error = cv2.norm(a, b, cv2.NORM_L2, outside) ** 2 / max(3 * int(outside.sum()), 1)
    return 99.0 if error == 0 else float(10 * np.log10(255 ** 2 / error))


def _jitter(points: np.ndarray) -> float | None:
    """Second difference (RMS) of still points in face widths, in thousandths."""
    still = points[:, STILL_POINTS, :2] / np.nanmean(_distance(points, 234, 454))
    if len(still) < 3:
        return None
    return _number(1000 * np.sqrt(np.nanmean(np.diff(still, n=2, axis=0) ** 2)))


def _frames_wanted(take: Take) -> int:
    sound = take.speech.sound
    return take.timeline.clock.frames_in(sound.n_samples, sound.rate)


def _same_sound(before, after) -> bool:
    """Whether the film's sound is the speech, sample for sample (the film may end half a frame before it)."""
    if (before.rate, before.channels) != (after.rate, after.channels) or abs(before.seconds - after.seconds) > 0.05:
        return False
    a, b = (np.concatenate(list(sound.blocks()), axis=1) for sound in (before, after))
    n = min(a.shape[1], b.shape[1])
    return bool(np.abs(a[:, :n] - b[:, :n]).max(initial=0) < 1e-4)


def _distance(points: np.ndarray, a: int, b: int) -> np.ndarray:
    return np.linalg.norm(points[:, a, :2] - points[:, b, :2], axis=1)


def _number(value: float) -> float | None:
    return None if not np.isfinite(value) else float(value)
