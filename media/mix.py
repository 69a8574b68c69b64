"""From any channels at any rate to one channel at another, in pieces."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import soxr

_FRONT, _CENTRE = {"FL", "FR"}, {"FC"}
_DEEP = {"LFE", "LFE2"}


def mono_weights(names: Sequence[str]) -> np.ndarray:
    """float32 [channels], sum 1. Up to two channels, or without a centre: their mean. With a centre, where films put the voice: half from
    there, 0.4 from left and right, the rest from the others; the deep one (LFE) is left out."""
    centred = len(names) > 2 and _CENTRE & set(names)
    groups = [(_CENTRE, 0.5), (_FRONT, 0.4), (set(names) - _CENTRE - _FRONT - _DEEP, 0.1)] if centred else [(set(names) - _DEEP, 1.0)]
    weights = np.zeros(len(names), np.float32)
    for members, share in groups:
        chosen = [i for i, name in enumerate(names) if name in members]
        if chosen:
            weights[chosen] = share / len(chosen)
    return weights / weights.sum() if weights.any() else np.full(len(names), 1 / len(names), np.float32)


def mixed(blocks: Iterable[np.ndarray], weights: np.ndarray, rate: int, new_rate: int) -> Iterator[np.ndarray]:
    """float32 [n] pieces at `new_rate` from float32 [channels, n] pieces at `rate`; round(n x new_rate / rate) samples in all."""
    if new_rate == rate:
        for block in blocks:
            yield weights @ block
        return
    stream = soxr.ResampleStream(rate, new_rate, 1, dtype="float32")
    taken = given = 0
    for block in blocks:
        taken += block.shape[1]
        piece = stream.resample_chunk(np.ascontiguousarray(weights @ block))
        given += len(piece)
        if len(piece):
            yield piece
    rest = stream.resample_chunk(np.zeros(0, np.float32), last=True)
    wanted = max(0, (2 * taken * new_rate + rate) // (2 * rate) - given)
    if wanted:
        yield np.pad(rest[:wanted], (0, max(0, wanted - len(rest))))


def in_blocks(pieces: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """float32 [channels, n] pieces of any length, joined and cut to `size` samples each (the last may be shorter)."""
    waiting: list[np.ndarray] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += piece.shape[1]
        if length < size:
            continue
        joined = np.concatenate(waiting, axis=1)
        for at in range(0, length - size + 1, size):
            yield joined[:, at : at + size]
        length %= size
        waiting = [joined[:, joined.shape[1] - length :].copy()]
    if length:
        yield np.concatenate(waiting, axis=1)
