"""How well the lips of a film follow its sound, in figures: with a SyncNet the user has, and with face track and voice alone."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..compose.outside import mouth_sharpness, psnr_outside
from ..faces.avatar import make_avatar
from ..faces.follow import track_faces
from ..faces.lip_measures import jitter, lip_opening
from ..faces.settings import FaceChoice, TrackSettings
from ..faces.track import FaceTrack
from ..host.errors import InputError
from ..host.progress import Progress
from ..media.film import FrameSource
from ..media.sound import Sound, require_samples
from ..media.timeline import Timeline
from ..speech.drive import mouth_curves
from ..speech.judge import judge_lips
from ..speech.lip_offset import LipOffset, lip_offset
from ..speech.log_mel import HOP, RATE, sound_rows
from ..speech.mouth import MouthCurves
from ..speech.speech import Speech
from .syncnet_score import SyncNetScore, measure_syncnet

_LOOKED_AT = 60  # frames compared with the original


@dataclass(frozen=True)
class Against:
    """A film beside the one it was made from. psnr: the lowest, in dB, outside the lower face (99: bit for bit the same), median: the
    median. sharpness: of the mouth over that of the original's; trembling: of still points over that of the original's. NaN where it
    cannot be told."""

    psnr: float
    median: float
    sharpness: float
    trembling: float


@dataclass(frozen=True)
class Score:
    """name: of the film. frames, fps, seconds: of it; with_face: frames in which a face was found. offset: of lips and voice, see
    `speech.lip_offset`. r: correlation of the opening with what the voice asks for, as it stands. closures: share of the pressed sounds at
    which the lips meet. leak: lip motion in pauses over that in speech. jitter: trembling of still points, thousandths of the face's
    width. NaN where a film gives nothing to tell by. syncnet: with a checkpoint; against: with the original film.

    times, opening: seconds and gap of the lips of every frame; level, voice: what was heard, 100 rows a second."""

    name: str
    frames: int
    fps: float
    seconds: float
    with_face: int
    offset: LipOffset
    r: float
    closures: float
    leak: float
    jitter: float
    syncnet: SyncNetScore | None
    against: Against | None
    times: np.ndarray
    opening: np.ndarray
    level: np.ndarray
    voice: MouthCurves


def score_film(film: FrameSource, progress: Progress, sound: Sound | None = None, original: FrameSource | None = None,
               checkpoint: Path | None = None, choice: FaceChoice | None = None) -> Score:
    """Measure a film. sound: instead of its own. original: the film or photo it was made from. checkpoint: `syncnet_v2.model`. choice:
    whose lips. Nothing but one value a frame is held in memory, however long the film is.

    Raises InputError for a photo, a silent film, a film without a face, an original of another size; MissingModel; Cancelled."""
    sound = sound or film.sound
    if film.is_still:
        raise InputError(f"'{film.path.name}' is a photo, whose lips cannot follow anything: give a film.")
    if sound is None:
        raise InputError(f"'{film.path.name}' has no sound to compare its lips with: give one (audio).")
    require_samples(sound)
    if original is not None and (original.width, original.height) != (film.width, film.height):
        raise InputError(f"'{original.path.name}' is {original.width} x {original.height} pixels large, but '{film.path.name}' is "
                         f"{film.width} x {film.height}: give the very film that it was made from.")
    choice = choice or FaceChoice()
    track = make_avatar(film, TrackSettings(choice), progress).track
    times = Timeline(np.arange(film.n_frames), film.clock, "hold").times()
    opening, voice = lip_opening(track), mouth_curves(Speech(sound), progress)
    verdict = judge_lips(times, opening, voice)
    syncnet = measure_syncnet(film, track, sound, checkpoint, progress) if checkpoint else None
    against = _compared(film, original, track, choice, progress) if original is not None else None
    return Score(film.path.name, film.n_frames, float(film.clock.fps), float(film.clock.time(film.n_frames)), int(track.present.sum()),
                 lip_offset(times, opening, voice), verdict.r, verdict.closures, verdict.leak, jitter(track), syncnet, against,
                 times, opening, sound_rows(sound, progress).levels, voice)


def in_words(score: Score) -> list[str]:
    """The figures as lines for a person."""
    lines = [f"{score.name}: {score.frames} frames, {score.seconds:.2f} s at {score.fps:g} a second, face in {score.with_face} of them"]
    if score.syncnet is not None:
        lines.append(_syncnet_in_words(score.syncnet))
    lines.append(_offset_in_words(score))
    lines.append(f"lips follow the voice as it stands: r {score.r:.2f}"
                 + _said(score.closures, ", {:.0%} of the pressed sounds find shut lips"))
    lines.append("motion of the lips in pauses: " + _said(score.leak, "{:.0%} of that in speech", "the film has no pause to tell by"))
    lines.append("trembling of still points: " + _said(score.jitter, "{:.2f} thousandths of the face's width", "too few frames to tell"))
    if score.against is not None:
        same = score.against.psnr >= 99
        lines.append("outside the lower face: " + ("bit for bit the original" if same else
                     f"PSNR {score.against.psnr:.1f} dB in the worst frame, {score.against.median:.1f} dB in the middle one")
                     + _said(score.against.sharpness, "; the mouth is {:.2f} times as sharp as the original's")
                     + _said(score.against.trembling, "; still points tremble {:.2f} times as much"))
    return lines


def in_figures(score: Score) -> dict[str, float | int | str | bool | None]:
    """The figures by name, None where there is none; frames of offsets are those of the film, but of SyncNet's, which sees 25 a second."""
    offset, against = score.offset, score.against
    judged = score.syncnet and score.syncnet.lse
    lse, expert = (None, judged) if score.syncnet and score.syncnet.expert else (judged, None)
    values = {
        "film": score.name, "frames": score.frames, "fps": score.fps, "seconds": score.seconds, "frames_with_face": score.with_face,
        "offset_seconds": offset.seconds, "offset_frames": offset.seconds * score.fps, "offset_is_clear": offset.clear,
        "agreement": offset.agreement, "correlation": score.r, "closures": score.closures, "leak": score.leak, "jitter": score.jitter,
        "lse_d": lse and lse.d, "lse_c": lse and lse.c, "lse_offset_frames": lse and lse.offset,
        "expert_probability": expert and 1 - expert.d, "expert_offset_frames": expert and expert.offset,
        "psnr_outside": against and against.psnr, "psnr_outside_median": against and against.median,
        "mouth_sharpness": against and against.sharpness, "jitter_against_original": against and against.trembling,
    }
    return {name: None if isinstance(value, float) and not np.isfinite(value) else value for name, value in values.items()}


def envelope(score: Score) -> tuple[np.ndarray, np.ndarray]:
    """Seconds and loudness (0..1 of the loudest) of the sound, 100 rows a second."""
    return np.arange(len(score.level)) * HOP / RATE, score.level / max(float(score.level.max(initial=0)), 1e-9)


def _syncnet_in_words(syncnet: SyncNetScore) -> str:
    found = syncnet.lse
    said = (f"Wav2Lip's expert: {1 - found.d:.3f} of 1 that lips and sound belong together" if syncnet.expert else
            f"SyncNet: LSE-D {found.d:.3f} (lower is better), LSE-C {found.c:.3f} (higher is better)")
    return f"{said}, offset {found.offset:+d} frames of 25 a second: {_early(found.offset / 25)} (ran on {syncnet.device})"


def _offset_in_words(score: Score) -> str:
    offset = score.offset
    if not np.isfinite(offset.seconds):
        return "offset of lips and voice: cannot be told (the lips do not move with the voice)"
    sure = "" if offset.clear else "; not clear, may be chance"
    return (f"offset of lips and voice: {offset.seconds * score.fps:+.1f} frames ({1000 * offset.seconds:+.0f} ms, agreement "
            f"{offset.agreement:.2f}{sure}): {_early(offset.seconds)}")


def _early(seconds: float) -> str:
    if abs(seconds) < 0.02:
        return "sound and lips are together"
    return f"the sound comes {1000 * abs(seconds):.0f} ms {'before' if seconds > 0 else 'after'} the lips"


def _said(value: float, words: str, otherwise: str = "") -> str:
    return words.format(value) if np.isfinite(value) else otherwise


def _compared(film: FrameSource, original: FrameSource, track: FaceTrack, choice: FaceChoice, progress: Progress) -> Against:
    """Sixty frames of both, evenly spread; a shorter original is taken to have run to and fro, as lip-sync nodes let it by default."""
    frames = [int(i) for i in np.unique(np.linspace(0, film.n_frames - 1, _LOOKED_AT).round()) if track.present[int(i)]]
    there = np.array(frames) % max(1, 2 * original.n_frames - 2)
    under = np.minimum(there, np.maximum(2 * original.n_frames - 2 - there, 0))
    psnr, sharp = [], []
    with progress.stage("comparing with the original", len(frames)) as stage:
        for new, old in zip(film.walk(frames), original.walk(under.tolist()), strict=True):
            points = np.asarray(track.landmarks[new.index])
            psnr.append(psnr_outside(old.picture.rgb(), new.picture.rgb(), points))
            sharpness = mouth_sharpness(old.picture, points)
            if sharpness > 0:
                sharp.append(mouth_sharpness(new.picture, points) / sharpness)
            stage.advance()
    return Against(min(psnr), float(np.median(psnr)), float(np.median(sharp)) if sharp else float("nan"),
                   jitter(track) / before if (before := _jitter_of(original, choice, progress)) else float("nan"))


def _jitter_of(original: FrameSource, choice: FaceChoice, progress: Progress) -> float:
    """Of the original's own track, NaN for a photo and where no face is found in it."""
    if original.is_still:
        return float("nan")
    return jitter(track_faces(original, TrackSettings(choice), progress))
