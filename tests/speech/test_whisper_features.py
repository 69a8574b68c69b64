"""What LatentSync hears of a speech: the numbers of the published code, in pieces, at any frame rate."""
import numpy as np
import pytest
import torch
from talking_avatar.host.errors import InputError
from talking_avatar.host.progress import Silent
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.models.whisper.audio_encoder import AudioEncoder, Dims, sinusoids
from talking_avatar.speech.whisper_features import SPAN, frame_tokens, log_mel, published_frames, row_numbers, whisper_rows

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def encoder(parity):
    made = {}

    def network(golden):
        dims = {name: value for name, value in golden.config["dims"].items() if name in Dims.__dataclass_fields__}
        if golden.seed not in made:
            one = AudioEncoder(Dims(**dims)).eval()
            one.load_state_dict({name: torch.from_numpy(parity.fill("encoder." + name, value.shape, golden.seed))
                                 for name, value in one.state_dict().items()})
            made[golden.seed] = one
        return made[golden.seed]

    return network


@pytest.mark.parametrize("case", ["short", "long"])
@pytest.mark.parity("latentsync_whisper")
def test_parity_latentsync_whisper_from_sound_to_tokens(golden, case, parity, encoder):
    arrays = golden.arrays
    samples = arrays["in_audio"].astype(np.float32) / np.float32(32768)
    if case == "long":
        samples = np.resize(samples, int(arrays["in_long_samples"]))
    sound = SoundArray(samples, 16000)
    mel = log_mel(sound)
    kept = mel[:, ::int(arrays["in_mel_step"])] if case == "short" else mel[:, 2990:3010]
    parity.assert_close(kept, arrays[f"mid_mel_{case}"])
    rows = whisper_rows(sound, encoder(golden), CPU, Silent())
    assert [mel.shape[1], len(rows), published_frames(len(rows))] == arrays[f"out_counts_{case}"].tolist()
    parity.assert_close(rows[arrays[f"mid_feature_index_{case}"]], arrays[f"out_feature_{case}"])
    frames = arrays[f"mid_chunk_index_{case}"]
    parity.assert_close(frame_tokens(rows, frames / 25)[..., ::8], arrays[f"out_chunk_{case}"])
    heard = np.clip(row_numbers(frames / 25)[:, None] + np.arange(-4, SPAN - 4), 0, len(rows) - 1)
    assert (heard == arrays[f"out_chunk_rows_{case}"]).all()


@pytest.mark.parity("latentsync_whisper")
def test_parity_latentsync_whisper_places_in_time(golden, parity):
    dims = golden.config["dims"]
    table = sinusoids(dims["n_audio_ctx"], dims["n_audio_state"])
    parity.assert_close(table[golden.arrays["out_sinusoids_rows"]], golden.arrays["out_sinusoids"])


def noise(seconds, rate=16000):
    return np.random.default_rng(5).standard_normal(round(seconds * rate)).astype(np.float32) * 0.1


class InBlocks:
    """A sound that comes in blocks of any size."""

    def __init__(self, samples, size):
        self._samples, self._size = samples, size
        self.seconds = len(samples) / 16000

    def mono(self, rate=16000, seconds=10.0):
        for start in range(0, len(self._samples), self._size):
            yield self._samples[start:start + self._size]


@pytest.mark.parametrize("seconds", [0.5, 30.0, 61.3717, 60.0])
def test_the_mel_is_the_same_in_whatever_pieces_the_sound_comes(seconds):
    samples = noise(seconds)
    whole = log_mel(InBlocks(samples, len(samples)))
    assert whole.shape == (80, len(samples) // 160)
    assert np.abs(log_mel(InBlocks(samples, 7001)) - whole).max() < 1e-4


def small_encoder():
    torch.manual_seed(0)
    return AudioEncoder(Dims(n_audio_state=32, n_audio_head=2, n_audio_layer=1)).eval()


def test_seamless_windows_have_no_seam_at_thirty_seconds():
    """A tone that does not change: its rows do not jump at 30 s either."""
    samples = np.sin(np.arange(45 * 16000) * 2 * np.pi * 200 / 16000).astype(np.float32) * 0.3
    encoder, sound = small_encoder(), SoundArray(samples, 16000)
    published, seamless = (whisper_rows(sound, encoder, CPU, Silent(), seamless=one) for one in (False, True))
    assert published.shape == seamless.shape
    steps = [np.abs(np.diff(rows[1400:1600, -1], axis=0)).max(1) for rows in (published, seamless)]
    assert steps[0][99] > 2 * np.median(steps[0])
    assert steps[1][99] < 1.5 * np.median(steps[1])


def test_at_other_rates_a_frame_hears_the_rows_around_its_own_moment():
    times = np.arange(90) / 30
    assert np.abs(row_numbers(times) / 50 - times).max() <= 0.01 + 1e-9


def test_a_sound_too_short_to_be_heard_is_told():
    with pytest.raises(InputError, match="too short"):
        log_mel(SoundArray(np.zeros(100, np.float32), 16000))


def test_silence_is_heard_as_numbers():
    assert np.isfinite(log_mel(SoundArray(np.zeros(16000, np.float32), 16000))).all()
