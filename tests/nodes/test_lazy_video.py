"""VIDEO that stays on disk answers everything ComfyUI's core asks, of every version, and decodes only what is asked for."""
import gc
import io
import weakref
from enum import Enum
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from talking_avatar.media.film_view import FilmView
from talking_avatar.media.open import open_source
from talking_avatar.nodes.lazy_video import LazyVideo

METHODS = ("get_components", "save_to", "as_trimmed", "as_cropped", "as_resized", "get_stream_source", "get_dimensions",
           "get_display_dimensions", "get_duration", "get_frame_count", "get_frame_rate", "get_container_format", "get_bit_depth",
           "get_color_space", "get_active_trim_window", "has_pending_frame_edits")


class Container(str, Enum):
    AUTO, MP4, MKV, WEBM = "auto", "mp4", "mkv", "webm"


@pytest.fixture
def video(film):
    return LazyVideo(open_source(film))


@pytest.fixture
def made(film):
    """A film that is no file: every second frame of one."""
    return every_second(film)


def every_second(film) -> LazyVideo:
    source = open_source(film)
    return LazyVideo(FilmView(source, np.arange(0, 50, 2), type(source.clock)(Fraction(25, 2)), (480, 360), "half"))


def packets(path) -> list[bytes]:
    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux(film.streams.video[0]) if packet.size]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_of_every_core_is_there(name):
    assert callable(getattr(LazyVideo, name))


def test_facts_are_told_without_decoding_the_film(video, made):
    assert video.get_dimensions() == video.get_display_dimensions() == (480, 360)
    assert (video.get_frame_count(), video.get_frame_rate(), video.get_duration()) == (50, Fraction(25), 2.0)
    assert (made.get_frame_count(), made.get_frame_rate(), made.get_duration()) == (25, Fraction(25, 2), 2.0)
    assert (video.get_bit_depth(), video.get_color_space()) == (8, "sRGB")
    assert video.get_active_trim_window() == (0.0, 0.0)
    assert "mp4" in video.get_container_format()
    assert "mp4" in made.get_container_format()
    assert not video.has_pending_frame_edits()


def test_an_unchanged_film_is_copied_bit_for_bit(video, film, tmp_path):
    video.save_to(str(tmp_path / "copy.mp4"), format=Container.AUTO, codec="auto", metadata={"workflow": {"a": 1}, "note": "text"},
                  bit_depth=None, crf=None, color_space=None, preset=None)
    assert packets(tmp_path / "copy.mp4") == packets(film)
    with av.open(str(tmp_path / "copy.mp4")) as copy:
        assert (copy.metadata["workflow"], copy.metadata["note"]) == ('{"a": 1}', "text")


@pytest.mark.parametrize(("name", "options", "codec"), [
    ("x.mp4", {"format": Container.MP4, "codec": "h264", "crf": 30.0}, "h264"),
    ("x.mkv", {"format": Container.MKV, "codec": "auto", "preset": "veryfast"}, "h264"),
    ("x.webm", {"format": Container.AUTO, "unknown": 3}, "av1"),
    ("x.mp4", {"codec": "av1", "preset": 7}, "av1"),
])
def test_other_containers_and_codecs_are_encoded(made, tmp_path, name, options, codec):
    made.save_to(str(tmp_path / name), **options)
    with av.open(str(tmp_path / name)) as film:
        assert film.streams.video[0].codec_context.codec.canonical_name == codec
    assert open_source(tmp_path / name).n_frames == 25


def test_ten_bits_are_ten_bits(made, tmp_path):
    made.save_to(str(tmp_path / "x.mp4"), bit_depth=10)
    assert LazyVideo(open_source(tmp_path / "x.mp4")).get_bit_depth() == 10


def test_a_buffer_gets_the_film_too(made, comfyui):
    buffer = io.BytesIO()
    made.save_to(buffer, format="mp4")
    buffer.seek(0)
    with av.open(buffer) as film:
        assert sum(1 for _ in film.decode(video=0)) == 25
    assert list(comfyui.temp.iterdir()) == []


def test_the_stream_source_is_the_file_or_rendered_once(video, film, comfyui):
    made = every_second(film)
    assert video.get_stream_source() == str(film)
    path = made.get_stream_source()
    assert made.get_stream_source() == path
    assert open_source(path).n_frames == 25
    del made
    gc.collect()
    assert list(comfyui.temp.iterdir()) == []


def test_trimming_is_lazy_and_strict_when_asked(video):
    part = video.as_trimmed(0.4, 1.0, strict_duration=True)
    assert (part.get_frame_count(), part.get_duration()) == (25, 1.0)
    assert abs(part.sound.seconds - 1.0) < 1e-3
    assert video.as_trimmed(1.5, 1.0, strict_duration=True) is None
    assert video.as_trimmed(1.6, 1.0, strict_duration=False).get_frame_count() == 10
    assert video.as_trimmed(-0.2).get_frame_count() == 5
    assert video.as_trimmed(9.0) is None
    assert video.as_trimmed().get_frame_count() == 50


def test_crops_and_sizes_are_lazy_too(video):
    assert video.as_cropped(10, 20, 101, 51).get_dimensions() == (100, 50)
    assert video.as_resized(96, 72, "area").film.frame(3).picture.rgb().shape == (72, 96, 3)


def test_components_are_all_frames_with_sound_and_rate(video):
    parts = video.get_components()
    assert parts.images.shape == (50, 360, 480, 3)
    shown = video.film.frame(7).picture.rgb()
    assert np.array_equal(np.round(parts.images[7].numpy() * 255).astype(np.uint8), shown)
    assert parts.frame_rate == 25
    assert parts.audio["waveform"].shape == (1, 1, video.sound.n_samples)
    assert parts.audio["sample_rate"] == 16000


def test_a_cancel_stops_it_as_comfyui_wants_and_leaves_no_file(comfyui, made, tmp_path):
    comfyui.interrupted = True
    with pytest.raises(comfyui.Interrupt):
        made.save_to(str(tmp_path / "x.mp4"))
    assert not comfyui.interrupted
    comfyui.interrupted = True
    with pytest.raises(comfyui.Interrupt):
        made.get_components()
    assert not (tmp_path / "x.mp4").exists()


def test_it_can_be_kept_in_caches_without_holding_files(video):
    assert weakref.ref(video)() is video
    assert {video: 1}[video] == 1
    next(iter(video.film.frames()))
    gc.collect()
    held = [str(one.resolve()) for one in Path("/proc/self/fd").iterdir()]
    assert str(video.film.path.resolve()) not in held
