"""Bad input gets one clear sentence and an exit code, and leaves nothing behind."""
import os
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
from talking_avatar.media.open import open_source


@pytest.fixture
def refused(run, tmp_path, names_in):
    """refused(avatar, audio, *more) -> the sentence; checks that the command failed politely and wrote nothing."""

    def refused(avatar, audio, *more, code=2) -> str:
        folder = tmp_path / "results"
        folder.mkdir(exist_ok=True)
        exit_code, said, sentence = run("render", "--avatar", avatar, "--audio", audio, "-o", folder / "out.mp4", *more)
        assert exit_code == code, sentence
        assert said == "" and names_in(folder) == []
        assert sentence.startswith("talking-avatar: ") and sentence.count("\n") == 1 and "Traceback" not in sentence
        return sentence

    return refused


def test_a_missing_file_is_named(refused, spoken_wav, astronaut_photo, tmp_path):
    assert "nobody.png" in refused(tmp_path / "nobody.png", spoken_wav)
    assert "nothing.wav" in refused(astronaut_photo, tmp_path / "nothing.wav")


def test_a_picture_without_a_face_is_refused(refused, samples, spoken_wav, tmp_path):
    photo = samples.write_photo(tmp_path / "noise.png", np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8))
    assert "No face was found in 'noise.png'" in refused(photo, spoken_wav)


def test_an_animal_is_refused(refused, samples, spoken_wav, tmp_path):
    from skimage import data

    assert "No face was found" in refused(samples.write_photo(tmp_path / "cat.png", data.chelsea()), spoken_wav)


def test_a_picture_of_16_by_16_pixels_is_refused(refused, samples, astronaut_photo, spoken_wav, tmp_path):
    tiny = open_source(astronaut_photo, max_side=16).frame(0).picture.rgb()
    refused(samples.write_photo(tmp_path / "tiny.png", tiny), spoken_wav)


def test_a_film_cut_off_before_its_index_is_refused(refused, astronaut_film, spoken_wav, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(astronaut_film.read_bytes()[:20000])
    assert "broken.mp4" in refused(broken, spoken_wav)


def test_a_film_with_sound_alone_is_no_avatar(refused, samples, spoken_wav, tmp_path):
    sound = samples.write_sound(tmp_path / "only_sound.mp4", samples.tone(1.0), 16000, "aac")
    assert "only_sound.mp4" in refused(sound, spoken_wav)


def test_a_film_without_sound_is_no_speech(refused, samples, astronaut_photo, tmp_path):
    mute = samples.write_film(tmp_path / "mute.mp4")
    assert "mute.mp4" in refused(astronaut_photo, mute)


def test_a_text_file_is_neither_picture_nor_sound(refused, astronaut_photo, spoken_wav, tmp_path):
    text = tmp_path / "words.txt"
    text.write_text("hello")
    assert "words.txt" in refused(text, spoken_wav)
    assert "words.txt" in refused(astronaut_photo, text)


def test_sound_of_no_length_is_refused(refused, samples, astronaut_photo, tmp_path):
    import soundfile

    soundfile.write(tmp_path / "empty.wav", np.zeros(0, np.float32), 16000)
    assert "empty.wav" in refused(astronaut_photo, tmp_path / "empty.wav")


def test_an_unknown_engine_or_setting_is_named_with_those_there_are(refused, astronaut_photo, spoken_wav):
    assert "embedded" in refused(astronaut_photo, spoken_wav, "--engine", "magic")
    assert "head_motion" in refused(astronaut_photo, spoken_wav, "--set", "headmotion=1")
    assert "between 0.3 and 1.5" in refused(astronaut_photo, spoken_wav, "--set", "mouth=9")
    assert "'wide'" in refused(astronaut_photo, spoken_wav, "--set", "mouth=wide")


def test_a_face_choice_that_makes_no_sense_is_refused(refused, astronaut_photo, spoken_wav):
    assert "largest, centre" in refused(astronaut_photo, spoken_wav, "--face", "prettiest")


def test_the_result_may_not_replace_its_own_input(run, astronaut_photo, spoken_wav, tmp_path):
    film = tmp_path / "me.png"
    shutil.copy(astronaut_photo, film)
    code, _, sentence = run("render", "--avatar", film, "--audio", spoken_wav, "-o", film)
    assert code == 2 and "both input and output" in sentence
    assert film.read_bytes() == astronaut_photo.read_bytes()


@pytest.mark.parametrize("ending", ["xyz", "txt"])
def test_an_ending_nobody_can_write_is_refused(run, astronaut_photo, spoken_wav, tmp_path, ending):
    code, _, sentence = run("render", "--avatar", astronaut_photo, "--audio", spoken_wav, "-o", tmp_path / f"out.{ending}")
    assert code in (2, 4) and ".mp4" in sentence


def test_a_place_that_cannot_be_written_is_named_before_the_work(run, astronaut_photo, spoken_wav, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    code, _, sentence = run("render", "--avatar", astronaut_photo, "--audio", spoken_wav, "-o", blocked / "out.mp4")
    assert code == 4 and "out.mp4" in sentence


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_silent_or_broken_sound_gives_a_film_with_a_resting_mouth(run, astronaut_photo, tmp_path, value):
    import soundfile

    soundfile.write(tmp_path / "sound.wav", np.full(16000, value, np.float32), 16000, subtype="FLOAT")
    out = tmp_path / "out.mkv"
    words = ("--set", "head_motion=0", "--set", "blinks=0")
    assert run("render", "--avatar", astronaut_photo, "--audio", tmp_path / "sound.wav", "-o", out, *words)[0] == 0
    frames = [frame.picture.rgb() for frame in open_source(out).frames()]
    assert len(frames) == 25
    assert all((frame == frames[0]).all() for frame in frames)


def test_20_ms_of_sound_give_a_film_of_one_frame(run, samples, astronaut_photo, tmp_path):
    sound = samples.write_sound(tmp_path / "blip.wav", samples.babble(0.02), 16000, "pcm_s16le")
    assert run("render", "--avatar", astronaut_photo, "--audio", sound, "-o", tmp_path / "out.mp4")[0] == 0
    assert open_source(tmp_path / "out.mp4").n_frames == 1


def test_a_jpeg_named_png_a_turned_photo_and_16_bit_grey_are_welcome(run, samples, astronaut_photo, tmp_path):
    from PIL import Image

    upright = Image.open(astronaut_photo).resize((256, 256))
    upright.convert("RGB").save(tmp_path / "really_a_jpeg.png", format="JPEG")
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=exif)
    grey = (np.asarray(upright.convert("L")).astype(np.uint16) * 257)
    Image.fromarray(grey).save(tmp_path / "grey16.png")
    speech = samples.write_sound(tmp_path / "s.wav", samples.babble(0.3), 16000, "pcm_s16le")
    for name in ("really_a_jpeg.png", "turned.jpg", "grey16.png"):
        code, said, _ = run("render", "--avatar", tmp_path / name, "--audio", speech, "-o", tmp_path / f"{name}.mp4")
        assert code == 0 and "face in 8 of 8 frames" in said


def test_ctrl_c_in_the_middle_leaves_no_file(start, samples, astronaut_photo, tmp_path, names_in):
    folder = tmp_path / "results"
    folder.mkdir()
    speech = samples.write_sound(tmp_path / "long.wav", samples.babble(60), 16000, "pcm_s16le")
    child = start("render", "--avatar", astronaut_photo, "--audio", speech, "-o", folder / "out.mp4")
    deadline = time.time() + 60
    while not any(path.stat().st_size > 40000 for path in folder.iterdir()) and time.time() < deadline and child.poll() is None:
        time.sleep(0.05)
    assert names_in(folder) and child.poll() is None, "the film should be growing now"
    child.send_signal(signal.SIGINT)
    _, complaint = child.communicate(timeout=20)
    assert child.returncode == 130
    assert complaint == "talking-avatar: stopped; nothing was written.\n"
    assert names_in(folder) == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 300 kB; where mounting is not allowed, one folder whose files may not grow beyond that."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.name == "posix" and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)],
                                                    capture_output=True, check=False).returncode == 0
    if mounted:
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_and_nothing_half_written_stays(run, astronaut_photo, spoken_wav, small_disk, names_in):
    code, _, sentence = run("render", "--avatar", astronaut_photo, "--audio", spoken_wav, "-o", small_disk / "out.mkv")
    assert code == 4 and "out.mkv" in sentence
    assert names_in(small_disk) == []
