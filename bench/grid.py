"""Every avatar with every speech, judged: python bench/grid.py --media FOLDER [--out DIR] [--avatars WORD] [--speeches WORD] [--workers 2]

Renders each pair losslessly with the embedded engine, tracks the face in the result again and reports, one line a pair:
frames right, sound intact, r of re-tracked lips with the driving curve, mouth sharpness and still-point jitter against the source,
lip motion in pauses over that in speech, the lowest PSNR outside the lower face. Results go to DIR/grid.json, sheets beside it; pairs
that stand there already are not made again.
"""
from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

FILMS, PHOTOS, SOUNDS = (".mp4", ".mov"), (".jpg", ".jpeg", ".png"), (".wav", ".mp3")
SHOWN = ("r", "lag", "sharp", "sharp_alike", "jitter", "leak", "psnr", "seconds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--media", type=Path, required=True, help="folder of films, photos and sounds")
    parser.add_argument("--out", type=Path, default=Path("demo/grid"))
    parser.add_argument("--avatars", default="", help="only names that contain this word")
    parser.add_argument("--speeches", default="", help="only names that contain this word")
    parser.add_argument("--still", action="store_true", help="photos without head motion and blinks")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    avatars = _files(chosen.media, FILMS + PHOTOS, chosen.avatars)
    speeches = _files(chosen.media, SOUNDS, chosen.speeches)
    os.environ["OMP_NUM_THREADS"] = "1"
    table = chosen.out / "grid.json"
    rows = json.loads(table.read_text()) if table.exists() else []
    known = {(row["avatar"], row["speech"]) for row in rows}
    pairs = [(avatar, speech) for avatar in avatars for speech in speeches if (avatar.name, speech.name) not in known]
    with ProcessPoolExecutor(chosen.workers) as workers:
        for job in as_completed([workers.submit(judged, *pair, chosen.out, chosen.still) for pair in pairs]):
            row = job.result()
            rows.append(row)
            print(_line(row), flush=True)
            table.write_text(json.dumps(rows, indent=1))
    summary(rows)


def judged(avatar: Path, speech: Path, out: Path, still: bool) -> dict:
    """One pair rendered and measured, as a row; an error becomes a row with "error"."""
    begun = time.process_time()
    row = {"avatar": avatar.name, "speech": speech.name}
    try:
        with tempfile.TemporaryDirectory() as scratch:
            row |= _measured(avatar, speech, Path(scratch) / "out.mkv", out, still)
    except Exception as error:  # a row of the table, whatever happened: the other pairs go on
        row |= {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
    return row | {"seconds": time.process_time() - begun}


def _measured(avatar_path: Path, speech_path: Path, film: Path, out: Path, still: bool) -> dict:
    from grid_measures import measures
    from talking_avatar.cli.sheet import SheetTap
    from talking_avatar.engines.embedded.engine import driving_curve
    from talking_avatar.engines.embedded.settings import EmbeddedSettings
    from talking_avatar.engines.engine import Take, make_engine
    from talking_avatar.engines.render import render
    from talking_avatar.faces.avatar import make_avatar
    from talking_avatar.faces.settings import TrackSettings
    from talking_avatar.host.progress import Silent
    from talking_avatar.media.kept_film import kept
    from talking_avatar.media.open import open_source
    from talking_avatar.media.timeline import lay_out
    from talking_avatar.media.write import WriteSettings
    from talking_avatar.speech.load import load_speech

    source, speech = kept(open_source(avatar_path)), load_speech(speech_path)
    take = Take(make_avatar(source, TrackSettings(), Silent()), speech, lay_out(source, speech.sound, mode="bounce"))
    settings = EmbeddedSettings(head_motion=0, blinks=0) if still else EmbeddedSettings()
    sheet = SheetTap(take.timeline.n_frames)
    report = render(take, make_engine("embedded"), settings, film, WriteSettings(), Silent(), watch=sheet)
    sheet.write(out / f"{avatar_path.stem}__{speech_path.stem}.jpg")
    return {"kind": "photo" if source.is_still else "film", "summary": str(report)} | measures(take, driving_curve(take, settings), film)


def summary(rows: list[dict]) -> None:
    """Medians, means and worst cases over photos and films."""
    import numpy as np

    for kind in ("photo", "film"):
        chosen = [row for row in rows if row.get("kind") == kind and row["r"] is not None]
        if chosen:
            r = np.array([row["r"] for row in chosen])
            alike = np.array([row["sharp_alike"] for row in chosen if row["sharp_alike"] is not None])
            print(f"{kind}s: {len(r)} pairs, r median {np.median(r):.3f}, mean {r.mean():.3f}, lowest {r.min():.3f}; "
                  f"sharpness against mouths opened as far {alike.min(initial=9):.2f} to {alike.max(initial=0):.2f}")
    wrong = [row for row in rows if "error" in row or not (row.get("frames_right") and row.get("sound_right"))]
    print(f"{len(rows)} pairs, {len(wrong)} with an error, a wrong number of frames or changed sound")


def _line(row: dict) -> str:
    name = f"{row['avatar'][:34]:34s} {row['speech'][:30]:30s}"
    if "error" in row:
        return f"{name} {row['error'][:100]}"
    figures = " ".join(f"{key} {row[key]:.3f}" if row.get(key) is not None else f"{key} -" for key in SHOWN)
    flags = "" if row["frames_right"] and row["sound_right"] else "  FRAMES OR SOUND WRONG"
    return f"{name} {figures}{flags}"


def _files(folder: Path, endings: tuple[str, ...], word: str) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in endings and word in path.name)


if __name__ == "__main__":
    main()
