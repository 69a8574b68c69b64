"""Stands in for faster-whisper: it hears every stretch of sound as a word, "word1", "word2", … A folder in which there is a file `slow`
makes it take a minute over each."""
import time
from collections import namedtuple
from pathlib import Path

import numpy as np

Word = namedtuple("Word", "word start end")
Segment = namedtuple("Segment", "words")
Facts = namedtuple("Facts", "language")


class WhisperModel:
    supported_languages = ["en", "fr"]

    def __init__(self, folder, device, compute_type, local_files_only):
        assert local_files_only, "nothing may be downloaded"
        self._slow = (Path(folder) / "slow").exists()

    def transcribe(self, samples, language, word_timestamps, condition_on_previous_text):
        return self._segments(samples), Facts(language or "en")

    def _segments(self, samples):
        loud = np.convolve(np.abs(samples), np.ones(1600) / 1600, "same") > 0.005
        edges = np.flatnonzero(np.diff(np.concatenate([[0], loud, [0]]))) / 16000
        for at, (start, stop) in enumerate(zip(edges[::2], edges[1::2], strict=True), 1):
            if self._slow:
                time.sleep(60)
            yield Segment([Word(f" word{at}", start, stop)])
