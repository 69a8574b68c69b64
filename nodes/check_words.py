"""What a face check found, in words."""
from __future__ import annotations

from ..compose.face_check import SMALL, FaceReport
from ..engines.estimate import Estimate
from ..faces.avatar import Avatar
from ..media.clock import Clock

_MOST_LISTED = 6


def report_in_words(avatar: Avatar, report: FaceReport) -> list[str]:
    """A line for each thing worth knowing, the verdict first."""
    source, clock = avatar.source, avatar.source.clock
    present = int(report.facts.present.sum())
    lines = [_verdict(report), f"'{source.path.name}': {source.width} x {source.height}"]
    if clock is None:
        lines[-1] += ", a photo"
    else:
        rate = f"{float(clock.fps):.5g} frames a second" + ("" if clock.is_even else " on average, uneven")
        lines[-1] += f", {rate}, {source.n_frames} frames, {_at(clock, source.n_frames)}"
        lines.append(f"face in {present} of {source.n_frames} frames; {len(report.facts.cuts) + 1} shot(s)"
                     + _list(report.facts.cuts, lambda cut: _at(clock, cut), ", cuts at "))
    lines.append(f"at most {report.persons} person(s) at once" + ("" if report.persons < 2 else "; the others stay as they are"))
    for what, found in (("without a face, left as they are", report.absent), ("turned to the side", report.turned),
                        (f"smaller than {SMALL} pixels", report.small), ("covered or blurred", report.unsure),
                        ("partly outside the picture", report.leaving)):
        if found and clock is not None:
            frames = sum(stop - start for start, stop in found)
            lines.append(f"{what}: {frames} frames" + _list(found, lambda part: f"{_at(clock, part[0])}-{_at(clock, part[1])}", ", "))
        elif found:
            lines.append(what)
    if clock is not None:
        lines.append(f"hardest spot: {_at(clock, report.hardest[0])}-{_at(clock, report.hardest[1])}")
    return lines


def cost_in_words(cost: Estimate) -> str:
    """What the whole will cost, and what this machine lacks."""
    lines = [f"{cost.frames} frames to make: about {_duration(cost.seconds)}, {_size(cost.memory)} of memory, "
             + (f"{_size(cost.video_memory)} on the graphics card, " if cost.video_memory else "")
             + f"{_size(cost.disk)} on disk while it is worked on"
             + (f", a film of about {_size(cost.film)}" if cost.film is not None else ""), f"based on {cost.basis}"]
    return "\n".join([*lines, *(f"WARNING: {sentence}" for sentence in cost.lacking)])


def _verdict(report: FaceReport) -> str:
    present = report.facts.present
    if not present.any():
        return "There is no face: the film would come out as it is."
    hard = sum(stop - start for found in (report.turned, report.small, report.unsure, report.leaving) for start, stop in found)
    if hard > 0.3 * present.sum():
        return "This will be hard: much of the face is turned, small, covered or outside the picture."
    if hard or not present.all():
        return "This will work; look at the spots below."
    return "This will work well."


def _list(found, words, before: str) -> str:
    if not found:
        return ""
    more = f" and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
    return before + ", ".join(words(one) for one in found[:_MOST_LISTED]) + more


def _at(clock: Clock, frame: int) -> str:
    minutes, seconds = divmod(float(clock.time(frame)), 60)
    return f"{int(minutes)}:{seconds:05.2f}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"
