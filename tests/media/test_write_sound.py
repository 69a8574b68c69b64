"""The sound of a written film: copied where it may be, in step with the source within a millisecond, bit-identical where lossless."""
from fractions import Fraction

import av
import numpy as np
import pytest
from talking_avatar.media.clock import Clock
from talking_avatar.media.film import Frame
from talking_avatar.media.picture import Picture
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.media.sound_file import SoundFile
from talking_avatar.media.write import WriteSettings, write_film

FPS = Fraction(25)
COPIED = {  # source codec, ending, rate: into which container
    "mp4": [("libmp3lame", "mp3", 44100), ("libmp3lame", "mp3", 16000), ("aac", "m4a", 44100), ("aac", "m4a", 16000),
            ("alac", "m4a", 48000), ("ac3", "ac3", 48000),
            ("libopus", "ogg", 48000), ("libopus", "webm", 48000), ("flac", "flac", 48000), ("aac", "mkv", 48000)],
    "mov": [("libmp3lame", "mp3", 44100), ("aac", "m4a", 44100), ("pcm_s16le", "wav", 16000), ("pcm_s24le", "wav", 48000),
            ("pcm_f32le", "wav", 44100), ("pcm_s16le", "wav", 192000), ("pcm_u8", "wav", 8000)],
    "mkv": [("libmp3lame", "mp3", 44100), ("aac", "m4a", 44100), ("pcm_s16le", "wav", 16000), ("pcm_s32le", "wav", 96000),
            ("flac", "flac", 48000), ("libopus", "ogg", 48000), ("alac", "m4a", 44100), ("pcm_s16le", "wav", 192000)],
    "webm": [("libopus", "ogg", 48000), ("libopus", "webm", 48000)],
}
CASES = [(container, *source) for container, sources in COPIED.items() for source in sources]


def grey_frames(n):
    picture = Picture.from_gray(np.full((32, 32), 90, np.uint8))
    return (Frame(i, picture) for i in range(n))


def noise(seconds, rate, channels, seed=0):
    """float32 [channels, n]: noise in bursts, quiet at both ends, of which every piece is unlike every other."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate)
    smooth = np.hanning(round(rate / 3000) * 2 + 3)
    raw = np.stack([np.convolve(rng.standard_normal(n), smooth / np.sqrt((smooth**2).sum()), "same") for _ in range(channels)])
    bursts = 0.5 + 0.5 * np.sin(2 * np.pi * 3.1 * np.arange(n) / rate)
    return (0.1 * raw * bursts).clip(-0.9, 0.9).astype(np.float32)


def joined(sound):
    return np.concatenate([np.zeros((sound.channels, 0), np.float32), *sound.blocks()], axis=1)


def lag(source, result, rate):
    """Seconds by which `result` comes after `source`, by the peak of their correlation, to a fraction of a sample."""
    n = 2 * max(len(source), len(result))
    product = np.fft.irfft(np.fft.rfft(source, n).conj() * np.fft.rfft(result, n), n)
    at = int(np.argmax(product))
    return (at - n if at > n // 2 else at) / rate


def at_rate(samples, rate, new_rate):
    import soxr

    return samples if rate == new_rate else soxr.resample(samples.T, rate, new_rate).T


@pytest.mark.parametrize(("container", "codec", "ending", "rate"), CASES, ids=["-".join(map(str, case)) for case in CASES])
def test_sound_is_copied_in_step_and_whole(container, codec, ending, rate, samples, tmp_path):
    source = SoundFile(samples.write_sound(tmp_path / f"sound.{ending}", noise(2.0, rate, 1), rate, codec))
    path = tmp_path / f"film.{container}"
    written = write_film(grey_frames(50), Clock(FPS), 50, path, sound=source)
    assert written.sound.copied
    result = SoundFile(path, picture_start=first_second(path))
    assert (result.rate, result.channels, result.codec) == (source.rate, source.channels, source.codec)
    mine, theirs = joined(source), joined(result)
    assert abs(lag(mine[0], theirs[0], rate) + result.start) < 1e-3
    assert -1e-3 < result.start < 1e-3
    packet = 2048  # the longest of these codecs' packets
    assert mine.shape[1] - packet <= theirs.shape[1] <= mine.shape[1] + packet
    if codec.startswith("pcm") or codec in ("flac", "alac"):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(("container", "rate", "channels", "codec"), [
    ("mp4", 16000, 1, "aac"), ("mp4", 8000, 1, "aac"), ("mp4", 192000, 2, "aac"), ("mp4", 44100, 2, "aac"), ("mp4", 48000, 6, "aac"),
    ("webm", 16000, 1, "opus"), ("webm", 44100, 2, "opus"), ("webm", 48000, 6, "opus"), ("webm", 192000, 1, "opus"),
])
def test_wav_is_encoded_in_step_where_it_cannot_be_copied(container, rate, channels, codec, samples, tmp_path):
    source = SoundFile(samples.write_sound(tmp_path / "sound.wav", noise(2.0, rate, channels), rate, "pcm_s16le"))
    path = tmp_path / f"film.{container}"
    written = write_film(grey_frames(50), Clock(FPS), 50, path, sound=source)
    assert not written.sound.copied
    assert written.sound.codec == codec
    assert "pcm_s16le" in written.sound.why_encoded
    result = SoundFile(path, picture_start=first_second(path))
    assert result.rate == written.sound.rate == (min(rate, 96000) if codec == "aac" else 48000)
    assert result.channels == channels
    mine, theirs = at_rate(joined(source), rate, result.rate), joined(result)
    for one, other in zip(mine, theirs, strict=True):
        if np.abs(one).max() > 0:
            assert abs(lag(one, other, result.rate) + result.start) < 1e-3
    assert abs(theirs.shape[1] - mine.shape[1]) <= 1024
    overlap = min(mine.shape[1], theirs.shape[1])
    assert np.corrcoef(mine[0, :overlap], theirs[0, :overlap])[0, 1] > 0.9


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("container", ["mp4", "mkv", "webm", "mov"])
def test_any_number_of_channels_can_be_written(container, channels, tmp_path):
    samples = noise(0.5, 48000, channels)
    write_film(grey_frames(13), Clock(FPS), 13, tmp_path / f"film.{container}", sound=SoundArray(samples, 48000))
    result = SoundFile(tmp_path / f"film.{container}")
    assert result.channels == channels
    if container in ("mkv", "mov"):
        theirs = joined(result)
        assert np.abs(theirs[:, : samples.shape[1]] - samples).max() <= 2.0**-23


def test_sound_in_memory_of_16_bits_is_bit_identical_in_matroska_and_quicktime(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, (2, 32000)).astype(np.float32) / 32768
    for container in ("mkv", "mov"):
        written = write_film(grey_frames(50), Clock(FPS), 50, tmp_path / f"film.{container}", sound=SoundArray(samples, 16000))
        assert written.sound.codec == {"mkv": "flac", "mov": "pcm_s24le"}[container]
        np.testing.assert_array_equal(joined(SoundFile(tmp_path / f"film.{container}")), samples)


@pytest.mark.parametrize(("container", "codec", "ending"), [
    ("mov", "pcm_s16le", "wav"), ("mkv", "pcm_s16le", "wav"), ("mp4", "aac", "m4a"), ("mp4", "libmp3lame", "mp3"),
    ("mp4", "pcm_s16le", "wav"), ("webm", "pcm_s16le", "wav"),
])
def test_sound_longer_than_the_film_ends_with_it(container, codec, ending, samples, tmp_path):
    rate = 48000
    source = SoundFile(samples.write_sound(tmp_path / f"sound.{ending}", noise(3.0, rate, 1), rate, codec))
    written = write_film(grey_frames(30), Clock(FPS), 30, tmp_path / f"film.{container}", sound=source)
    n = joined(SoundFile(tmp_path / f"film.{container}")).shape[1]
    exact = codec.startswith("pcm") and written.sound.copied
    assert n == 57600 if exact else 57600 <= n < 57600 + 2 * 1152


@pytest.mark.parametrize("container", ["mp4", "mov", "mkv", "webm"])
def test_sound_of_20_ms_in_a_longer_film_just_ends(container, samples, tmp_path):
    source = SoundFile(samples.write_sound(tmp_path / "sound.wav", noise(0.02, 16000, 1), 16000, "pcm_s16le"))
    write_film(grey_frames(60), Clock(FPS), 60, tmp_path / f"film.{container}", sound=source)
    n = joined(SoundFile(tmp_path / f"film.{container}")).shape[1]
    assert 320 <= n <= 320 + 1024
    with av.open(str(tmp_path / f"film.{container}")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 60


@pytest.mark.parametrize("container", ["mp4", "mov", "mkv", "webm"])
@pytest.mark.parametrize("start", [0.3, -0.3])
def test_sound_may_begin_after_or_before_the_film(container, start, samples, tmp_path):
    source = SoundFile(samples.write_sound(tmp_path / "sound.wav", noise(2.0, 48000, 1), 48000, "pcm_s16le"))
    path = tmp_path / f"film.{container}"
    write_film(grey_frames(40), Clock(FPS), 40, path, sound=source, sound_start=start)
    result = SoundFile(path, picture_start=first_second(path))
    mine, theirs = joined(source)[0], joined(result)[0]
    assert lag(mine, theirs, 48000) + result.start == pytest.approx(start, abs=1.01e-3)


def test_a_films_own_sound_keeps_its_place_and_its_packets(samples, tmp_path):
    film = samples.write_film(tmp_path / "source.mp4", n=50, sound=noise(2.0, 44100, 2), rate=44100)
    sound = SoundFile(film, picture_start=first_second(film))
    write_film(grey_frames(50), Clock(FPS), 50, tmp_path / "film.mp4", sound=sound, sound_start=sound.start)
    assert packets(tmp_path / "film.mp4")[:80] == packets(film)[:80]


def test_encoding_is_done_when_asked_for_and_sound_left_out_when_asked_for(samples, tmp_path):
    source = SoundFile(samples.write_sound(tmp_path / "sound.mp3", noise(1.0, 44100, 2), 44100, "libmp3lame"))
    asked = WriteSettings(sound="encode", sound_bitrate=96_000)
    written = write_film(grey_frames(25), Clock(FPS), 25, tmp_path / "film.mp4", asked, source)
    assert (written.sound.codec, written.sound.copied, written.sound.bitrate) == ("aac", False, 96_000)
    assert written.sound.why_encoded is None
    assert str(written.sound) == "sound encoded to aac 96 kbit/s"
    written = write_film(grey_frames(25), Clock(FPS), 25, tmp_path / "film.mp4", WriteSettings(sound="none"), source)
    assert written.sound is None
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert not film.streams.audio


def test_what_the_container_cannot_hold_is_encoded_and_said(samples, tmp_path):
    source = SoundFile(samples.write_sound(tmp_path / "sound.mp3", noise(1.0, 8000, 1), 8000, "libmp3lame"))
    written = write_film(grey_frames(25), Clock(FPS), 25, tmp_path / "film.mp4", sound=source)
    assert not written.sound.copied
    assert written.sound.why_encoded == "mp4 cannot hold mp3 of 8000 Hz"
    assert SoundFile(tmp_path / "film.mp4").rate == 8000


def test_nan_and_silence_are_written_as_silence(tmp_path):
    for samples in (np.full((1, 16000), np.nan, np.float32), np.zeros((1, 16000), np.float32)):
        write_film(grey_frames(25), Clock(FPS), 25, tmp_path / "film.mp4", sound=SoundArray(samples, 16000))
        assert np.abs(joined(SoundFile(tmp_path / "film.mp4"))).max() < 1e-4


def test_sound_and_picture_lie_side_by_side_in_the_file(samples, tmp_path):
    """So that it streams: at no place in the file is one more than half a second ahead of the other."""
    sound = SoundArray(noise(8.0, 16000, 1), 16000)
    for container in ("mp4", "mkv", "webm", "mov"):
        path = tmp_path / f"film.{container}"
        write_film(grey_frames(200), Clock(FPS), 200, path, sound=sound)
        reached, widest = {"video": 0.0, "audio": 0.0}, 0.0
        with av.open(str(path)) as film:
            for packet in sorted((p for p in film.demux() if p.size), key=lambda p: p.pos):
                reached[packet.stream.type] = max(reached[packet.stream.type], float(packet.pts * packet.time_base))
                widest = max(widest, abs(reached["video"] - reached["audio"]))
        assert widest < 0.5, container


def first_second(path):
    with av.open(str(path)) as film:
        return next(film.decode(video=0)).time


def packets(path):
    with av.open(str(path)) as film:
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in film.demux(audio=0) if packet.size]
