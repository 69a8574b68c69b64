"""A stretch of a film is that stretch: frames, times and sound."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import InputError
from talking_avatar.media.cropped import cropped
from talking_avatar.media.open import open_source
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.media.sound_part import SoundPart, from_film_start
from talking_avatar.media.trimmed import trimmed


@pytest.fixture(scope="module")
def film(tmp_path_factory, samples):
    folder = tmp_path_factory.mktemp("trim")
    tone = samples.tone(1.6, hertz=300)
    return open_source(samples.write_film(folder / "film.mkv", n=40, codec="ffv1", sound=tone, sound_codec="pcm_s16le"))


def joined(sound) -> np.ndarray:
    return np.concatenate([np.zeros((sound.channels, 0), np.float32), *sound.blocks(0.3)], axis=1)


@settings(max_examples=30, deadline=None)
@given(first=st.integers(0, 39), length=st.integers(1, 40))
def test_frames_and_sound_of_a_stretch_are_the_films(film, first, length):
    part = trimmed(film, first / 25, length / 25)
    stop = min(40, first + length)
    assert part.n_frames == stop - first
    assert np.array_equal(part.frame(0).picture.rgb(), film.frame(first).picture.rgb())
    whole = joined(film.sound)
    assert np.array_equal(joined(part.sound), whole[:, round(first * 640) : round(stop * 640)])


def test_a_negative_start_counts_from_the_end_and_nothing_cut_is_the_film_itself(film):
    assert trimmed(film, -0.4).n_frames == 10
    assert trimmed(film, 0, 100) is film
    assert trimmed(film) is film


def test_a_start_behind_the_end_is_one_sentence(film):
    with pytest.raises(InputError, match=r"lasts 1\.60 s, so nothing is left of it from 2 s on"):
        trimmed(film, 2.0)


def test_an_uneven_film_keeps_its_times(tmp_path, samples):
    stamps = [0, 0.1, 0.15, 0.3, 0.5, 0.52, 0.7]
    film = open_source(samples.write_film(tmp_path / "vfr.mkv", n=7, stamps=stamps))
    part = trimmed(film, 0.15, 0.5)
    assert np.allclose(part.clock.times, [0, 0.15, 0.35, 0.37], atol=2e-3)


@given(first=st.integers(-50, 120), length=st.integers(0, 150), seconds=st.sampled_from([0.01, 0.07, 1.0]))
def test_a_part_of_a_sound_is_padded_with_silence(first, length, seconds):
    samples = np.linspace(0.1, 1, 100, dtype=np.float32)[None]
    part = SoundPart(SoundArray(samples, 1000), first, first + length)
    wanted = np.array([samples[0, i] if 0 <= i < 100 else 0 for i in range(first, first + length)], np.float32)
    pieces = [np.zeros((1, 0), np.float32), *part.blocks(seconds)]
    assert np.array_equal(np.concatenate(pieces, axis=1)[0], wanted)
    assert part.n_samples == length


def test_one_channel_louder(samples):
    stereo = SoundArray(np.vstack([samples.tone(0.1), 0.5 * samples.tone(0.1)]), 16000)
    part = SoundPart(stereo, gain=2.0, channel=1)
    assert (part.channels, part.n_samples) == (1, 1600)
    assert np.allclose(joined(part), samples.tone(0.1), atol=1e-6)
    assert part.content_key != SoundPart(stereo, gain=2.0, channel=0).content_key


def test_a_films_sound_is_brought_to_its_first_frame(samples):
    sound = SoundArray(samples.tone(0.5), 16000)
    assert from_film_start(sound) is sound
    sound.start = 0.25
    late = joined(from_film_start(sound))
    assert late.shape[1] == 12000
    assert not late[:, :4000].any()
    sound.start = -0.25
    assert np.array_equal(joined(from_film_start(sound)), samples.tone(0.5)[:, 4000:])


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p"])
def test_a_rectangle_of_every_frame_keeps_its_bits(tmp_path, samples, pix_fmt):
    film = open_source(samples.write_film(tmp_path / "f.mkv", n=3, codec="ffv1", pix_fmt=pix_fmt))
    part = cropped(film, 11, 21, 41, 33)
    assert (part.width, part.height) == (40, 32)
    whole, piece = film.frame(2).picture, part.frame(2).picture
    assert np.array_equal(piece.planes[0], whole.planes[0][20:52, 10:50])
    assert cropped(film, 0, 0, 0, 0) is film
    assert cropped(film, 500, 500, 10, 10).width == 2
