"""Films in a real ComfyUI, ours beside others: COMFYUI_PATH=... COMFYUI_PYTHON=... python bench/comfyui.py [--vhs DIR] [--seconds 10]

The same film (720 x 1280, 25 fps, with sound, a talking face on a moving test picture) is opened and written as h264, crf 19, preset
medium: by this pack, by core's nodes and, if its checkout is given, by VideoHelperSuite; and it is dubbed by this pack. Each way gets a
fresh server, a warm-up on a short film and an emptied cache. CPU seconds are those of the server and its children, finished ones too;
memory is the peak resident size above the idle server, looked at every 30 ms. The last column is what x264 wrote into the film about
itself (a film that was only copied would show the source's crf 20, preset veryfast).
"""
from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

TESTS = Path(__file__).resolve().parents[1] / "tests_comfyui"
sys.path.insert(0, str(TESTS))

from graphs import dub, load_and_save  # noqa: E402
from runs import Run, run  # noqa: E402
from server import PACK, Server  # noqa: E402

_H264 = {"format": "mp4-h264", "crf": 19, "preset": "medium"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vhs", type=Path, help="a checkout of ComfyUI-VideoHelperSuite")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--only", help="names of ways, separated by commas")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        films = [_film(Path(scratch) / "short.mp4", 1), _film(Path(scratch) / "long.mp4", chosen.seconds)]
        print(f"{'way':28} {'CPU s':>7} {'wall s':>7} {'peak MB above idle':>19} {'kept MB':>8}  x264")
        for name, graph in _ways(chosen.vhs).items():
            if not chosen.only or name in chosen.only.split(","):
                packs = {"vhs": chosen.vhs} if name == "VideoHelperSuite" else {"talking-avatar": PACK}
                print(f"{name:28} {_measured(Path(scratch) / name.replace(' ', '_'), packs, graph, films)}", flush=True)


def _ways(vhs: Path | None) -> dict:
    """Graph makers by name: each takes the name of a film in the input folder."""
    ways = {"ours": lambda film: load_and_save(film, film=_H264), "core": _core,
            "our dub": lambda film: dub(film, speech=film, film=_H264)}
    return ways | ({"VideoHelperSuite": _vhs} if vhs else {})


def _core(film: str) -> dict:
    return {
        "load": {"class_type": "LoadVideo", "inputs": {"file": film}},
        "parts": {"class_type": "GetVideoComponents", "inputs": {"video": ["load", 0]}},
        "make": {"class_type": "CreateVideo", "inputs": {"images": ["parts", 0], "audio": ["parts", 1], "fps": ["parts", 2]}},
        "film": {"class_type": "SaveVideo", "inputs": {"video": ["make", 0], "filename_prefix": "core", "format": "mp4", "codec": "h264"}},
    }


def _vhs(film: str) -> dict:
    load = {"video": film, "force_rate": 0, "custom_width": 0, "custom_height": 0, "frame_load_cap": 0, "skip_first_frames": 0,
            "select_every_nth": 1, "format": "None"}
    save = {"images": ["load", 0], "audio": ["load", 2], "frame_rate": 25, "loop_count": 0, "filename_prefix": "vhs",
            "format": "video/h264-mp4", "pix_fmt": "yuv420p", "crf": 19, "save_metadata": True, "pingpong": False, "save_output": True,
            "trim_to_audio": False}
    return {"load": {"class_type": "VHS_LoadVideo", "inputs": load}, "film": {"class_type": "VHS_VideoCombine", "inputs": save}}


def _measured(folder: Path, packs: dict[str, Path], graph, films: list[Path]) -> str:
    with Server(folder, packs, tuple(films)) as server:
        _succeeded(run(server, graph(films[0].name)))
        server.post("/free", {"unload_models": True, "free_memory": True})
        time.sleep(3)
        process = psutil.Process(server.process.pid)
        idle, before = _resident(process), _cpu(process)
        watch = _Peak(process)
        done = _succeeded(run(server, graph(films[1].name)))
        peak = watch.stop()
        spent = _cpu(process) - before
        film = max((folder / "output").rglob("*.mp4"), key=lambda path: path.stat().st_mtime)
        return f"{spent:7.1f} {done.seconds:7.1f} {peak - idle:19.0f} {_resident(process) - idle:8.0f}  {_told_by_x264(film)}"


def _told_by_x264(film: Path) -> str:
    """Quality and effort as the encoder wrote them into the stream: "crf 19.0 subme 7" (preset medium)."""
    told = re.search(rb"subme=(\d+).*?crf=([\d.]+)", film.read_bytes(), re.DOTALL)
    return f"crf {told[2].decode()} subme {told[1].decode()}" if told else "not x264"


def _succeeded(done: Run) -> Run:
    if done.status != "success":
        raise SystemExit(f"{done.status}: {done.error}")
    return done


def _film(path: Path, seconds: float) -> Path:
    """The example film over a moving test picture, with its sound, played again and again."""
    example = PACK / "workflows" / "inputs" / "talking.mp4"
    picture = "testsrc2=size=720x1280:rate=25"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", str(example), "-f", "lavfi", "-i", picture,
                    "-filter_complex", "[0:v]scale=640:640[face];[1:v][face]overlay=40:200", "-map", "0:a", "-t", str(seconds),
                    "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)], check=True)
    return path


class _Peak(threading.Thread):
    """Highest resident size of a process and its children while it runs."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.process, self.peak, self.ends = process, 0.0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self.ends.wait(0.03):
            self.peak = max(self.peak, _resident(self.process))

    def stop(self) -> float:
        self.ends.set()
        self.join()
        return self.peak


def _resident(process: psutil.Process) -> float:
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss / 1e6
        except psutil.NoSuchProcess:
            continue
    return total


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
