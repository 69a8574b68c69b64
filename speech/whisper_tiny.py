"""A speech as the states of Whisper's encoder, fifty a second, and what of them is heard around a film frame (Sonic's way)."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from ..host.progress import Progress
from ..media.sound import Sound
from ..models.sonic.speech_encoder import STATES, states_of_layers

RATE = 16000
FRAME_RATE = 12.5
_PIECE = 480_000  # samples in the 30 s that Whisper hears at once
_SAMPLES_A_FRAME = 640  # of a film at 25 frames a second
_STATES_A_FRAME = 4  # at 12.5
_TOKENS = 4, 10
_MOTION = 24, 50
"""States before the moment of a frame, and in all, that tokens and motion values are made from."""


def speech_states(sound: Sound, encoder: nn.Module, device: torch.device, progress: Progress) -> np.ndarray:
    """float32 [2 a, layers + 1, D], the states of a sound of a 25ths of a second, at least one; each piece of 30 s is heard by itself."""
    n_samples, pieces = 0, []
    with progress.stage("listening to the speech", total=max(1, -(-int(sound.seconds) // 30))) as stage:
        for piece in _pieces(sound):
            pieces.append(_states(encoder, piece, device))
            n_samples += len(piece)
            stage.advance()
    frames = max(2, n_samples // _SAMPLES_A_FRAME)
    return np.concatenate(pieces)[:2 * frames]


def film_frames(states: np.ndarray) -> int:
    """Frames of the film, 12.5 a second, for states that came from `speech_states`."""
    return len(states) // _STATES_A_FRAME


def token_windows(states: np.ndarray, start: int, stop: int) -> np.ndarray:
    """float32 [stop - start, 10, layers + 1, D]: what is heard from 80 ms before to 120 ms after frames start .. stop-1."""
    return _windows(states, start, stop, *_TOKENS)


def motion_windows(states: np.ndarray, start: int, stop: int) -> np.ndarray:
    """float32 [stop - start, 50, 1, D]: the last layer half a second before and after frames start .. stop-1."""
    return _windows(states[:, -1:], start, stop, *_MOTION)


def whisper_mel(samples: np.ndarray) -> np.ndarray:
    """float32 [1, 80, 3000]: log-mel of up to 30 s at 16 kHz, the rest taken as silence, brought to the range of its own loudest."""
    from transformers import WhisperFeatureExtractor

    return WhisperFeatureExtractor()(samples, sampling_rate=RATE, return_tensors="np").input_features


def _states(encoder: nn.Module, samples: np.ndarray, device: torch.device) -> np.ndarray:
    with torch.inference_mode():
        mel = torch.from_numpy(whisper_mel(samples)).to(device)
        states = states_of_layers(encoder, mel).cpu().numpy()
    return states[:STATES]


def _pieces(sound: Sound) -> Iterator[np.ndarray]:
    """The sound at 16 kHz in pieces of 30 s, the last one shorter."""
    held, count = [], 0
    for block in sound.mono(RATE):
        held.append(block)
        count += len(block)
        while count >= _PIECE:
            joined = np.concatenate(held)
            yield joined[:_PIECE]
            held, count = [joined[_PIECE:]], count - _PIECE
    if count:
        yield np.concatenate(held)


def _windows(states: np.ndarray, start: int, stop: int, before: int, span: int) -> np.ndarray:
    """States 4 i - before .. 4 i - before + span of each frame i; zeros beyond the ends."""
    first = _STATES_A_FRAME * start - before
    wanted = first + np.arange(_STATES_A_FRAME * (stop - start - 1) + span)
    inside = (wanted >= 0) & (wanted < len(states))
    stretch = np.zeros((len(wanted), *states.shape[1:]), np.float32)
    stretch[inside] = states[wanted[inside]]
    picks = _STATES_A_FRAME * np.arange(stop - start)[:, None] + np.arange(span)
    return stretch[picks]
