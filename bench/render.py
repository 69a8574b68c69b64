"""How fast a film is dubbed: python bench/render.py [--folder DIR] [--size 1280x720]

Prints frames a second of face tracking (decode included), of the dub after preparation (decode + mouth + paste + encode, x264
veryfast) and of a plain decode + encode loop in the same run, and the ratio of the last two.
"""
from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("demo/bench"), help="where films are kept between runs")
    parser.add_argument("--size", default="1280x720")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    width, height = map(int, chosen.size.split("x"))
    from films import repeated, spoken, talking_film

    film = repeated(talking_film(chosen.folder, width, height), 3, chosen.folder / f"bench_{chosen.size}.mp4")
    speech = repeated_speech(spoken(chosen.folder), 3, chosen.folder / "bench_speech.wav")
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["TALKING_AVATAR_CACHE"] = str(Path(scratch) / "cache")
        report(film, speech, Path(scratch))


def report(film: Path, speech: Path, scratch: Path) -> None:
    """Measure and print."""
    from talking_avatar.engines.engine import Take, make_engine
    from talking_avatar.engines.render import render
    from talking_avatar.faces.avatar import make_avatar
    from talking_avatar.faces.settings import TrackSettings
    from talking_avatar.host.progress import Silent
    from talking_avatar.media.open import open_source
    from talking_avatar.media.timeline import lay_out
    from talking_avatar.media.write import WriteSettings, write_film
    from talking_avatar.speech.load import load_speech

    source = open_source(film)
    seconds, cpu, avatar = timed(lambda: make_avatar(source, TrackSettings(), Silent()))
    line("face tracking, decode included", source.n_frames, seconds, cpu)
    take = Take(avatar, load_speech(speech), lay_out(source, load_speech(speech).sound, mode="bounce"))
    engine, how = make_engine("embedded"), WriteSettings(preset="veryfast")
    n = take.timeline.n_frames
    whole, cpu, _ = timed(lambda: render(take, engine, engine.settings_type(), scratch / "dub.mp4", how, Silent()))
    line("dub, engine's own preparation included", n, whole, cpu)
    mouths, cpu, _ = timed(lambda: render(take, engine, engine.settings_type(), scratch / "dub2.mp4", how, Silent()))
    line("dub, second run", n, mouths, cpu)
    frames = (source.frames(0, n) if n <= source.n_frames else source.walk(take.timeline.source.tolist()))
    plain, cpu, _ = timed(lambda: write_film(frames, take.timeline.clock, n, scratch / "plain.mp4", how, take.speech.sound, Silent()))
    line("plain decode + encode", n, plain, cpu)
    print(f"dub / plain: {mouths / plain:.2f} x the time")


def repeated_speech(path: Path, times: int, target: Path) -> Path:
    """The speech `times` times in a row, as a wav file."""
    import numpy as np
    import soundfile

    if not target.exists():
        samples, rate = soundfile.read(path)
        soundfile.write(target, np.concatenate([samples] * times), rate)
    return target


def timed(work: Callable):
    """(wall seconds, CPU seconds, result) of work()."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def line(what: str, frames: int, seconds: float, cpu: float) -> None:
    print(f"{what:42s} {frames / seconds:7.1f} frames/s   {1000 * cpu / frames:6.1f} ms CPU a frame")


if __name__ == "__main__":
    main()
