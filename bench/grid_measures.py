"""What is measured on a rendered film: see `grid.py`."""
from __future__ import annotations

from pathlib import Path

import numpy as np
from talking_avatar.compose.outside import mouth_sharpness, psnr_outside
from talking_avatar.engines.engine import Take
from talking_avatar.faces.avatar import make_avatar
from talking_avatar.faces.lip_measures import jitter, opening_of
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.host.progress import Silent
from talking_avatar.media.film import FrameSource
from talking_avatar.media.open import open_sound, open_source
from talking_avatar.speech.drive import mouth_curves
from talking_avatar.speech.judge import judge_lips


def measures(take: Take, wished: np.ndarray, film: Path) -> dict:
    """Figures of the lossless `film` made of `take`; wished: the opening the engine aimed at, one value a frame."""
    made = open_source(film)
    n = take.timeline.n_frames
    right = {"frames_right": made.n_frames == n == _frames_wanted(take), "sound_right": _same_sound(take.speech.sound, open_sound(film))}
    track = make_avatar(made, TrackSettings(), Silent()).track
    points = track.landmarks[0:n]
    opening = opening_of(points)
    seen = np.isfinite(opening) & np.isfinite(wished)
    moving = seen.sum() > 5 and np.ptp(wished[seen]) > 0
    verdict = judge_lips(take.timeline.times(), opening, mouth_curves(take.speech))
    return right | {
        "r": float(np.corrcoef(opening[seen], wished[seen])[0, 1]) if moving else None,
        "lag": verdict.best_lag, "leak": _number(verdict.leak), "closures": _number(verdict.closures),
        "opening_p5": _number(np.nanpercentile(opening, 5)), "opening_p95": _number(np.nanpercentile(opening, 95)),
        "jitter": _number(jitter(track)),
        **_pictures(take, made, points),
    }


def _pictures(take: Take, made: FrameSource, points: np.ndarray) -> dict:
    """Sharpness of the mouth against the source (median over every second frame), PSNR outside the lower face (lowest of every tenth).

    sharp: against the mouth of the very frame that was worked on, which may be open where the result is shut. sharp_alike: against the
    source's mouths that are opened as far."""
    new_sharp, old_sharp, psnr = [], [], []
    sources = take.avatar.source.walk(take.timeline.source.tolist())
    for new, old in zip(made.frames(), sources, strict=True):
        after, before = points[new.index], take.avatar.track.landmarks[int(take.timeline.source[new.index])]
        if new.index % 2 or not np.isfinite(before).all() or not np.isfinite(after).all():
            continue
        new_sharp.append((_opening(after), mouth_sharpness(new.picture, after)))
        old_sharp.append((_opening(before), max(mouth_sharpness(old.picture, before), 1e-6)))
        if new.index % 10 == 0:
            psnr.append(psnr_outside(old.picture.rgb(), new.picture.rgb(), before))
    made_of, known = np.reshape(new_sharp, (-1, 2)), np.reshape(old_sharp, (-1, 2))
    return {"sharp": _number(np.median(made_of[:, 1] / known[:, 1])), "sharp_alike": _number(_against_alike(made_of, known)),
            "psnr": _number(min(psnr, default=float("nan")))}


def _opening(points: np.ndarray) -> float:
    return float(opening_of(points[None])[0])


def _against_alike(made_of: np.ndarray, known: np.ndarray) -> float:
    """Median of sharpness over that of the source's mouths opened within 0.01, where it has five; (opening, sharpness) [n, 2] each."""
    ratios = []
    for opening, sharp in made_of:
        alike = known[np.abs(known[:, 0] - opening) < 0.01, 1]
        if len(alike) >= 5:
            ratios.append(sharp / np.median(alike))
    return float(np.median(ratios)) if ratios else float("nan")


def _frames_wanted(take: Take) -> int:
    """By the film's own clock, which knows when the frame after the last would stand; by the result's where the film is too short."""
    sound, source = take.speech.sound, take.avatar.source
    n = source.clock.frames_in(sound.n_samples, sound.rate) if source.clock else source.n_frames + 1
    return n if n <= source.n_frames else take.timeline.clock.frames_in(sound.n_samples, sound.rate)


def _same_sound(before, after) -> bool:
    """Whether the film's sound is the speech, sample for sample (the film may end half a frame before it)."""
    if (before.rate, before.channels) != (after.rate, after.channels) or abs(before.seconds - after.seconds) > 0.05:
        return False
    a, b = (np.concatenate(list(sound.blocks()), axis=1) for sound in (before, after))
    n = min(a.shape[1], b.shape[1])
    return bool(np.abs(a[:, :n] - b[:, :n]).max(initial=0) < 1e-4)


def _number(value: float) -> float | None:
    return None if not np.isfinite(value) else float(value)
