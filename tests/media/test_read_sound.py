"""Any sound opens by its content and gives exactly its samples, in pieces, without a seam."""
import itertools

import numpy as np
import psutil
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import InputError
from talking_avatar.media.mix import in_blocks, mono_weights
from talking_avatar.media.open import open_sound, open_source, sound_of_array
from talking_avatar.media.sound import require_samples

LOSSLESS = [("pcm_u8", "wav", 1 / 128), ("pcm_s16le", "wav", 1 / 32768), ("pcm_s24le", "wav", 1e-6), ("pcm_s32le", "wav", 1e-6),
            ("pcm_f32le", "wav", 1e-7), ("pcm_f64le", "wav", 1e-7), ("flac", "flac", 1 / 32768), ("alac", "m4a", 1 / 32768)]
LOSSY = [("libmp3lame", "mp3", 44100), ("aac", "m4a", 44100), ("libopus", "ogg", 48000), ("libopus", "webm", 48000)]


def all_of(sound, seconds=10.0):
    return np.concatenate(list(sound.blocks(seconds)), axis=1)


@pytest.mark.parametrize(("codec", "ending", "step"), LOSSLESS)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_lossless_files_give_every_sample(tmp_path, samples, codec, ending, step, channels):
    wave = samples.tone(0.7, 22050, channels)
    sound = open_sound(samples.write_sound(tmp_path / f"sound.{ending}", wave, 22050, codec))
    assert (sound.rate, sound.channels, sound.n_samples) == (22050, channels, wave.shape[1])
    assert np.abs(all_of(sound, 0.1) - wave).max() <= 1.01 * step
    assert sound.seconds == pytest.approx(0.7, abs=1e-4)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 32000, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_every_rate_from_8_to_192_khz_and_up_to_eight_channels(tmp_path, samples, rate, channels):
    wave = samples.tone(0.3, rate, channels)
    sound = open_sound(samples.write_sound(tmp_path / "sound.wav", wave, rate, "pcm_s16le"))
    assert (sound.rate, sound.channels, sound.n_samples) == (rate, channels, wave.shape[1])
    mono = np.concatenate(list(sound.mono(16000)))
    assert len(mono) == round(wave.shape[1] * 16000 / rate)


@pytest.mark.parametrize(("codec", "ending", "rate"), LOSSY)
@pytest.mark.parametrize("channels", [1, 2])
def test_lossy_files_stand_in_time_and_have_their_length(tmp_path, samples, codec, ending, rate, channels):
    wave = np.repeat(samples.babble(1.5, rate), channels, axis=0)
    sound = open_sound(samples.write_sound(tmp_path / f"sound.{ending}", wave, rate, codec))
    heard = all_of(sound)
    assert (sound.rate, sound.channels) == (rate, channels)
    assert sound.n_samples == heard.shape[1]
    assert abs(sound.n_samples - wave.shape[1]) <= 1152
    n = min(heard.shape[1], wave.shape[1])
    lags = range(-300, 301, 10)
    match = [np.dot(heard[0, 400 : n - 400], wave[0, 400 - lag : n - 400 - lag]) for lag in lags]
    assert abs(lags[int(np.argmax(match))]) <= 10, "the encoder's delay is taken off"


@pytest.mark.parametrize("channels", [6, 8])
@pytest.mark.parametrize(("codec", "ending"), [("aac", "m4a"), ("libopus", "ogg"), ("flac", "flac")])
def test_surround_in_planes_opens(tmp_path, samples, codec, ending, channels):
    wave = samples.tone(0.5, 48000, channels)
    sound = open_sound(samples.write_sound(tmp_path / f"sound.{ending}", wave, 48000, codec))
    assert sound.channels == channels
    assert all_of(sound).shape == (channels, sound.n_samples)


def test_the_length_is_what_a_players_decoder_gives(tmp_path, samples):
    for codec, ending, rate in LOSSY[:2]:
        path = samples.write_sound(tmp_path / f"sound.{ending}", samples.tone(1.0, rate), rate, codec)
        assert open_sound(path).n_samples == rate


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 25))
def test_pieces_are_cut_without_losing_or_doubling_a_sample(lengths, size):
    whole = np.arange(sum(lengths), dtype=np.float32)[None]
    cuts = np.cumsum([0, *lengths])
    pieces = [whole[:, a:b] for a, b in itertools.pairwise(cuts)]
    blocks = list(in_blocks(pieces, size))
    assert all(block.shape[1] == size for block in blocks[:-1])
    assert np.array_equal(np.concatenate([np.zeros((1, 0), np.float32), *blocks], axis=1), whole)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 192000])
def test_resampling_in_pieces_leaves_no_seam(samples, rate):
    wave = samples.babble(2.0, rate)
    sound = sound_of_array(wave, rate)
    whole = np.concatenate(list(sound.mono(16000, seconds=10)))
    pieces = np.concatenate(list(sound.mono(16000, seconds=0.037)))
    assert len(whole) == len(pieces) == 32000
    assert np.abs(whole - pieces).max() < 1e-4


def test_resampling_keeps_time_and_level(samples):
    mono = np.concatenate(list(sound_of_array(samples.tone(1.0, 44100, hertz=300), 44100).mono(16000)))
    ideal = 0.4 * np.sin(2 * np.pi * 300 * np.arange(16000) / 16000)
    assert np.abs(mono - ideal)[200:-200].max() < 2e-3


def test_nan_and_infinity_read_as_zero(tmp_path, samples):
    wave = samples.tone(0.2)
    wave[0, 100:110], wave[0, 500], wave[0, 600] = np.nan, np.inf, -np.inf
    path = tmp_path / "nan.wav"
    soundfile.write(path, wave[0], 16000, subtype="FLOAT")
    for sound in (open_sound(path), sound_of_array(wave, 16000)):
        heard = all_of(sound)
        assert np.isfinite(heard).all() and (heard[0, [100, 109, 500, 600]] == 0).all() and heard[0, 99] == wave[0, 99]


def test_stereo_is_mixed_by_its_mean_and_surround_by_its_centre():
    assert mono_weights(["FL", "FR"]).tolist() == [0.5, 0.5]
    assert mono_weights(["FC"]).tolist() == [1.0]
    weights = dict(zip(["FL", "FR", "FC", "LFE", "BL", "BR"], mono_weights(["FL", "FR", "FC", "LFE", "BL", "BR"]), strict=True))
    assert weights["LFE"] == 0 and weights["FC"] > weights["FL"] == weights["FR"] > weights["BL"] > 0
    assert sum(weights.values()) == pytest.approx(1)
    for names in (["FL", "FR", "LFE"], ["NONE"] * 4, ["FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"], ["LFE"]):
        assert mono_weights(names).sum() == pytest.approx(1)


def test_sound_in_memory_is_sound(samples):
    sound = sound_of_array(samples.tone(0.5, 24000, 2), 24000)
    assert (sound.rate, sound.channels, sound.n_samples, sound.path, sound.seconds) == (24000, 2, 12000, None, 0.5)
    assert sound_of_array(samples.tone(0.5)[0], 16000).channels == 1
    assert sound.content_key != sound_of_array(samples.tone(0.5, 24000, 2), 48000).content_key
    assert sound.content_key == sound_of_array(samples.tone(0.5, 24000, 2), 24000).content_key


def test_a_films_sound_opens_alone_and_with_the_film(astronaut_film):
    alone, of_film = open_sound(astronaut_film), open_source(astronaut_film).sound
    assert alone.rate == of_film.rate == 16000 and alone.n_samples == of_film.n_samples
    assert abs(alone.n_samples - 32000) <= 1
    assert of_film.start == pytest.approx(0, abs=0.03)


def test_a_gap_in_the_stamps_is_silence_so_that_what_follows_keeps_its_time(tmp_path, samples):
    import av

    whole = samples.write_sound(tmp_path / "whole.mkv", samples.tone(3.0), 16000, "pcm_s16le")
    gap = tmp_path / "gap.mkv"
    with av.open(str(whole)) as source, av.open(str(gap), "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.size and not 1.0 <= packet.pts * packet.time_base < 2.0:
                packet.stream = stream
                target.mux(packet)
    sound = open_sound(gap)
    heard = all_of(sound)
    assert abs(sound.n_samples - 48000) <= 32
    assert np.abs(heard[0, 17500:31000]).max() == 0 and np.abs(heard[0, 34000:]).max() > 0.3


@pytest.mark.parametrize("name", ["with space.wav", "声音 文件.wav", "it's \"quoted\".wav", "UPPER.WAV", "a:b.wav"])
def test_names_of_all_kinds_open(tmp_path, samples, name):
    assert open_sound(samples.write_sound(tmp_path / name, samples.tone(0.1), 16000, "pcm_s16le")).n_samples == 1600


def test_the_content_decides_not_the_name(tmp_path, samples):
    path = samples.write_sound(tmp_path / "sound.mp3", samples.tone(0.5, 44100), 44100, "libmp3lame")
    assert open_sound(path.rename(tmp_path / "sound.wav")).codec.startswith("mp3")


def test_sound_of_no_length_opens_and_is_refused_by_who_needs_samples(tmp_path):
    path = tmp_path / "nothing.wav"
    soundfile.write(path, np.zeros(0, np.float32), 16000)
    sound = open_sound(path)
    assert sound.n_samples == 0 and sound.rate == 16000 and list(sound.blocks()) == [] and list(sound.mono(8000)) == []
    with pytest.raises(InputError, match="nothing.wav.*no sound"):
        require_samples(sound)
    with pytest.raises(InputError, match="no sound"):
        require_samples(sound_of_array(np.zeros((1, 0), np.float32), 16000))


@pytest.mark.parametrize(("name", "content", "says"), [("text.wav", b"hello, this is no sound\n" * 40, "no film, picture or sound"),
                                                       ("empty.wav", b"", "empty")])
def test_what_is_no_sound_is_refused_in_one_sentence(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says):
        open_sound(tmp_path / name)


def test_a_photo_or_a_mute_film_as_sound_is_refused(tmp_path, samples, astronaut_photo):
    with pytest.raises(InputError, match="no sound"):
        open_sound(samples.write_film(tmp_path / "mute.mp4", n=2))
    with pytest.raises(InputError, match="astronaut.png"):
        open_sound(astronaut_photo)


def test_a_file_that_breaks_off_gives_what_is_there(tmp_path, samples):
    path = samples.write_sound(tmp_path / "sound.flac", samples.babble(4.0), 16000, "flac")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    sound = open_sound(path)
    assert 10_000 < sound.n_samples < 60_000 and all_of(sound).shape[1] == sound.n_samples


def test_long_sound_is_read_in_pieces(tmp_path):
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 48000, 2, "PCM_16") as file:
        for _ in range(20):
            file.write(np.zeros((48000 * 30, 2), np.int16))
    sound = open_sound(path)
    process = psutil.Process()
    before = most = process.memory_info().rss
    for _ in sound.mono(16000):
        most = max(most, process.memory_info().rss)
    assert most - before < 40e6, "ten minutes of stereo are 230 MB as floats"
