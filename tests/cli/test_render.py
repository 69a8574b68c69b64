"""`talking-avatar render` on good input: the film is as long as the speech, its sound is the speech, and one line says what was done."""
import dataclasses
from fractions import Fraction

import av
import numpy as np
import pytest
from talking_avatar.compose.patch import FacePatch
from talking_avatar.engines import engine as engines
from talking_avatar.media.open import open_sound, open_source


def test_a_photo_and_a_sound_become_a_film_of_the_sound_s_length(run, astronaut_photo, spoken_wav, tmp_path):
    out = tmp_path / "out.mp4"
    code, said, complaint = run("render", "--avatar", astronaut_photo, "--audio", spoken_wav, "-o", out)
    assert (code, complaint) == (0, "")
    assert "50 frames" in said and "face in 50 of 50 frames" in said
    film = open_source(out)
    assert (film.n_frames, film.width, film.height, film.clock.fps) == (50, 512, 512, 25)
    assert abs(film.sound.seconds - 2.0) < 0.05


def test_a_film_keeps_its_rate_size_and_pixels_outside_the_mouth(run, astronaut_film, spoken_wav, tmp_path):
    out = tmp_path / "out.mkv"
    code, said, _ = run("render", "--avatar", astronaut_film, "--audio", spoken_wav, "-o", out)
    assert code == 0 and "ffv1" in said
    before, after = open_source(astronaut_film), open_source(out)
    assert (after.n_frames, after.width, after.height, after.clock.fps) == (50, 480, 360, Fraction(25))
    for old, new in zip(before.frames(), after.frames(), strict=True):
        changed = np.abs(old.picture.rgb().astype(int) - new.picture.rgb()).max(axis=2) > 0
        assert not changed[:60].any() and not changed[:, 400:].any()  # the face is small and in the upper middle


def test_the_sound_of_a_lossless_film_is_the_speech_bit_for_bit(run, astronaut_photo, spoken_wav, tmp_path):
    out = tmp_path / "out.mkv"
    assert run("render", "--avatar", astronaut_photo, "--audio", spoken_wav, "-o", out)[0] == 0
    speech, heard = (np.concatenate(list(open_sound(path).blocks()), axis=1) for path in (spoken_wav, out))
    np.testing.assert_array_equal(speech, heard)


@pytest.mark.parametrize("ending", ["mp4", "webm", "gif"])
def test_the_ending_of_the_name_chooses_the_format(run, astronaut_photo, samples, tmp_path, ending):
    speech = samples.write_sound(tmp_path / "short.wav", samples.babble(0.4), 16000, "pcm_s16le")
    out = tmp_path / f"out.{ending}"
    assert run("render", "--avatar", astronaut_photo, "--audio", speech, "-o", out, "--max-side", 256)[0] == 0
    assert open_source(out).n_frames == 10


def test_a_folder_gets_a_series_of_pictures(run, astronaut_photo, samples, tmp_path):
    speech = samples.write_sound(tmp_path / "short.wav", samples.babble(0.2), 16000, "pcm_s16le")
    code, _, complaint = run("render", "--avatar", astronaut_photo, "--audio", speech, "-o", f"{tmp_path}/series/")
    assert (code, complaint) == (0, "")
    pictures = sorted((tmp_path / "series").iterdir())
    assert len(pictures) == 5 and all(open_source(picture).width == 512 for picture in pictures)


def test_text_is_spoken_by_the_voice_that_needs_no_server(run, astronaut_photo, tmp_path):
    out = tmp_path / "out.mp4"
    assert run("render", "--avatar", astronaut_photo, "--text", "Maybe a map.", "-o", out)[0] == 0
    film = open_source(out)
    assert abs(film.n_frames / 25 - film.sound.seconds) <= 0.06
    assert film.n_frames > 15


def test_a_contact_sheet_is_written_beside_the_film(run, astronaut_photo, spoken_wav, tmp_path):
    sheet = tmp_path / "sheet.png"
    assert run("render", "--avatar", astronaut_photo, "--audio", spoken_wav, "-o", tmp_path / "out.mp4", "--contact-sheet", sheet)[0] == 0
    picture = next(open_source(sheet).frames()).picture
    assert picture.width >= 1000 and picture.rgb().std() > 20


@pytest.mark.parametrize(("words", "rate"), [("29.97", Fraction(30000, 1001)), ("30000/1001", Fraction(30000, 1001)), ("24", Fraction(24))])
def test_a_photo_s_film_has_the_rate_that_was_asked_for(run, astronaut_photo, spoken_wav, tmp_path, words, rate):
    out = tmp_path / "out.mp4"
    assert run("render", "--avatar", astronaut_photo, "--audio", spoken_wav, "-o", out, "--fps", words, "--max-side", 256)[0] == 0
    film = open_source(out)
    assert film.clock.fps == rate
    assert film.n_frames == int(2 * rate + Fraction(1, 2))


def test_names_with_spaces_quotes_and_chinese_work(run, astronaut_photo, spoken_wav, tmp_path):
    odd = tmp_path / "a b 'c' \"d\" 说话 %d;$(x)"
    odd.mkdir()
    photo, speech = odd / "人 脸.png", odd / "声 音.wav"
    photo.write_bytes(astronaut_photo.read_bytes())
    speech.write_bytes(spoken_wav.read_bytes())
    out = odd / "结 果.mp4"
    assert run("render", "--avatar", photo, "--audio", speech, "-o", out, "--max-side", 256)[0] == 0
    assert open_source(out).n_frames == 50


@pytest.fixture
def nose_painter():
    """An engine of ten lines, known only to this test."""

    @dataclasses.dataclass(frozen=True)
    class Settings:
        size: int = 20

    @engines.register("nose")
    class Nose:
        name, title, licence, settings_type = "nose", "A white nose", "Apache-2.0", Settings

        def patches(self, take, settings, progress):
            for index, frame in enumerate(take.timeline.source):
                x, y = take.avatar.track.landmarks[int(frame)][4, :2].round()
                white = np.full((settings.size, settings.size, 3), 255, np.uint8)
                yield FacePatch(index, white, np.array([[1, 0, x], [0, 1, y]]), mask=white[..., 0])

    yield
    del engines._ENGINES["nose"]


def test_an_engine_registered_from_outside_works_through_the_same_command(run, astronaut_photo, spoken_wav, tmp_path, nose_painter):
    out = tmp_path / "out.mkv"
    code, said, _ = run("render", "--avatar", astronaut_photo, "--audio", spoken_wav, "-o", out, "--engine", "nose", "--set", "size=30")
    assert code == 0 and "50 frames" in said
    with av.open(str(out)) as film:
        pixels = next(film.decode(video=0)).to_ndarray(format="rgb24")
    before = open_source(astronaut_photo).frame(0).picture.rgb()
    changed = np.abs(before.astype(int) - pixels).max(axis=2) > 2
    assert pixels[changed].min() > 250
    assert 800 <= changed.sum() <= 900


def test_of_a_long_film_only_what_helps_is_tracked(run, samples, astronaut_photo, tmp_path):
    still = np.asarray(open_source(astronaut_photo, max_side=160).frame(0).picture.rgb())
    film = samples.write_film(tmp_path / "long.mp4", [still] * 90, fps=1, sound=None)
    speech = samples.write_sound(tmp_path / "short.wav", samples.babble(2.0), 16000, "pcm_s16le")
    assert run("render", "--avatar", film, "--audio", speech, "-o", tmp_path / "out.mp4")[0] == 0
    tracked = [np.load(path)["present"].size for path in (tmp_path / "cache" / "tracks").rglob("*.npz")]
    assert tracked == [62]


def test_a_part_of_the_film_can_be_named(run, samples, astronaut_film, tmp_path):
    out = tmp_path / "out.mkv"
    speech = samples.write_sound(tmp_path / "short.wav", samples.babble(0.4), 16000, "pcm_s16le")
    assert run("render", "--avatar", astronaut_film, "--audio", speech, "-o", out, "--start", 1.0, "--duration", 0.2)[0] == 0
    top = [frame.picture.rgb()[:40] for frame in open_source(out).frames()]
    wanted = [frame.picture.rgb()[:40] for frame in open_source(astronaut_film).walk([25, 26, 27, 28, 29, 28, 27, 26, 25, 26])]
    np.testing.assert_array_equal(np.stack(top), np.stack(wanted))
