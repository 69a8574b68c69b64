"""Films are counted, clocked and decoded exactly, in any container, in any order, whole or damaged."""
import gc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import InputError
from talking_avatar.media.open import open_source

NTSC = Fraction(30000, 1001)
CONTAINERS = {
    "mp4 with b frames": ("film.mp4", {"codec": "libx264", "options": {"bf": "3", "g": "12"}}),
    "mkv": ("film.mkv", {"codec": "libx264", "options": {"g": "12"}}),
    "mpeg-ts": ("film.ts", {"codec": "libx264", "options": {"g": "12"}}),
    "avi without stamps": ("film.avi", {"codec": "mpeg4", "options": {"bf": "2", "g": "12"}}),
    "avi with h264": ("h264.avi", {"codec": "libx264", "options": {"g": "12"}}),
    "bare h264": ("film.h264", {"codec": "libx264", "options": {"g": "12"}}),
    "flv": ("film.flv", {"codec": "libx264", "options": {"g": "12"}}),
    "hevc": ("hevc.mp4", {"codec": "libx265", "options": {"x265-params": "log-level=none:keyint=12:open-gop=1"}}),
    "open gop": ("open.mp4", {"codec": "libx264", "options": {"x264-params": "open-gop=1:keyint=12:bframes=3"}}),
    "vp8 with hidden frames": ("vp8.webm", {"codec": "libvpx", "options": {"auto-alt-ref": "1", "lag-in-frames": "16", "b": "100k"}}),
    "vp9": ("vp9.webm", {"codec": "libvpx-vp9", "options": {"g": "12"}}),
    "prores": ("film.mov", {"codec": "prores_ks", "pix_fmt": "yuv422p10le"}),
    "ffv1": ("ffv1.mkv", {"codec": "ffv1"}),
}


def reference(path: Path) -> list[list[np.ndarray]]:
    """Every frame's planes, decoded from the first to the last by one thread."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_count = 1
        return [[np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width].copy() for plane in frame.planes]
                for frame in container.decode(video=0)]


def same(frame, planes) -> bool:
    return all(np.array_equal(ours.view(np.uint8)[:, : theirs.shape[1]], theirs)
               for ours, theirs in zip(frame.picture.planes, planes, strict=True))


@pytest.fixture(scope="module", params=list(CONTAINERS))
def container_film(request, tmp_path_factory, samples):
    name, how = CONTAINERS[request.param]
    return samples.write_film(tmp_path_factory.mktemp("film") / name, n=60, **how)


def test_every_container_is_counted_and_decoded_like_a_plain_decode(container_film):
    film, truth = open_source(container_film), reference(container_film)
    frames = list(film.frames())
    assert film.n_frames == len(truth) == 60
    assert [frame.index for frame in frames] == list(range(60))
    assert all(same(frame, planes) for frame, planes in zip(frames, truth, strict=True))
    assert film.clock.is_even and film.clock.fps == 25
    assert not film.status.repeated


def test_any_order_of_frames_gives_the_frames_of_a_plain_decode(container_film):
    film, truth = open_source(container_film), reference(container_film)
    order = [*range(50, 60), *range(58, 20, -1), 3, 3, 3, 59, 0, 30, 29, 28, 31, 12, 11, 13, 24, 23, *range(36, 48, 3)]
    for wanted, frame in zip(order, film.walk(order), strict=True):
        assert frame.index == wanted and same(frame, truth[wanted]), f"frame {wanted}"
    for start in (0, 1, 11, 12, 13, 35, 59):
        frame = film.frame(start)
        assert frame.index == start and same(frame, truth[start])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.integers(0, 49), min_size=1, max_size=40))
def test_walks_serve_any_list_of_numbers(astronaut_film, order):
    film = open_source(astronaut_film)
    assert [frame.index for frame in film.walk(order)] == order


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), 24, 25, NTSC, 30, 50, Fraction(60000, 1001), 60, 12, Fraction(25, 2), 15])
@pytest.mark.parametrize("ending", ["mp4", "mkv", "flv", "ts"])
def test_constant_rates_are_recognised_through_rounded_stamps(tmp_path, samples, fps, ending):
    film = open_source(samples.write_film(tmp_path / f"film.{ending}", n=80, size=(64, 48), fps=fps, options={"preset": "ultrafast"}))
    assert film.clock.is_even and film.clock.fps == Fraction(fps)
    assert film.n_frames == 80


def test_uneven_steps_are_kept_to_the_tick(tmp_path, samples):
    stamps = np.cumsum([0.0] + [1 / 30, 1 / 15, 1 / 30, 0.05] * 10)
    film = open_source(samples.write_film(tmp_path / "uneven.mp4", n=41, stamps=stamps))
    assert not film.clock.is_even
    assert np.abs(film.clock.times - stamps).max() <= 1 / 90_000
    assert film.clock.fps == pytest.approx(40 / stamps[-1], rel=1e-4)
    assert [frame.index for frame in film.frames()] == list(range(41))


def test_a_stream_that_changes_its_size_on_the_way_keeps_the_films(tmp_path, samples):
    small = samples.write_film(tmp_path / "small.ts", n=20, size=(96, 64)).read_bytes()
    (tmp_path / "both.ts").write_bytes(samples.write_film(tmp_path / "large.ts", n=20).read_bytes() + small)
    film = open_source(tmp_path / "both.ts")
    assert {(frame.picture.width, frame.picture.height) for frame in film.frames()} == {(128, 96)}


def test_a_single_dropped_frame_makes_a_film_uneven(tmp_path, samples):
    stamps = np.delete(np.arange(61) / 25, 30)
    film = open_source(samples.write_film(tmp_path / "dropped.mkv", n=60, stamps=stamps, time_base=Fraction(1, 1000)))
    assert not film.clock.is_even
    assert np.abs(film.clock.times - stamps).max() <= 0.001


def test_the_first_frame_stands_at_zero_and_its_offset_to_the_sound_is_kept(tmp_path, samples):
    stamps = 0.2 + np.arange(30) / 25
    film = open_source(samples.write_film(tmp_path / "late.mkv", n=30, stamps=stamps, time_base=Fraction(1, 1000),
                                          sound=samples.tone(1.4), sound_codec="pcm_s16le"))
    assert film.clock.is_even and film.clock.time(0) == 0
    assert film.start == pytest.approx(0.2, abs=0.002)
    assert film.sound.start == pytest.approx(-0.2, abs=0.002)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p", "yuv422p"])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_film_stored_lying_is_turned_upright(tmp_path, samples, turn, pix_fmt):
    upright = np.zeros((96, 64, 3), np.uint8)
    upright[:48, :32], upright[:48, 32:], upright[48:, :32] = (220, 40, 40), (40, 220, 40), (40, 40, 220)
    # The display matrix turns counter-clockwise by `turn`; what is stored is turned the other way.
    stored = np.ascontiguousarray(np.rot90(upright, -turn // 90))
    path = samples.write_film(tmp_path / "lying.mp4", [stored] * 3, pix_fmt=pix_fmt, turn=turn, options={"crf": "1"})
    film = open_source(path)
    assert (film.width, film.height) == (64, 96)
    shown = film.frame(2).picture.rgb()
    for y, x in [(24, 16), (24, 48), (72, 16), (72, 48)]:
        assert np.abs(shown[y, x].astype(int) - upright[y, x]).max() <= 8
    edge = shown[20, 24:40, 0].astype(int)
    assert abs(int(np.flatnonzero(edge < 130)[0]) - 8) <= 1, "the colours' edge moved"


def test_turning_moves_samples_and_changes_none(tmp_path, samples):
    path = samples.write_film(tmp_path / "lying.mp4", turn=90)
    film, truth = open_source(path), reference(path)
    for plane, stored in zip(film.frame(7).picture.planes, truth[7], strict=True):
        assert np.array_equal(plane, np.rot90(stored))


def test_pixels_that_are_not_square_keep_their_shape_as_a_number(tmp_path, samples):
    film = open_source(samples.write_film(tmp_path / "wide.mkv", n=3, sar=Fraction(4, 3)))
    assert film.sar == Fraction(4, 3) and film.frame(0).picture.sar == Fraction(4, 3)
    assert (film.width, film.height) == (128, 96)


@pytest.mark.parametrize(("codec", "ending", "pix_fmt"), [("libx265", "mp4", "yuv420p10le"), ("prores_ks", "mov", "yuv422p10le"),
                                                         ("libx264", "mp4", "yuv444p"), ("ffv1", "mkv", "yuv422p12le"),
                                                         ("ffv1", "mkv", "gray")])
def test_pictures_keep_the_films_own_format(tmp_path, samples, codec, ending, pix_fmt):
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    film = open_source(samples.write_film(tmp_path / f"film.{ending}", n=3, codec=codec, pix_fmt=pix_fmt, options=options))
    assert film.pixel_format.name == pix_fmt
    assert np.abs(film.frame(1).picture.rgb().astype(int) - samples.moving_picture(1)).mean() < (12 if pix_fmt != "gray" else 99)


@pytest.mark.parametrize(("tags", "matrix", "full"), [
    ({"colorspace": 1, "color_range": 1}, 1, False),
    ({"colorspace": 5, "color_range": 2}, 5, True),
    ({"colorspace": 9, "color_range": 1, "color_primaries": 9, "color_trc": 14}, 9, False),
])
def test_colours_are_read_by_the_files_own_matrix_and_range(tmp_path, samples, tags, matrix, full):
    still = np.zeros((64, 64, 3), np.uint8)
    still[:] = (210, 60, 40)
    film = open_source(samples.write_film(tmp_path / "film.mp4", [still] * 2, tags=tags, options={"crf": "1"}))
    assert (film.colour.matrix, film.colour.full_range) == (matrix, full)
    assert film.colour.primaries == tags.get("color_primaries", 2)
    assert np.abs(film.frame(0).picture.rgb()[30, 30].astype(int) - (210, 60, 40)).max() <= 4


def test_alpha_of_webm_is_kept(tmp_path, samples):
    pictures = [np.dstack([samples.moving_picture(i), np.full((96, 128), 90, np.uint8)]) for i in range(5)]
    film = open_source(samples.write_film(tmp_path / "alpha.webm", pictures, codec="libvpx-vp9", pix_fmt="yuva420p"))
    assert film.pixel_format.alpha
    assert np.abs(film.frame(3).picture.alpha.astype(int) - 90).max() <= 2


def test_odd_sizes_are_kept(tmp_path, samples):
    film = open_source(samples.write_film(tmp_path / "odd.mkv", size=(221, 227), n=3, codec="ffv1"))
    picture = film.frame(2).picture
    assert (film.width, film.height) == (221, 227) == (picture.width, picture.height)
    assert picture.rgb().shape == (227, 221, 3)


@pytest.mark.parametrize("name", ["with space.mp4", "中文 电影.mp4", "it's \"quoted\".mp4", "100%d.mp4", "a:b.mp4", "-dash.mp4",
                                  "UPPER.MOV"])
def test_names_of_all_kinds_open(tmp_path, samples, name):
    assert open_source(samples.write_film(tmp_path / name, n=2)).n_frames == 2


def test_the_content_decides_not_the_name(tmp_path, astronaut_film, astronaut_photo):
    film = tmp_path / "film.png"
    film.write_bytes(astronaut_film.read_bytes())
    assert open_source(film).n_frames == 50
    renamed = tmp_path / "photo.mp4"
    renamed.write_bytes(astronaut_photo.read_bytes())
    assert open_source(renamed).is_still


def test_a_film_without_sound_has_none(tmp_path, samples):
    assert open_source(samples.write_film(tmp_path / "mute.mp4", n=2)).sound is None


def test_a_film_that_breaks_off_gives_the_frames_that_are_there(tmp_path, samples):
    whole = samples.write_film(tmp_path / "whole.mkv", n=60, codec="ffv1")
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    film = open_source(broken)
    assert 25 <= film.n_frames < 60
    assert [frame.index for frame in film.frames()] == list(range(film.n_frames))


def test_an_mp4_with_its_index_first_opens_as_far_as_it_goes(tmp_path, samples):
    whole = samples.write_film(tmp_path / "whole.mp4", n=60, container_options={"movflags": "faststart"})
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size * 7 // 10])
    film = open_source(broken)
    assert 10 < film.n_frames < 60
    assert [frame.index for frame in film.frames()] == list(range(film.n_frames))
    assert film.frame(film.n_frames - 1).index == film.n_frames - 1


@pytest.mark.parametrize("seed", range(12))
def test_scattered_damage_moves_no_number(tmp_path, samples, seed):
    path = samples.write_film(tmp_path / "film.mkv", n=40, codec="libx264", options={"g": "10"})
    rng, data = np.random.default_rng(seed), bytearray(path.read_bytes())
    for at in rng.integers(1000, len(data), 12):
        data[at] = rng.integers(256)
    path.write_bytes(data)
    film = open_source(path)
    assert [frame.index for frame in film.frames()] == list(range(film.n_frames))
    order = [int(i) for i in rng.integers(0, film.n_frames, 6)]
    assert [frame.index for frame in film.walk(order)] == order


def test_a_stream_that_begins_on_the_way_does_not_end_the_film(tmp_path, samples):
    first = samples.write_film(tmp_path / "first.ts", n=20).read_bytes()
    second = samples.write_film(tmp_path / "second.ts", n=20, sound=samples.tone(0.8)).read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first + second)
    film = open_source(joined)
    assert [frame.index for frame in film.frames()] == list(range(film.n_frames))


def test_numbers_that_are_none_are_refused(astronaut_film):
    film = open_source(astronaut_film)
    for index in (-1, 50):
        with pytest.raises(IndexError):
            film.frame(index)
        with pytest.raises(IndexError):
            list(film.walk([0, index]))


@pytest.mark.parametrize("mirror", [{"hflip": True}, {"vflip": True}])
def test_a_film_stored_mirrored_is_mirrored_back(tmp_path, samples, mirror):
    path = samples.write_film(tmp_path / "mirrored.mp4", turn=0, mirror=mirror)
    film, truth = open_source(path), reference(path)
    flip = np.fliplr if "hflip" in mirror else np.flipud
    for plane, stored in zip(film.frame(7).picture.planes, truth[7], strict=True):
        assert np.array_equal(plane, flip(stored))


def test_frames_that_cannot_be_decoded_repeat_the_one_before_and_no_number_moves(tmp_path, samples):
    path = samples.write_film(tmp_path / "film.mkv", n=40, codec="mjpeg", pix_fmt="yuvj420p")
    truth = reference(path)
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    at = data.find(bytes(data[places[20][0] : places[20][0] + 4]))
    start = places[20][0]
    data[start + 20 : start + places[20][1]] = b"\xff\xd9" * ((places[20][1] - 20) // 2) + b"\0" * (places[20][1] % 2)
    path.write_bytes(data)
    assert at >= 0
    film = open_source(path)
    frames = list(film.frames())
    assert [frame.index for frame in frames] == list(range(40))
    assert film.status.repeated == {20}
    assert same(frames[20], truth[19]) and same(frames[21], truth[21])
    assert same(film.frame(20), truth[19]), "also when it is asked for alone"
    assert [same(frame, truth[min(frame.index, 19)] if frame.index == 20 else truth[frame.index])
            for frame in film.walk(range(25, 15, -1))] == [True] * 10


def test_an_mp4_without_its_index_says_so(tmp_path, samples):
    whole = samples.write_film(tmp_path / "whole.mp4", n=60)
    broken = tmp_path / "cut.mp4"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputError, match="cut.mp4.*cut off or damaged.*moov"):
        open_source(broken)


def test_sound_alone_is_no_avatar(tmp_path, samples):
    path = samples.write_sound(tmp_path / "only sound.mp4", samples.tone(), 16000, "aac")
    with pytest.raises(InputError, match="only sound.mp4.*no picture"):
        open_source(path)


@pytest.mark.parametrize(("name", "content", "says"), [
    ("text.mp4", b"hello there, this is text\n" * 40, "no film, picture or sound"),
    ("notes.txt", b"hello there, this is text\n" * 40, "no film, picture or sound"),
    ("list.ffconcat", b"ffconcat version 1.0\nfile other.mp4\n", "no film, picture or sound"),
    ("subtitles.srt", b"1\n00:00:01,000 --> 00:00:02,000\nhello\n\n" * 9, "subtitles.srt' holds no picture"),
    ("empty.mp4", b"", "empty"),
    ("noise.mp4", bytes(range(256)) * 40, "no film"),
])
def test_what_is_no_film_is_refused_in_one_sentence(tmp_path, name, content, says):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=says) as caught:
        open_source(path)
    assert str(caught.value).count("\n") == 0 and name in str(caught.value)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(InputError, match=r"no file .*nowhere\.mp4"):
        open_source(tmp_path / "nowhere.mp4")
    with pytest.raises(InputError, match="folder"):
        open_source(tmp_path)


def test_the_clip_opens_and_closes_without_leaving_anything(tmp_path, samples):
    pictures = [np.full((480, 640, 3), i, np.uint8) for i in range(30)]
    film = open_source(samples.write_film(tmp_path / "film.mp4", pictures, options={"preset": "ultrafast"}))
    process = psutil.Process()
    for i in range(320):
        frames = film.frames(i % 20)
        next(frames)
        frames.close()
        if i == 20:
            gc.collect()
            before, files, threads = process.memory_info().rss, len(process.open_files()), process.num_threads()
    assert process.memory_info().rss - before < 30e6
    assert len(process.open_files()) <= files and process.num_threads() <= threads


def test_a_walk_holds_few_frames_however_long_it_is(tmp_path, samples):
    pictures = [np.full((480, 640, 3), i, np.uint8) for i in range(120)]
    film = open_source(samples.write_film(tmp_path / "film.mp4", pictures, options={"preset": "ultrafast", "g": "250"}))
    process = psutil.Process()
    before = most = process.memory_info().rss
    for _ in film.walk([*range(120), *range(118, -1, -1)]):
        most = max(most, process.memory_info().rss)
    assert most - before < 70e6, "48 frames are 22 MB"


def test_another_rate_takes_the_nearest_frames(astronaut_film):
    film = open_source(astronaut_film, fps=10)
    assert film.clock.is_even and film.clock.fps == 10 and film.n_frames == 20
    direct = open_source(astronaut_film)
    for frame, source in zip(film.frames(), [0, 2, 5, 7, 10], strict=False):
        assert np.array_equal(frame.picture.planes[0], direct.frame(source).picture.planes[0])
    assert open_source(astronaut_film, fps=25).n_frames == 50
    faster = open_source(astronaut_film, fps=50)
    assert faster.n_frames == 100 and [frame.index for frame in faster.walk([99, 98, 0])] == [99, 98, 0]
    assert len({film.content_key, direct.content_key, faster.content_key}) == 3


def test_a_smaller_size_keeps_shape_and_colours(astronaut_film):
    small, large = open_source(astronaut_film, max_side=240), open_source(astronaut_film)
    assert (small.width, small.height) == (240, 180)
    picture = small.frame(7).picture
    assert picture.layout == large.frame(7).picture.layout
    mean = large.frame(7).picture.rgb().reshape(180, 2, 240, 2, 3).mean(axis=(1, 3))
    assert np.abs(picture.rgb() - mean).mean() < 2
    assert open_source(astronaut_film, max_side=1000).width == 480


@pytest.mark.parametrize("setting", [{"fps": 0}, {"fps": "fast"}, {"fps": -5}, {"max_side": 3}])
def test_impossible_settings_are_refused(astronaut_film, setting):
    with pytest.raises(InputError):
        open_source(astronaut_film, **setting)


def test_the_content_key_is_the_contents(tmp_path, astronaut_film):
    copy = tmp_path / "copy.mov"
    copy.write_bytes(astronaut_film.read_bytes())
    assert open_source(copy).content_key == open_source(astronaut_film).content_key
