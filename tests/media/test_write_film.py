"""What is written is what was given: every frame, at its time, in its colours, bit for bit where the codec can."""
from fractions import Fraction

import av
import cv2
import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import InputError
from talking_avatar.media.clock import Clock
from talking_avatar.media.colour import Colour
from talking_avatar.media.film import Frame
from talking_avatar.media.open import open_source
from talking_avatar.media.picture import Picture
from talking_avatar.media.pixel_format import pixel_format
from talking_avatar.media.write import WriteSettings, write_film

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001)]
FILM_FORMATS = {"mp4-h264": "mp4", "mp4-h265": "mp4", "webm-vp9": "webm", "webm-av1": "webm", "mov-prores": "mov", "mkv-ffv1": "mkv",
                "mkv-h264-lossless": "mkv"}
N = 24


def uneven_clock(n=N, seed=3):
    steps = np.random.default_rng(seed).choice([1 / 30, 2 / 30, 0.0417], n)
    return Clock(Fraction(n) / Fraction(float(steps.sum())).limit_denominator(10_000), np.concatenate([[0.0], np.cumsum(steps)[:-1]]))


def frames_of(pictures):
    return (Frame(i, picture) for i, picture in enumerate(pictures))


@pytest.fixture(scope="module")
def small_pictures(samples):
    """24 pictures of 64 x 64 in yuv420p."""
    return [yuv_picture(samples.moving_picture(i, 64, 64), "yuv420p") for i in range(N)]


def yuv_picture(rgb, pix_fmt, colour=None, sar=Fraction(1)):
    frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format=pix_fmt, dst_colorspace=1, src_color_range=2, dst_color_range=1)
    frame.colorspace, frame.color_range = 1, 1
    picture = Picture.from_av(frame, sar=sar)
    return picture if colour is None else Picture.from_planes(picture.planes, picture.layout, colour, sar)


def noise_picture(pix_fmt, width=64, height=48, seed=0, colour=None):
    """Every sample at random: nothing may be rounded, swapped or squeezed unseen."""
    layout = pixel_format(pix_fmt)
    rng = np.random.default_rng(seed)
    if layout.kind == "rgb":
        planes = (rng.integers(0, 256, (height, width, 4 if layout.alpha else 3)).astype(np.uint8),)
        return Picture.from_planes(planes, layout, Colour(0, True, 1, 13))
    small = (-(-height // 2**layout.shift_y), -(-width // 2**layout.shift_x))
    shapes = {"gray": [(height, width)], "yuv": [(height, width), small, small] + [(height, width)] * layout.alpha}[layout.kind]
    planes = tuple(rng.integers(0, 2**layout.depth, shape).astype(layout.dtype) for shape in shapes)
    return Picture.from_planes(planes, layout, colour or Colour(1, False, 1, 1))


def read_back(path):
    """Seconds of every frame from the first, the decoded frames, and the length of the whole in microseconds."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        frames = list(container.decode(stream))
        times = [frame.pts * frame.time_base - frames[0].pts * frames[0].time_base for frame in frames]
        return times, frames, container.duration


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{float(rate):.3f}")
@pytest.mark.parametrize("name", FILM_FORMATS)
def test_every_frame_arrives_at_exactly_its_time(name, rate, small_pictures, tmp_path):
    path = tmp_path / f"film.{FILM_FORMATS[name]}"
    written = write_film(frames_of(small_pictures), Clock(rate), N, path, WriteSettings(format=name))
    times, frames, _ = read_back(path)
    assert len(frames) == written.frames == N
    assert open_source(path).clock == Clock(rate)
    tick = 0 if path.suffix in (".mp4", ".mov") else Fraction(1, 1000)  # Matroska counts in milliseconds
    assert max(abs(time - i / rate) for i, time in enumerate(times)) <= tick
    assert written.seconds == pytest.approx(float(N / rate))


@pytest.mark.parametrize("name", FILM_FORMATS)
def test_an_uneven_clock_is_kept_to_the_tick(name, small_pictures, tmp_path):
    path, clock = tmp_path / f"film.{FILM_FORMATS[name]}", uneven_clock()
    write_film(frames_of(small_pictures), clock, N, path, WriteSettings(format=name))
    times, frames, *_ = read_back(path)
    assert len(frames) == N
    tick = 6e-6 if path.suffix in (".mp4", ".mov") else 1e-3
    assert np.abs(np.array([float(t) for t in times]) - clock.times).max() <= tick


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(n=st.integers(1, 20), rate=st.fractions(5, 120, max_denominator=1001))
def test_any_length_at_any_rate_lasts_exactly_n_frames(n, rate, small_pictures, tmp_path):
    path = tmp_path / "film.mp4"
    write_film(frames_of(small_pictures), Clock(rate), n, path)
    times, frames, duration = read_back(path)
    assert len(frames) == n
    assert max(abs(time - i / rate) for i, time in enumerate(times)) <= 1e-4
    assert duration / 1e6 == pytest.approx(float(n / rate), abs=2e-3)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p12le", "yuva420p",
                                     "yuva444p10le", "gray", "gray10le", "rgb24", "rgba", "yuv411p"])
def test_lossless_output_is_bit_identical_to_the_source(pix_fmt, tmp_path):
    pictures = [noise_picture(pix_fmt, seed=i) for i in range(5)]
    written = write_film(frames_of(pictures), Clock(Fraction(25)), 5, tmp_path / "film.mkv")
    expected_format = {"rgb24": "bgr0", "rgba": "bgra"}.get(pix_fmt, pix_fmt)
    assert written.pix_fmt == expected_format
    _, frames, *_ = read_back(tmp_path / "film.mkv")
    for picture, frame in zip(pictures, frames, strict=True):
        assert frame.format.name == expected_format
        back = Picture.from_av(frame)
        for mine, theirs in zip(picture.planes, back.planes, strict=True):
            np.testing.assert_array_equal(mine, theirs[..., : mine.shape[2]] if mine.ndim == 3 else theirs)


@pytest.mark.parametrize("size", [(63, 47), (64, 47), (63, 48), (1, 1), (16, 16)])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "rgb24"])
def test_odd_sizes_are_padded_by_repeating_the_last_row_and_column(size, pix_fmt, tmp_path):
    picture = noise_picture(pix_fmt, *size)
    written = write_film(frames_of([picture] * 3), Clock(Fraction(25)), 3, tmp_path / "film.mp4", WriteSettings(crf=0))
    width, height = size[0] + size[0] % 2, size[1] + size[1] % 2
    assert (written.width, written.height) == (width, height)
    _, frames, *_ = read_back(tmp_path / "film.mp4")
    luma = Picture.from_av(frames[0]).planes[0].astype(int)
    assert luma.shape == (height, width)
    if pix_fmt == "yuv420p":
        assert np.abs(luma[: size[1], : size[0]] - picture.planes[0]).max() <= 1
    assert np.abs(luma[:, -1] - luma[:, size[0] - 1]).max() <= 1
    assert np.abs(luma[-1] - luma[size[1] - 1]).max() <= 1


@pytest.mark.parametrize("name", ["mp4-h264", "mp4-h265", "webm-vp9", "webm-av1", "mkv-ffv1", "mov-prores"])
def test_colour_tags_and_depth_are_carried_through(name, samples, tmp_path):
    picture = yuv_picture(samples.moving_picture(0, 64, 64), "yuv420p10le", Colour(9, False, 9, 16))  # BT.2020, PQ
    path = tmp_path / f"film.{FILM_FORMATS[name]}"
    written = write_film(frames_of([picture] * 4), Clock(Fraction(25)), 4, path, WriteSettings(format=name))
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        frame = next(container.decode(video=0))
        assert (context.colorspace, context.color_primaries, context.color_trc, frame.color_range) == (9, 9, 16, 1)
    # libvpx in PyAV's wheel is built for 8 bits
    assert written.pix_fmt == {"webm-vp9": "yuv420p", "mov-prores": "yuv422p10le"}.get(name, "yuv420p10le")


@pytest.mark.parametrize("name", FILM_FORMATS)
def test_the_shape_of_pixels_is_carried_through_or_its_loss_is_said(name, samples, tmp_path):
    picture = yuv_picture(samples.moving_picture(0, 64, 64), "yuv420p", sar=Fraction(8, 9))
    path = tmp_path / f"film.{FILM_FORMATS[name]}"
    written = write_film(frames_of([picture] * 4), Clock(Fraction(25)), 4, path, WriteSettings(format=name))
    with av.open(str(path)) as container:
        kept = container.streams.video[0].sample_aspect_ratio == Fraction(8, 9)
    assert kept != any("8:9" in note for note in written.notes)
    assert kept == (name in ("mp4-h264", "mp4-h265", "mov-prores", "mkv-h264-lossless"))


def test_full_range_stays_full_where_the_format_can_say_so_and_prores_gets_limited(samples, tmp_path):
    rgb = samples.moving_picture(7, 64, 48)
    frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="yuvj420p", dst_colorspace=5, src_color_range=2, dst_color_range=2)
    picture = Picture.from_av(frame)
    assert picture.colour.full_range
    for name in ("mp4-h264", "mov-prores"):
        path = tmp_path / f"film.{FILM_FORMATS[name]}"
        crf = 4 if name == "mp4-h264" else None
        write_film(frames_of([picture] * 3), Clock(Fraction(25)), 3, path, WriteSettings(format=name, crf=crf))
        _, frames, *_ = read_back(path)
        back = Picture.from_av(frames[1])
        assert back.colour.full_range == (name == "mp4-h264")
        assert np.abs(back.rgb().astype(int) - picture.rgb()).mean() < 2.0, name


def test_a_photo_becomes_what_every_player_shows_in_its_true_colours(samples, tmp_path):
    rgb = (40 + 0.6 * cv2.GaussianBlur(samples.moving_picture(3, 128, 96), (0, 0), 3)).astype(np.uint8)
    written = write_film(frames_of([Picture.from_rgb(rgb)] * 3), Clock(Fraction(25)), 3, tmp_path / "film.mp4", WriteSettings(crf=1))
    assert written.pix_fmt == "yuv420p"
    with av.open(str(tmp_path / "film.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        back = Picture.from_av(next(container.decode(video=0)))
    error = back.rgb().astype(int) - rgb
    assert np.abs(error).mean() < 1.5
    assert np.abs(error.mean(axis=(0, 1))).max() < 0.3  # no cast


def test_chroma_of_a_photo_sits_where_players_look_for_it(tmp_path):
    ramp = np.zeros((32, 256, 3), np.uint8)
    ramp[..., 2] = np.arange(256)
    for pix_fmt in ("yuv420p", "yuv422p10le"):
        write_film(frames_of([Picture.from_rgb(ramp)]), Clock(Fraction(25)), 1, tmp_path / "film.mkv", WriteSettings(pix_fmt=pix_fmt))
        _, frames, *_ = read_back(tmp_path / "film.mkv")
        back = Picture.from_av(frames[0])
        blue = (back.planes[1].astype(float) / 2 ** (back.layout.depth - 8) - 128) / 224 * 2 * (1 - 0.0722) * 255 / (1 - 0.0722)
        # Cb of pure blue b is (1 - 0.0722) b / (2 (1 - 0.0722)) / 255: half of b
        place = blue[8, 8:-8]
        assert abs(np.mean(place - np.arange(256)[16:-16:2])) < 0.15, "left, not between two columns"


def test_alpha_is_kept_where_the_format_can(samples, tmp_path):
    rgba = np.dstack([samples.moving_picture(0, 64, 48), np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))])
    for name, pix_fmt in (("mov-prores", "yuva444p10le"), ("webm-vp9", "yuva420p"), ("mkv-ffv1", "bgra")):
        path = tmp_path / f"film.{FILM_FORMATS[name]}"
        written = write_film(frames_of([Picture.from_rgba(rgba)] * 3), Clock(Fraction(25)), 3, path, WriteSettings(format=name))
        assert written.pix_fmt == pix_fmt
        with av.open(str(path)) as container:
            decoder = av.CodecContext.create("libvpx-vp9", "r") if name == "webm-vp9" else None
            packets = (packet for packet in container.demux(video=0) if packet.size)
            frame = next(f for p in packets for f in (decoder.decode(p) if decoder else p.decode()))
        back = Picture.from_av(frame)
        alpha = back.alpha.astype(float) / (2**back.layout.depth - 1) * 255
        assert np.abs(alpha - rgba[..., 3]).max() < 4, name


def test_what_cannot_keep_alpha_shows_the_picture_over_light_paper(samples, tmp_path):
    rgba = np.dstack([np.zeros((48, 64, 3), np.uint8), np.zeros((48, 64), np.uint8)])
    write_film(frames_of([Picture.from_rgba(rgba)] * 2), Clock(Fraction(25)), 2, tmp_path / "film.mp4")
    _, frames, *_ = read_back(tmp_path / "film.mp4")
    assert np.abs(Picture.from_av(frames[0]).rgb().astype(int) - 235).max() <= 2


def test_the_encoder_keeps_whole_frames_together_on_all_its_threads(small_pictures, tmp_path):
    write_film(frames_of(small_pictures), Clock(Fraction(25)), N, tmp_path / "film.mp4")
    said = (tmp_path / "film.mp4").read_bytes()
    assert b"sliced_threads=0" in said  # sliced threads cost quality
    assert b"crf=18.0" in said


def test_crf_preset_and_pixel_format_are_obeyed(small_pictures, tmp_path):
    chosen = WriteSettings(crf=31, preset="ultrafast", pix_fmt="yuv444p")
    written = write_film(frames_of(small_pictures), Clock(Fraction(25)), N, tmp_path / "film.mp4", chosen)
    said = (tmp_path / "film.mp4").read_bytes()
    assert b"crf=31.0" in said
    assert b"cabac=0" in said  # ultrafast
    assert written.pix_fmt == "yuv444p"
    assert read_back(tmp_path / "film.mp4")[1][0].format.name == "yuv444p"


def test_mp4_begins_with_its_index_so_that_it_plays_while_it_loads(small_pictures, tmp_path):
    write_film(frames_of(small_pictures), Clock(Fraction(25)), N, tmp_path / "film.mp4")
    said = (tmp_path / "film.mp4").read_bytes()
    assert said.index(b"moov") < said.index(b"mdat")


def test_more_frames_than_asked_for_are_not_taken(small_pictures, tmp_path):
    taken = []

    def endless():
        try:
            while True:
                taken.append(1)
                yield Frame(len(taken), small_pictures[0])
        finally:
            taken.append("closed")

    write_film(endless(), Clock(Fraction(25)), 7, tmp_path / "film.mp4")
    assert taken == [1] * 7 + ["closed"]
    assert len(read_back(tmp_path / "film.mp4")[1]) == 7


def test_fewer_frames_than_promised_are_an_error_and_leave_nothing(small_pictures, tmp_path):
    with pytest.raises(InputError, match="24 of 25 frames"):
        write_film(frames_of(small_pictures), Clock(Fraction(25)), 25, tmp_path / "film.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_film_without_frames_is_refused(tmp_path):
    with pytest.raises(InputError, match="at least one frame"):
        write_film(iter(()), Clock(Fraction(25)), 0, tmp_path / "film.mp4")


def test_hardware_is_tried_and_the_reason_given_when_software_takes_over(small_pictures, tmp_path, monkeypatch):
    from talking_avatar.media import encoders

    monkeypatch.setattr(encoders, "_try", lambda plan: f"no {plan.encoder.name} in this test")  # whatever this machine has
    monkeypatch.setattr(encoders, "_TRIED", {})
    written = write_film(frames_of(small_pictures), Clock(Fraction(25)), N, tmp_path / "film.mp4", WriteSettings(encoder="hardware"))
    assert written.encoder == "libx264"
    assert "no h264_nvenc in this test" in written.fallback
    assert len(read_back(tmp_path / "film.mp4")[1]) == N


def test_the_account_of_the_film_reads_as_one_line(small_pictures, tmp_path):
    written = write_film(frames_of(small_pictures), Clock(Fraction(25)), N, tmp_path / "film.mp4")
    assert str(written) == "h264 by libx264, yuv420p, 64x64; no sound"


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.gif", "x.png"])
def test_memory_does_not_grow_with_the_film(name, samples, tmp_path):
    process, seen = psutil.Process(), []
    pictures = [Picture.from_rgb(samples.moving_picture(i, 480, 270)) for i in range(4)]

    def frames():
        for i in range(90):
            if i in (30, 89):
                seen.append(process.memory_info().rss / 2**20)
            yield Frame(i, pictures[i % 4])

    write_film(frames(), Clock(Fraction(25)), 90, tmp_path / name, WriteSettings(preset="ultrafast"))
    assert seen[1] - seen[0] < 15  # MB; 59 frames would be 22 or more
