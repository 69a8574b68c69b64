"""The rows are the published ones, whatever the pieces, the gain and the length."""
import json
from pathlib import Path

import numpy as np
import pytest
from speech_sounds import noise, recordings, sound_16k
from talking_avatar.media.open import open_sound, sound_of_array
from talking_avatar.speech import ridge
from talking_avatar.speech.hearing import hear
from talking_avatar.speech.log_mel import log_mel, mel_filters, sound_rows
from talking_avatar.speech.stretches import STRETCH_ROWS, in_stretches

CHECKS = json.loads((Path(ridge.__file__).parent / "mouth_ridge.json").read_text(encoding="utf-8"))


def published_rows(samples):
    """The recipe, in one go and in double precision."""
    samples = np.pad(samples / np.sqrt(np.mean(samples ** 2)) * 0.05, (256, 416)).astype(np.float64)
    window = np.zeros(512)
    window[56:456] = np.hanning(400)
    count = (len(samples) - 512) // 160
    power = np.abs(np.fft.rfft(np.stack([samples[160 * i:160 * i + 512] * window for i in range(count)]), axis=1)) ** 2
    mel = 2595 * np.log10(1 + np.array([60, 7600]) / 700)
    edges = 700 * (10 ** (np.linspace(*mel, 26) / 2595) - 1)
    bins = np.arange(257) * 16000 / 512
    bands = np.stack([np.interp(bins, edges[i:i + 3], [0, 1, 0], left=0, right=0) for i in range(24)])
    energy = power @ bands.T
    logs = np.log(energy + 1e-4 * energy.mean() + 1e-12)
    return (logs - logs.mean(0)) / (logs.std(0) + 0.3)


def test_rows_equal_the_published_recipe(spoken_samples):
    rows = hear(sound_16k(spoken_samples)).log_mel
    assert rows.shape == (len(spoken_samples) // 160 + 1, 24)
    assert np.abs(rows - published_rows(spoken_samples)).max() < 1e-3


def test_filters_are_triangles_of_unit_height():
    filters = mel_filters()
    assert filters.shape == (24, 257)
    assert filters.max() <= 1
    assert filters.min() == 0


def test_pieces_give_what_the_whole_gives(spoken_samples):
    class InPieces:
        seconds = len(spoken_samples) / 16000

        def __init__(self, sizes):
            self.sizes = sizes

        def mono(self, rate):
            edges = np.cumsum([0, *self.sizes])
            yield from (spoken_samples[a:b] for a, b in zip(edges, [*edges[1:], None], strict=True))

    whole = sound_rows(InPieces([]))
    for sizes in ([1, 2, 3, 158, 159, 160, 161, 511, 512, 513], [7] * 400, [16000, 0, 1]):
        pieces = sound_rows(InPieces(sizes))
        assert pieces.n_samples == whole.n_samples == len(spoken_samples)
        np.testing.assert_allclose(pieces.energies, whole.energies, rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(pieces.levels, whole.levels, rtol=1e-5)


@pytest.mark.parametrize("gain", [1e-4, 0.03, 20.0])
def test_gain_changes_nothing(spoken_samples, gain):
    plain, louder = hear(sound_16k(spoken_samples)), hear(sound_16k(spoken_samples * gain))
    assert np.abs(plain.log_mel - louder.log_mel).max() < 1e-3
    assert np.abs(plain.gate - louder.gate).max() < 1e-3


@pytest.mark.parametrize("count", [0, 1, 159, 160, 161, 511, 1600])
def test_every_length_has_a_row_for_each_hop_it_reaches(count):
    rows = sound_rows(sound_16k(noise(0.1)[:count]))
    assert rows.n_samples == count
    assert len(rows.energies) == len(rows.levels) == (count // 160 + 1 if count else 0)
    assert np.isfinite(log_mel(rows, np.ones(len(rows.levels)))).all()


def test_levels_are_the_root_mean_square_over_80_ms():
    levels = sound_rows(sound_16k(np.concatenate([np.full(8000, 0.5), np.zeros(8000)]))).levels
    assert levels[0] == pytest.approx(0.5)
    assert levels[25] == pytest.approx(0.5)
    assert levels[50] == pytest.approx(0.5 / np.sqrt(2))
    assert levels[60:].max() == 0


def test_long_silence_does_not_change_what_is_heard_in_speech(spoken_samples):
    alone = hear(sound_16k(spoken_samples))
    among = hear(sound_16k(np.concatenate([spoken_samples, noise(40) * 1e-4])))
    voiced = np.flatnonzero(alone.gate > 0.5)
    before, after = (ridge.predict_mouth(heard.log_mel)[0][voiced] for heard in (alone, among))
    assert np.sqrt(((before - after) ** 2).mean()) < 0.06


def test_stretches_fade_into_each_other_and_cover_every_row():
    for count in (10, STRETCH_ROWS, STRETCH_ROWS + 1, 3 * STRETCH_ROWS + 17):
        rows = np.arange(count, dtype=np.float32)
        np.testing.assert_allclose(in_stretches(count, lambda part, rows=rows: np.stack([rows[part], -rows[part]], 1)),
                                   np.stack([rows, -rows], 1), rtol=1e-5)


def test_other_rates_and_channels_are_heard_alike(spoken_samples):
    import soxr

    stereo = soxr.resample(np.stack([spoken_samples, spoken_samples], 1), 16000, 44100).T
    assert np.abs(hear(sound_of_array(stereo, 44100)).log_mel - hear(sound_16k(spoken_samples)).log_mel)[:, :20].mean() < 0.05


@pytest.mark.parametrize("path", recordings(CHECKS["check"]["file"]), ids=lambda path: path.name)
def test_stored_check_values_of_the_linear_map_are_met(path):
    check = CHECKS["check"]
    rows = hear(open_sound(path)).log_mel
    assert len(rows) == check["frames"]
    assert np.abs(rows[300] - check["features_row_300"]).max() < 1e-3
    raw = ridge.linear_map(rows, np.reshape(CHECKS["opening"]["weights"], (5, 24)), CHECKS["opening"]["bias"])
    smooth, _ = ridge.predict_mouth(rows)
    for at, value in check["opening_raw_at_frames"].items():
        assert raw[int(at)] == pytest.approx(value, abs=1e-3)
    for at, value in check["opening_smoothed_at_frames"].items():
        assert smooth[int(at)] == pytest.approx(value, abs=1e-3)
