"""A film that need not change is copied bit for bit."""
import av
import numpy as np
import pytest
from talking_avatar.host.errors import Cancelled, InputError
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import open_source
from talking_avatar.media.remux import can_copy, codec_of, copy_film


def packets(path) -> list[bytes]:
    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux(film.streams.video[0]) if packet.size]


def test_picture_sound_times_and_tags_stay(tmp_path, samples):
    source = samples.write_film(tmp_path / "a.mp4", n=20, sound=samples.tone(0.8), turn=90)
    copy_film(source, tmp_path / "b.mp4", "mp4", (("workflow", "{}"),), Silent())
    assert packets(source) == packets(tmp_path / "b.mp4")
    one, other = open_source(source), open_source(tmp_path / "b.mp4")
    assert (one.n_frames, one.width, one.height, one.clock.fps) == (other.n_frames, other.width, other.height, other.clock.fps)
    assert np.array_equal(one.frame(7).picture.rgb(), other.frame(7).picture.rgb())
    assert one.sound.n_samples == other.sound.n_samples
    with av.open(str(tmp_path / "b.mp4")) as film:
        assert film.metadata["workflow"] == "{}"


def test_what_may_stand_in_a_container(tmp_path, samples):
    film = samples.write_film(tmp_path / "a.mkv", n=3, codec="ffv1", sound=samples.tone(0.1), sound_codec="flac")
    assert codec_of(film) == "ffv1"
    assert [can_copy(film, name) for name in ("mp4", "matroska", "webm")] == [False, True, False]


def test_a_cancel_leaves_nothing(tmp_path, samples):
    class Stopped(Silent):
        def check(self):
            raise Cancelled

    source = samples.write_film(tmp_path / "a.mp4", n=5)
    with pytest.raises(Cancelled):
        copy_film(source, tmp_path / "b.mp4", "mp4", (), Stopped())
    with pytest.raises(InputError):
        copy_film(tmp_path / "gone.mp4", tmp_path / "b.mp4", "mp4", (), Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
