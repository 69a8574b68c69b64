"""How much memory a dub takes: python bench/memory.py [--folder DIR] [--minutes 10]

Runs the terminal command on 10 s and on 10 minutes of 720p and on 10 s of 1080p, each in a process of its own with an empty cache,
and prints the peak resident set size of each.
"""
from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("demo/bench"), help="where films are kept between runs")
    parser.add_argument("--minutes", type=float, default=10)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    from films import repeated, spoken, talking_film
    from render import repeated_speech

    turns = round(chosen.minutes * 6)
    speech = spoken(chosen.folder)
    small, large = talking_film(chosen.folder, 1280, 720), talking_film(chosen.folder, 1920, 1080)
    long_film = repeated(small, turns, chosen.folder / f"long_{turns}.mp4")
    long_speech = repeated_speech(speech, turns, chosen.folder / f"long_{turns}.wav")
    short = peak(small, speech)
    print(f"10 s of 720p:            {short:7.0f} MB")
    print(f"10 s of 1080p:           {peak(large, speech):7.0f} MB   (bar: below 1500)")
    long = peak(long_film, long_speech)
    print(f"{chosen.minutes:g} minutes of 720p:    {long:7.0f} MB   ({long - short:+.0f} MB; bar: within 300)")


def peak(film: Path, speech: Path, *more: str) -> float:
    """Peak resident megabytes of a process that tracks and dubs `film` with `speech`. more: words of the command."""
    with tempfile.TemporaryDirectory() as scratch:
        return peak_of("render", "--avatar", str(film), "--audio", str(speech), "-o", str(Path(scratch) / "out.mp4"), *more)


def peak_of(*words: str) -> float:
    """Peak resident megabytes of the terminal command, with an empty cache."""
    with tempfile.TemporaryDirectory() as scratch:
        child = subprocess.Popen([sys.executable, "-m", "talking_avatar.cli.main", *words], stdout=subprocess.DEVNULL,
                                 env={**os.environ, "TALKING_AVATAR_CACHE": scratch})
        highest = 0.0
        while child.poll() is None:
            highest = max(highest, _resident(child.pid))
            time.sleep(0.2)
        if child.returncode:
            raise SystemExit(f"'talking-avatar {' '.join(words)}' failed")
        return highest


def _resident(pid: int) -> float:
    """Resident megabytes of a process and its children now."""
    import psutil

    try:
        process = psutil.Process(pid)
        return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / 1e6
    except psutil.NoSuchProcess:
        return 0.0


if __name__ == "__main__":
    main()
