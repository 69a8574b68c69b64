"""Formats are data: ours all work, a user's own are found, a bad one is named; and GIF, WebP and PNG hold what the film held."""
import json
from fractions import Fraction

import cv2
import numpy as np
import pytest
from PIL import Image
from talking_avatar.host.errors import InputError, OutputError
from talking_avatar.media import encoders
from talking_avatar.media.clock import Clock
from talking_avatar.media.contact_sheet import contact_sheet
from talking_avatar.media.encoders import formats
from talking_avatar.media.film import Frame
from talking_avatar.media.film_format import all_formats, choose_format
from talking_avatar.media.picture import Picture
from talking_avatar.media.write import WriteSettings, write_film

OURS = {"mp4-av1", "mkv-av1", "mkv-h264", "mp4-h264", "mp4-h265", "webm-vp9", "webm-av1",
        "mov-prores", "mkv-ffv1", "mkv-h264-lossless", "gif", "webp", "png"}
MINE = {"name": "tiny", "title": "Motion JPEG in AVI", "endings": [".avi"], "default_for": [".avi"], "container": "avi",
        "photo_pix_fmt": "yuvj420p", "encoders": [{"name": "mjpeg", "pix_fmts": ["yuvj420p"], "options": {"q:v": "3"}}],
        "sound": {"copy": ["pcm_*", "mp3"], "encoder": "pcm_s16le"}}


@pytest.fixture
def own_formats(tmp_path, monkeypatch):
    """The user's folder of formats."""
    monkeypatch.setenv("TALKING_AVATAR_USER", str(tmp_path / "user"))
    folder = tmp_path / "user" / "formats"
    folder.mkdir(parents=True)
    return folder


def photos(samples, n, width=96, height=64, alpha=None):
    pixels = [samples.moving_picture(i, width, height) for i in range(n)]
    if alpha is None:
        return pixels, [Frame(i, Picture.from_rgb(one)) for i, one in enumerate(pixels)]
    pixels = [np.dstack([one, alpha]) for one in pixels]
    return pixels, [Frame(i, Picture.from_rgba(one)) for i, one in enumerate(pixels)]


def test_all_our_formats_work_here():
    states = {state.name: state for state in formats()}
    assert set(states) == OURS
    assert {name: state.reason for name, state in states.items() if not state.works} == {}


def test_hardware_is_listed_only_where_it_truly_encodes():
    for state in formats(hardware=True):
        for name in state.hardware:
            assert encoders._codec(name) is not None


def test_an_encoder_that_is_listed_but_does_not_work_is_not_offered(monkeypatch):
    monkeypatch.setattr(encoders, "_TRIED", {})
    monkeypatch.setattr(encoders, "_try", lambda plan: "no such device" if plan.encoder.name == "libx265" else None)
    states = {state.name: state for state in formats()}
    assert not states["mp4-h265"].works
    assert states["mp4-h265"].reason == "no such device"
    assert states["mp4-h264"].works


@pytest.mark.parametrize(("path", "name"), [("a.mp4", "mp4-h264"), ("a.M4V", "mp4-h264"), ("a.mkv", "mkv-ffv1"), ("a.webm", "webm-vp9"),
                                            ("a.mov", "mov-prores"), ("a.gif", "gif"), ("a.webp", "webp"), ("a.png", "png"),
                                            ("frames/", "png"), ("f_%03d.png", "png")])
def test_the_ending_chooses_the_format(path, name):
    assert choose_format(path, None).name == name


def test_a_format_of_ones_own_is_a_file_in_a_folder(own_formats, samples, tmp_path):
    (own_formats / "tiny.json").write_text(json.dumps(MINE))
    assert choose_format("a.avi", None).name == "tiny"
    written = write_film(photos(samples, 10)[1], Clock(Fraction(25)), 10, tmp_path / "film.avi", sound=None)
    assert (written.format, written.codec, written.frames) == ("tiny", "mjpeg", 10)
    assert next(state for state in formats() if state.name == "tiny").works


def test_a_format_of_ones_own_may_replace_ours(own_formats):
    mine = json.loads((all_formats.__globals__["_OURS"] / "mp4-h264.json").read_text())
    mine["encoders"][0]["crf"]["default"] = 23
    (own_formats / "mp4-h264.json").write_text(json.dumps(mine))
    assert all_formats()["mp4-h264"].encoders[0].crf.default == 23


@pytest.mark.parametrize(("change", "words"), [
    ({"endigns": []}, "unknown field 'endigns'"), ({"writer": "film2"}, "writer is 'film2'"), ({"container": None}, "names no container"),
    ({"encoders": []}, "names no encoder"), ({"encoders": [{"pix_fmts": ["yuv420p"]}]}, "name"),
    ({"sound": {"copy": [], "encodr": "aac"}}, "unknown field 'encodr'"),
])
def test_a_bad_format_file_is_named_with_what_is_wrong(change, words, own_formats):
    (own_formats / "bad.json").write_text(json.dumps(MINE | change))
    with pytest.raises(InputError, match=f"bad.json.*{words}"):
        all_formats()


def test_a_file_that_is_no_json_is_named(own_formats):
    (own_formats / "bad.json").write_text("{name: tiny")
    with pytest.raises(InputError, match="bad.json"):
        all_formats()


def test_an_encoder_that_is_not_there_is_said(own_formats, samples, tmp_path):
    (own_formats / "tiny.json").write_text(json.dumps(MINE | {"encoders": [{"name": "libdream", "pix_fmts": ["yuv420p"]}]}))
    with pytest.raises(OutputError, match="needs the encoder libdream, which this build of PyAV lacks"):
        write_film(photos(samples, 2)[1], Clock(Fraction(25)), 2, tmp_path / "film.avi")
    state = next(state for state in formats() if state.name == "tiny")
    assert not state.works
    assert "libdream" in state.reason


def test_the_next_encoder_of_a_format_is_taken_where_the_first_is_missing(own_formats, samples, tmp_path):
    two = [{"name": "libdream", "pix_fmts": ["yuv420p"]}, *MINE["encoders"]]
    (own_formats / "tiny.json").write_text(json.dumps(MINE | {"encoders": two}))
    assert write_film(photos(samples, 2)[1], Clock(Fraction(25)), 2, tmp_path / "film.avi").encoder == "mjpeg"


def shown(path):
    """RGBA of every frame of an animated picture, and how long each is shown, in milliseconds."""
    with Image.open(path) as film:
        frames, lengths = [], []
        for i in range(film.n_frames):
            film.seek(i)
            frames.append(np.array(film.convert("RGBA")))
            lengths.append(film.info["duration"])
        return frames, lengths


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(50)])
@pytest.mark.parametrize("name", ["film.gif", "film.webp"])
def test_animated_pictures_have_every_frame_at_its_time(name, rate, samples, tmp_path):
    n = 40
    pixels, frames = photos(samples, n)
    written = write_film(frames, Clock(rate), n, tmp_path / name)
    seen, lengths = shown(tmp_path / name)
    assert len(seen) == written.frames == n
    tick = 10 if name.endswith("gif") else 1
    starts = np.concatenate([[0], np.cumsum(lengths)])
    late = np.abs(starts - 1000 * np.arange(n + 1) / float(rate))
    assert late[:-1].max() <= tick
    assert late[-1] <= 2 * tick
    for one, mine in zip(seen, pixels, strict=True):
        # Seen from a step back, where the pattern of dots that makes up for missing colours is not seen.
        assert np.abs(cv2.blur(one[..., :3], (7, 7)).astype(int) - cv2.blur(mine, (7, 7))).mean() < 8


def test_a_gif_of_an_uneven_film_keeps_its_times(samples, tmp_path):
    times = np.cumsum([0, 0.03, 0.07, 0.04, 0.1, 0.05, 0.03])
    write_film(photos(samples, 7)[1], Clock(Fraction(20), times), 7, tmp_path / "film.gif")
    lengths = shown(tmp_path / "film.gif")[1]
    assert lengths == [30, 70, 40, 100, 50, 30, 50]


def test_a_gif_leaves_out_what_browsers_would_slow_down_and_says_so(samples, tmp_path):
    written = write_film(photos(samples, 60)[1], Clock(Fraction(60000, 1001)), 60, tmp_path / "film.gif")
    seen, lengths = shown(tmp_path / "film.gif")
    assert min(lengths) >= 20
    assert sum(lengths) == pytest.approx(1001, abs=10)
    assert len(seen) == written.frames < 60
    assert "of 60 frames were left out" in str(written)


def test_a_gif_has_one_palette_so_that_what_stands_still_does_not_flicker(samples, tmp_path):
    still = samples.moving_picture(0, 96, 64)
    frames = []
    for i in range(12):
        moved = still.copy()
        moved[20:40, 10 + 2 * i : 30 + 2 * i] = samples.moving_picture(3 * i, 20, 20)
        frames.append(Frame(i, Picture.from_rgb(moved)))
    write_film(frames, Clock(Fraction(25)), 12, tmp_path / "film.gif")
    seen, _ = shown(tmp_path / "film.gif")
    for one in seen[1:]:
        np.testing.assert_array_equal(one[45:], seen[0][45:])


def test_a_gif_of_a_still_picture_keeps_its_frames(samples, tmp_path):
    frame = photos(samples, 1)[1][0]
    write_film([frame] * 20, Clock(Fraction(25)), 20, tmp_path / "film.gif")
    assert shown(tmp_path / "film.gif")[1] == [40] * 20


def test_transparency_is_kept_by_gif_webp_and_png(samples, tmp_path):
    y, x = np.mgrid[:64, :96]
    alpha = np.where(np.hypot(y - 32, x - 48) < 28, 255, 0).astype(np.uint8)
    _, frames = photos(samples, 4, alpha=alpha)
    for name in ("film.gif", "film.webp"):
        write_film(frames, Clock(Fraction(25)), 4, tmp_path / name)
        for one in shown(tmp_path / name)[0]:
            np.testing.assert_array_equal(one[..., 3], alpha)
    write_film(frames, Clock(Fraction(25)), 4, f"{tmp_path}/frames/")
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "frames" / "frame_00003.png"))[..., 3], alpha)


@pytest.mark.parametrize("name", ["frames/", "x_%03d.png", "x.png"])
def test_png_pictures_are_the_films_pixels_numbered_from_0(name, samples, tmp_path):
    pixels, frames = photos(samples, 7, 61, 33)
    written = write_film(frames, Clock(Fraction(25)), 7, f"{tmp_path}/{name}")
    names = {"frames/": "frames/frame_{:05d}.png", "x_%03d.png": "x_{:03d}.png", "x.png": "x_{:05d}.png"}[name]
    assert written.frames == 7
    for i, mine in enumerate(pixels):
        np.testing.assert_array_equal(np.array(Image.open(tmp_path / names.format(i))), mine)


def test_png_pictures_of_a_yuv_film_are_what_the_film_shows(astronaut_film, tmp_path):
    from talking_avatar.media.open import open_source

    film = open_source(astronaut_film)
    write_film(film.frames(0, 3), film.clock, 3, tmp_path / "x_%d.png")
    for i in range(3):
        np.testing.assert_array_equal(np.array(Image.open(tmp_path / f"x_{i}.png")), film.frame(i).picture.rgb())


def test_png_pictures_of_a_ten_bit_film_have_sixteen_bits(samples, tmp_path):
    import av

    frame = av.VideoFrame.from_ndarray(samples.moving_picture(0, 64, 48), "rgb24").reformat(format="yuv444p10le", dst_colorspace=1)
    picture = Picture.from_av(frame)
    written = write_film([Frame(0, picture)], Clock(Fraction(25)), 1, tmp_path / "x_%d.png")
    assert written.pix_fmt == "rgb48be"
    with av.open(str(tmp_path / "x_0.png")) as back:
        deep = next(back.decode(video=0)).to_ndarray(format="rgb48le").astype(float) / 257
    assert np.abs(deep - picture.rgb()).mean() < 0.8


def test_what_a_codec_has_no_setting_for_is_noted(samples, tmp_path):
    written = write_film(photos(samples, 2)[1], Clock(Fraction(25)), 2, tmp_path / "film.mkv", WriteSettings(crf=20, preset="slow"))
    assert "ffv1 has no crf, so crf 20 was not used" in written.notes
    assert "ffv1 has no presets, so 'slow' was not used" in written.notes


@pytest.mark.parametrize(("count", "columns"), [(1, 4), (5, 3), (12, 4)])
def test_a_contact_sheet_holds_every_picture_in_its_colours(count, columns):
    pictures = [np.full((40 + 7 * (i % 3), 60, 3), (20 * i, 255 - 20 * i, 90), np.uint8) for i in range(count)]
    sheet = contact_sheet(pictures, [f"frame {i}" for i in range(count)], columns, 640)
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] == 640
    colours = {tuple(pixel) for pixel in sheet.reshape(-1, 3)}
    assert {tuple(picture[0, 0]) for picture in pictures} <= colours


def test_a_contact_sheet_needs_a_picture():
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([], [])
