"""A film is written whole or not at all, and what stands in the way is said in one sentence."""
import os
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from talking_avatar.host.errors import Cancelled, InputError, OutputError
from talking_avatar.media import film_writer
from talking_avatar.media.clock import Clock
from talking_avatar.media.film import Frame
from talking_avatar.media.picture import Picture
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.media.write import WriteSettings, check_output, write_film, write_picture

CLOCK = Clock(Fraction(25))
OUTPUTS = ["film.mp4", "film.mkv", "film.webm", "film.mov", "film.gif", "film.webp", "frames/", "frame_%04d.png"]


def noisy_frames(n, width=64, height=64):
    rng = np.random.default_rng(0)
    for i in range(n):
        yield Frame(i, Picture.from_rgb(rng.integers(0, 256, (height, width, 3)).astype(np.uint8)))


def ended_by(error, after=5):
    yield from noisy_frames(after)
    raise error


def everything_in(folder: Path):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def target(folder: Path, name: str) -> str:
    return f"{folder}/{name}"


@pytest.mark.parametrize("error", [ValueError("a fault"), Cancelled(), KeyboardInterrupt()], ids=["fault", "cancel", "ctrl-c"])
@pytest.mark.parametrize("name", OUTPUTS)
def test_nothing_half_written_stays(name, error, tmp_path):
    before = set(threading.enumerate())
    with pytest.raises(type(error)):
        write_film(ended_by(error), CLOCK, 20, target(tmp_path, name))
    assert everything_in(tmp_path) == []
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("name", OUTPUTS[:6])
def test_an_older_film_stays_until_the_new_one_is_whole(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"the older film")
    with pytest.raises(Cancelled):
        write_film(ended_by(Cancelled()), CLOCK, 20, path)
    assert path.read_bytes() == b"the older film"
    assert everything_in(tmp_path) == [name]
    write_film(noisy_frames(3), CLOCK, 3, path)
    assert path.stat().st_size > 100
    assert everything_in(tmp_path) == [name]


def test_an_older_series_is_replaced_as_a_whole_and_other_files_are_left_alone(tmp_path):
    write_film(noisy_frames(9), CLOCK, 9, tmp_path / "frame_%04d.png")
    (tmp_path / "frame_notes.txt").write_text("mine")
    (tmp_path / "frame_a_0001.png").write_text("mine")
    first = (tmp_path / "frame_0000.png").read_bytes()
    with pytest.raises(Cancelled):
        write_film(ended_by(Cancelled()), CLOCK, 20, tmp_path / "frame_%04d.png")
    assert len(everything_in(tmp_path)) == 11
    assert (tmp_path / "frame_0000.png").read_bytes() == first
    write_film(noisy_frames(4), CLOCK, 4, tmp_path / "frame_%04d.png")
    assert everything_in(tmp_path) == [f"frame_{i:04d}.png" for i in range(4)] + ["frame_a_0001.png", "frame_notes.txt"]


def test_a_cancel_in_the_progress_bar_stops_within_a_frame(tmp_path):
    class Stage:
        steps = 0

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def advance(self, steps=1):
            self.steps += steps
            if self.steps == 7:
                raise Cancelled

    class Bar:
        def stage(self, name, total=None):
            assert total == 1000
            return stage

    stage, taken = Stage(), []
    with pytest.raises(Cancelled):
        write_film((taken.append(1) or frame for frame in noisy_frames(1000)), CLOCK, 1000, tmp_path / "film.mp4", progress=Bar())
    assert len(taken) == 7
    assert everything_in(tmp_path) == []


def test_folders_that_are_missing_are_made_and_odd_names_are_fine(tmp_path):
    for name in ["a/b c/film.mp4", "电影/演讲 \"quoted\" 'film'.mp4", "50% off: 100%d.mp4", "file:x.mkv", "-o.gif", "a" * 200 + ".mp4"]:
        path = tmp_path / name
        assert write_film(noisy_frames(2), CLOCK, 2, path).path == path
        assert path.stat().st_size > 100
        assert not list(path.parent.glob(".*"))


@pytest.mark.parametrize(("name", "settings", "words"), [
    ("film.xyz", {}, "ending '.xyz'"),
    ("film", {}, "no ending"),
    ("film.mkv", {"format": "mp4-h264"}, "does not go with the format mp4-h264; give it the ending .mp4 or .m4v"),
    ("file/film.mp4", {}, "a part of that path is a file"),
    ("file/deeper/film.mp4", {}, "a part of that path is a file"),
    ("folder.mp4", {}, "is a folder"),
    ("b" * 300 + ".mp4", {}, "too long"),
    ("%d_%d.png", {}, "one place for the number"),
    ("100%.png", {}, "one place for the number"),
])
def test_an_output_that_cannot_be_is_refused_before_the_work_begins(name, settings, words, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "folder.mp4" / "x").write_text("")
    before = everything_in(tmp_path)
    with pytest.raises(OutputError, match=words):
        check_output(tmp_path / name, WriteSettings(**settings))
    with pytest.raises(OutputError, match=words):
        write_film(noisy_frames(2), CLOCK, 2, tmp_path / name, WriteSettings(**settings))
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize(("settings", "words"), [
    ({"format": "mp5"}, "no format called 'mp5'. Choose one of: .*mp4-h264"),
    ({"crf": 99}, "crf 99 is outside 0 to 51"),
    ({"preset": "quick"}, "'quick' is not a preset of libx264. Choose one of: ultrafast"),
    ({"pix_fmt": "rgb24"}, "libx264 does not take the pixel format 'rgb24'. It takes: yuv420p"),
    ({"encoder": "gpu"}, "'gpu' is not known; choose auto or hardware"),
    ({"sound": "loud"}, "'loud' is not known; choose copy, encode or none"),
])
def test_settings_that_do_not_fit_are_refused_with_the_choices(settings, words, tmp_path):
    with pytest.raises(InputError, match=words):
        write_film(noisy_frames(2), CLOCK, 2, tmp_path / "film.mp4", WriteSettings(**settings), SoundArray(np.zeros((1, 800)), 8000))
    assert everything_in(tmp_path) == []


def test_a_size_the_codec_cannot_take_is_said(tmp_path):
    with pytest.raises(OutputError, match="libx265 cannot make films of 8 x 8 pixels as yuv420p .*choose another format or size"):
        write_film(noisy_frames(2, 8, 8), CLOCK, 2, tmp_path / "film.mp4", WriteSettings(format="mp4-h265"))
    assert everything_in(tmp_path) == []


def test_a_place_where_one_may_not_write_is_said_before_the_work_begins(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refused)
    with pytest.raises(OutputError, match="may not be written by this user: choose a folder that is yours"):
        check_output(tmp_path / "film.mp4", WriteSettings())


@pytest.fixture
def small_disk(tmp_path):
    """A folder with room for 300 kB: a tmpfs where that may be mounted, else None."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = sys.platform == "linux" and os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)], capture_output=True, check=False).returncode == 0
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_full_disk_is_said_and_nothing_is_left_on_it(name, small_disk, tmp_path, monkeypatch):
    if small_disk is None:
        small_disk = tmp_path
        monkeypatch.setattr(film_writer.FilmWriter, "put", full)
        name = "film.mp4"
    with pytest.raises(OutputError, match="No room is left on the disk"):
        best = WriteSettings(crf=0 if name[-3:] in ("mp4", "ebm", "ebp") else None, preset="ultrafast")
        write_film(noisy_frames(30, 256, 256), CLOCK, 30, target(small_disk, name), best)
    assert everything_in(small_disk) == (["disk"] if small_disk == tmp_path else [])


def full(*_):
    raise OSError(28, "No space left on device")


def test_ctrl_c_in_the_middle_of_a_real_run_leaves_nothing(tmp_path):
    """A process of its own, interrupted by a real signal while it encodes."""
    code = """
import sys, os, signal, threading, numpy as np
from fractions import Fraction
from talking_avatar.media.clock import Clock
from talking_avatar.media.film import Frame
from talking_avatar.media.picture import Picture
from talking_avatar.media.write import write_film
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with it ignored
def frames():
    for i in range(100000):
        if i == 30:
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        yield Frame(i, Picture.from_rgb(np.full((240, 320, 3), i % 256, np.uint8)))
try:
    write_film(frames(), Clock(Fraction(25)), 100000, sys.argv[1])
except KeyboardInterrupt:
    print("interrupted", threading.active_count())
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "film.mp4")], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip().startswith("interrupted"), done.stderr
    assert everything_in(tmp_path) == []


def test_pictures_are_written_whole_too(tmp_path):
    grey = np.full((20, 30, 3), 128, np.uint8)
    for name in ("a.png", "b.jpg", "deep/c.JPEG", "d.webp"):
        write_picture(tmp_path / name, grey)
        assert (tmp_path / name).stat().st_size > 50
    with pytest.raises(OutputError, match="end it with .png"):
        write_picture(tmp_path / "e.bmp2", grey)
    assert len(everything_in(tmp_path)) == 5
