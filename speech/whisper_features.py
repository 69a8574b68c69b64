"""A speech as LatentSync hears it: the layers of Whisper's encoder, fifty rows a second, and what of them belongs to a film frame.

The published way (bytedance/LatentSync) takes the mel of the whole file, whose loudest moment sets the scale, and hears it in windows of
30 s that do not see each other; "seamless" lets them overlap, so that no row stands at a window's edge.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ..host.errors import InputError
from ..host.progress import Progress
from ..media.sound import Sound
from ..models.whisper.audio_encoder import AudioEncoder
from .mel_bands import slaney_filters

RATE = 16000
ROWS_PER_SECOND = 50
SPAN = 10
"""Rows that a film frame hears: four before its moment, six from it on."""

_HOP, _FFT, _BANDS = 160, 400, 80
_COLUMNS = 3000
_OVERLAP = 1000  # mel columns that two seamless windows share
_BEFORE = 4
_FLOOR = 1e-10
_RANGE = 8.0
_SHORTEST = _FFT // 2 + 1
_PIECE_COLUMNS = 3000


def whisper_rows(sound: Sound, encoder: AudioEncoder, device: torch.device, progress: Progress, seamless: bool = False) -> np.ndarray:
    """float32 [T, layers + 1, D], 50 rows a second: T = (n_samples // 160) // 2, n_samples at 16 kHz.

    seamless: windows overlap by 10 s and rows are taken from their inner parts. Raises InputError for a sound of less than 13 ms."""
    mel = log_mel(sound)
    starts = _starts(mel.shape[1], seamless)
    rows = []
    with progress.stage("listening to the speech", total=len(starts)) as stage:
        for number, start in enumerate(starts):
            stop = min(start + _COLUMNS, mel.shape[1])
            heard = _heard(encoder, mel[:, start:stop], device)
            first = 0 if number == 0 else (_kept_from(starts, number) - start) // 2
            last = (_kept_from(starts, number + 1) - start) // 2 if number + 1 < len(starts) else (stop - start) // 2
            rows.append(heard[first:last])
            stage.advance()
    return np.concatenate(rows)


def published_frames(rows: int) -> int:
    """Film frames, 25 a second, that the published code makes for so many rows: two more than the sound lasts."""
    return rows // 2 + 2


def frame_tokens(rows: np.ndarray, times: np.ndarray) -> np.ndarray:
    """float32 [n, 10 (layers + 1), D]: the tokens of frames that stand at `times` (seconds): rows t - 4 .. t + 5 around the row of each
    moment, clamped to the ends, each row its layers. At 25 frames a second frame i hears rows 2 i - 4 .. 2 i + 5, as published."""
    at = row_numbers(times)[:, None] + np.arange(-_BEFORE, SPAN - _BEFORE)
    picked = rows[np.clip(at, 0, len(rows) - 1)]
    return picked.reshape(len(times), -1, rows.shape[-1])


def row_numbers(times: np.ndarray) -> np.ndarray:
    """int64: the row that stands nearest to each moment (seconds), halves down."""
    return np.ceil(np.asarray(times, np.float64) * ROWS_PER_SECOND - 0.5 - 1e-6).astype(np.int64)


def log_mel(sound: Sound) -> np.ndarray:
    """float32 [80, n_samples // 160]: Whisper's log-mel of the whole sound at 16 kHz, its loudest value setting the floor.

    Computed in pieces: beside the result memory is flat. Raises InputError for a sound too short to be reflected at its ends."""
    pieces = [np.log10(np.maximum(piece, _FLOOR)) for piece in _powers(sound)]
    if not pieces:
        raise InputError(f"The speech lasts {1000 * sound.seconds:.0f} ms, too short to be heard: give a longer one.")
    logs = np.concatenate(pieces, 1)
    logs = np.maximum(logs, logs.max() - np.float32(_RANGE))
    return ((logs + np.float32(4)) / np.float32(4)).astype(np.float32)


def _starts(columns: int, seamless: bool) -> list[int]:
    if not seamless:
        return list(range(0, max(columns, 1), _COLUMNS))
    return list(range(0, max(1, columns - _OVERLAP), _COLUMNS - _OVERLAP))


def _kept_from(starts: list[int], number: int) -> int:
    """The column from which window `number` is listened to: the middle of what it shares with the one before."""
    shared = starts[number - 1] + _COLUMNS - starts[number]
    return starts[number] + shared // 2


def _heard(encoder: AudioEncoder, mel: np.ndarray, device: torch.device) -> np.ndarray:
    """The rows of one window; what is missing of 30 s is zero in units of the mel, as in the published code."""
    window = np.zeros((1, _BANDS, _COLUMNS), np.float32)
    window[0, :, :mel.shape[1]] = mel
    dtype = next(encoder.parameters()).dtype
    with torch.inference_mode():
        return encoder.layers(torch.from_numpy(window).to(device, dtype))[0].float().cpu().numpy()


def _powers(sound: Sound) -> Iterator[np.ndarray]:
    """float32 [80, n] of each piece of the sound: the power in each band. The ends are reflected."""
    filters = torch.from_numpy(_filters())
    for samples, columns in _pieces(sound):
        spectrum = torch.stft(samples, _FFT, _HOP, window=torch.hann_window(_FFT), center=False, return_complex=True)[:, :columns]
        yield (filters @ (spectrum.abs() ** 2)).numpy()


def _pieces(sound: Sound) -> Iterator[tuple[Tensor, int]]:
    """Samples with half a window around them, and how many columns they give."""
    half = _FFT // 2
    held, begun = np.zeros(0, np.float32), False
    for block in sound.mono(RATE):
        held = np.concatenate([held, block.astype(np.float32, copy=False)])
        if not begun and len(held) >= _SHORTEST:
            held, begun = np.concatenate([held[half:0:-1], held]), True
        while begun and len(held) >= _PIECE_COLUMNS * _HOP + _FFT:
            yield torch.from_numpy(held[:(_PIECE_COLUMNS - 1) * _HOP + _FFT]), _PIECE_COLUMNS
            held = held[_PIECE_COLUMNS * _HOP:]
    if not begun:
        return
    held = np.concatenate([held, held[-2:-2 - half:-1]])
    columns = (len(held) - _FFT) // _HOP  # the column at the very end is not used
    if columns > 0:
        yield torch.from_numpy(held), columns


@lru_cache(maxsize=1)
def _filters() -> np.ndarray:
    """float32 [80, 201]: mel bands from 0 to 8000 Hz."""
    return slaney_filters(RATE, _FFT, _BANDS, 0.0, RATE / 2).astype(np.float32)
