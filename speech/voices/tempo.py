"""Faster or slower speech at the same pitch, for voices that know no speed, by FFmpeg's atempo."""
from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

_BLOCK = 2048


def at_tempo(blocks: Iterable[np.ndarray], rate: int, speed: float) -> Iterator[np.ndarray]:
    """float32 mono [n] blocks, `speed` times as fast (0.5 .. 2); the blocks themselves at speed 1."""
    if speed == 1:
        yield from blocks
        return
    import av

    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="flt", layout="mono", time_base="1/" + str(rate))
    tempo, sink = graph.add("atempo", f"{speed:.6f}"), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    at = 0
    for block in _even(blocks):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block, np.float32)[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts = rate, at
        at += len(block)
        graph.push(frame)
        yield from _ready(graph)
    graph.push(None)
    yield from _ready(graph)


def _even(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The same samples in blocks of one size, since atempo joins its pieces elsewhere when it is fed otherwise."""
    waiting = np.zeros(0, np.float32)
    for block in blocks:
        waiting = np.concatenate([waiting, block])
        whole = len(waiting) // _BLOCK * _BLOCK
        yield from np.split(waiting[:whole], whole // _BLOCK) if whole else ()
        waiting = waiting[whole:]
    if len(waiting):
        yield waiting


def _ready(graph) -> Iterator[np.ndarray]:
    import av

    while True:
        try:
            yield graph.pull().to_ndarray().reshape(-1)
        except (av.BlockingIOError, av.EOFError):
            return
