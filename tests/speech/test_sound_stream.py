"""Whatever a server sends, in pieces of whatever size, the same samples come out, or one sentence."""
import base64
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import ServerError
from talking_avatar.speech.voices.byte_stream import ByteStream
from talking_avatar.speech.voices.riff_stream import PcmFormat
from talking_avatar.speech.voices.sound_stream import kind_of, sound_of_bytes
from talking_avatar.speech.voices.tempo import at_tempo
from talking_avatar.speech.voices.wrapped_sound import unwrapped
from voice_server import adts, encoded, spoken, wav_header, whole_wav

RATE = 24000
SAMPLES = spoken(0.6)
PCM = SAMPLES.tobytes()
LOUD = np.where(np.arange(4000) % 400 < 200, 32767, -20000).astype("<i2")


def events(kind="speech.audio.delta"):
    pieces = [PCM[at : at + 5001] for at in range(0, len(PCM), 5001)]
    made = [{"type": kind, "audio": base64.b64encode(one).decode()} for one in pieces]
    made = [{"type": "speech.audio.info", "sample_rate": RATE}, *made, {"type": "speech.audio.done", "usage": {}}]
    return b"".join(b"event: x\r\ndata: " + json.dumps(one).encode() + b"\r\n\r\n" for one in made) + b"data: [DONE]\n\n"


EXACT = {
    "whole wav": whole_wav(SAMPLES), "sizes 0": wav_header() + PCM,
    "sizes ffffffff": wav_header(RATE, 0xFFFFFFFF, 0xFFFFFFFF) + PCM,
    "78 bytes of header": wav_header(RATE, 0xFFFFFFFF, 0xFFFFFFFF, list_chunk=True) + PCM,
    "sizes 7fffffdb": wav_header(RATE, 0x7FFFFFDB, 0xFFFFFFFF) + PCM, "size past the end": wav_header(RATE, 36, 10**8) + PCM,
    "size too small": wav_header(RATE, 36, 1000) + PCM, "LIST behind": whole_wav(SAMPLES) + b"LIST" + struct.pack("<I", 5) + b"abcde\0",
    "a header a piece": b"".join(whole_wav(SAMPLES[at : at + 3000]) for at in range(0, len(SAMPLES), 3000)),
    "a header of size 0 a piece": b"".join(wav_header() + SAMPLES[at : at + 3000].tobytes() for at in range(0, len(SAMPLES), 3000)),
    "bare": PCM, "bare with a header inside": PCM[:9000] + wav_header() + PCM[9000:], "an odd byte at the end": PCM + b"\x7f",
    "24 bits": encoded(SAMPLES, RATE, "WAV", "PCM_24"), "32 bits": encoded(SAMPLES, RATE, "WAV", "PCM_32"),
    "float": encoded(SAMPLES, RATE, "WAV", "FLOAT"), "extensible": encoded(SAMPLES, RATE, "WAVEX", "PCM_16"),
    "flac": encoded(SAMPLES, RATE, "FLAC"), "events": events(), "events of another name": events("audio.chunk"),
    "lines of JSON": b"\n".join(json.dumps({"audio": base64.b64encode(PCM[at : at + 7000]).decode()}).encode()
                                for at in range(0, len(PCM), 7000)),
    "a string of JSON": json.dumps(base64.b64encode(whole_wav(SAMPLES)).decode()).encode(),
}
LOSSY = {"ogg": encoded(SAMPLES, RATE, "OGG", "VORBIS"), "opus": encoded(SAMPLES, RATE, "OGG", "OPUS"),
         "mp3": encoded(SAMPLES, RATE, "MP3"), "aac": adts(SAMPLES, RATE), "chained ogg": encoded(SAMPLES, RATE, "OGG", "VORBIS") * 3}


def decoded(data, sizes=(4096,), rate=RATE):
    """(rate, float32 samples) of the bytes cut into pieces of `sizes`, over and over."""
    pieces, at, turn = [], 0, 0
    while at < len(data):
        pieces.append(data[at : at + sizes[turn % len(sizes)]])
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    stream = ByteStream(pieces)
    if kind_of(stream) == "words":
        stream = unwrapped(stream) or stream
    sound = sound_of_bytes(stream, PcmFormat(rate=rate))
    return sound.rate, np.concatenate([np.zeros(0, np.float32), *sound.blocks])


@pytest.mark.parametrize("name", EXACT)
def test_every_form_of_samples_is_read_to_the_sample(name):
    rate, samples = decoded(EXACT[name])
    assert rate == RATE
    np.testing.assert_array_equal(samples, SAMPLES / np.float32(32768))


@pytest.mark.parametrize("name", LOSSY)
def test_every_codec_is_decoded_to_its_end(name):
    rate, samples = decoded(LOSSY[name])
    times = 3 if name == "chained ogg" else 1
    assert rate in (RATE, 48000)
    assert len(samples) / rate == pytest.approx(0.6 * times, abs=0.09 * times)
    heard = samples[: round(0.5 * rate)][:: rate // RATE]
    lags = [np.corrcoef(heard[lag : lag + 9000], SAMPLES[:9000])[0, 1] for lag in range(0, 2200)] if len(heard) > 11200 else [1.0]
    assert max(lags) > 0.9


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(EXACT | LOSSY)), sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=5))
def test_streamed_and_whole_are_the_same_samples_for_any_pieces(name, sizes):
    data = (EXACT | LOSSY)[name]
    sizes = [max(one, 7) for one in sizes] if len(data) > 20000 else sizes
    whole, cut = decoded(data, (len(data),)), decoded(data, sizes)
    assert whole[0] == cut[0]
    np.testing.assert_array_equal(whole[1], cut[1])


@settings(max_examples=60, deadline=None)
@given(samples=st.binary(min_size=0, max_size=600), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
       header=st.sampled_from(["", "none", "ffff", "list", "whole"]))
def test_any_bytes_come_out_the_same_for_any_pieces(samples, sizes, header):
    head = {"": b"", "none": wav_header(), "ffff": wav_header(RATE, 0xFFFFFFFF, 0xFFFFFFFF), "whole": wav_header(RATE, 36, len(samples)),
            "list": wav_header(RATE, 0xFFFFFFFF, 0xFFFFFFFF, list_chunk=True)}[header]

    def outcome(cut):
        try:
            return decoded(head + samples, cut)
        except ServerError as error:
            return str(error), np.zeros(0)

    whole, cut = outcome((10**6,)), outcome(sizes)
    assert whole[0] == cut[0]
    np.testing.assert_array_equal(whole[1], cut[1])


@given(blocks=st.lists(st.integers(1, 3000), min_size=1, max_size=8), speed=st.sampled_from([0.5, 0.8, 1.25, 2.0]))
@settings(max_examples=20, deadline=None)
def test_another_tempo_is_the_same_for_any_blocks(blocks, speed):
    sound = SAMPLES.astype(np.float32) / 32768
    cuts = np.cumsum(blocks)
    once = np.concatenate(list(at_tempo([sound], RATE, speed)))
    again = np.concatenate(list(at_tempo([one for one in np.split(sound, cuts[cuts < len(sound)]) if len(one)], RATE, speed)))
    assert len(once) == pytest.approx(len(sound) / speed, rel=0.1)
    np.testing.assert_array_equal(again, once)


def test_a_sample_of_plus_one_that_was_wrapped_is_mended():
    wrapped = LOUD.copy()
    wrapped[[100, 900, 2500]] = -32768
    assert (wrapped[[99, 101]] > 30000).all()
    samples = decoded(wav_header() + wrapped.tobytes())[1]
    np.testing.assert_array_equal(samples, LOUD / np.float32(32768))
    honest = np.array([-30000, -32768, -30000] * 500, "<i2")
    np.testing.assert_array_equal(decoded(wav_header() + honest.tobytes())[1], honest / np.float32(32768))


def test_stereo_becomes_mono_and_8_bits_are_read():
    both = np.column_stack([SAMPLES, np.zeros_like(SAMPLES)])
    np.testing.assert_allclose(decoded(encoded(both, RATE, "WAV"))[1], SAMPLES / 65536, atol=1e-6)
    np.testing.assert_allclose(decoded(encoded(SAMPLES, RATE, "WAV", "PCM_U8"))[1], SAMPLES / 32768, atol=0.01)


def test_samples_that_begin_like_mp3_are_samples():
    begins = np.frombuffer(b"\xff\xfb\x90\x44" + PCM[4:], "<i2")
    assert kind_of(ByteStream([begins.tobytes()])) == "bare"
    assert kind_of(ByteStream([b"\xff\xf1" + PCM])) == "bare"
    assert kind_of(ByteStream([LOSSY["mp3"]])) == "mp3"
    assert kind_of(ByteStream([LOSSY["aac"]])) == "aac"


@pytest.mark.parametrize(("data", "sentence"), [
    (b"", "sent no sound"), (b'{"detail":"voice not found"}', "voice not found"), (b"<html><h1>Bad gateway</h1></html>", "Bad gateway"),
    (b"Internal Server Error", "Internal Server Error"), (b"[]", "does not say why"), (b"RIFF\0\0\0\0WAVE", "nothing behind it"),
    (wav_header()[:30], "header cannot be read"),
    (b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, 85, 1, 24000, 0, 0, 0) + b"data\0\0\0\0", "of a kind that cannot be read"),
    (wav_header(RATE) + PCM[:2000] + wav_header(48000) + PCM[:2000], "changed its sample rate"),
    (b"OggS" + bytes(4000), "cannot be decoded"), (b"fLaC" + bytes(4000), "cannot be decoded|without any sound"),
    (b'data: {"type":"speech.audio.error","error":{"message":"engine died"}}\n\n', "engine died"),
    (b'data: {"type":"speech.audio.delta","audio":"not base64!"}\n\n', "instead of sound"), (b"data: nonsense\n\n", "no JSON"),
    (b'"just words"', "instead of sound"), (b'"breaks off', "breaks off"),
])
def test_what_is_no_sound_is_one_sentence(data, sentence):
    with pytest.raises(ServerError, match=sentence):
        decoded(data)


def test_sound_that_breaks_off_inside_a_codec_is_read_as_far_as_it_goes_or_told():
    data = LOSSY["ogg"][: len(LOSSY["ogg"]) // 2]
    try:
        assert 0 < len(decoded(data)[1]) < len(SAMPLES)
    except ServerError as error:
        assert "cannot be decoded" in str(error)
