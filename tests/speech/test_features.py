"""Features are computed once for a speech and a name, however many ask, and do not fill the memory."""
import threading

import numpy as np
import pytest
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.speech import features
from talking_avatar.speech.features import features_of
from talking_avatar.speech.speech import Speech


@pytest.fixture
def speech():
    def make(seed: int) -> Speech:
        return Speech(SoundArray(np.random.default_rng(seed).standard_normal(100).astype(np.float32), 16000))

    yield make
    features._kept.clear()


def test_what_was_computed_is_handed_out_again_for_the_same_sound(speech):
    calls = []

    def compute():
        calls.append(1)
        return np.arange(3.0)

    first = features_of(speech(1), "a", compute)
    assert features_of(speech(1), "a", compute) is first
    assert len(calls) == 1
    features_of(speech(1), "b", compute)
    features_of(speech(2), "a", compute)
    assert len(calls) == 3
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


def test_threads_that_ask_together_compute_once(speech):
    calls, gate, one = [], threading.Event(), speech(3)

    def compute():
        calls.append(1)
        gate.wait(2)
        return np.zeros(2)

    threads = [threading.Thread(target=features_of, args=(one, "a", compute)) for _ in range(4)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert len(calls) == 1


def test_what_was_used_longest_ago_goes_first(speech, monkeypatch):
    monkeypatch.setattr(features, "MOST_BYTES", 100)
    made = {seed: features_of(speech(seed), "a", lambda: np.zeros(5)) for seed in (1, 2)}
    assert features_of(speech(1), "a", lambda: None) is made[1]
    features_of(speech(3), "a", lambda: np.zeros(5))
    assert features_of(speech(1), "a", lambda: None) is made[1]
    assert features_of(speech(2), "a", lambda: np.ones(5)) is not made[2]
    assert len(features_of(speech(4), "a", lambda: np.zeros(50))) == 50
    assert len(features._kept) == 2


def test_a_failure_keeps_nothing(speech):
    def fail():
        raise KeyError("no")

    with pytest.raises(KeyError):
        features_of(speech(1), "a", fail)
    assert features_of(speech(1), "a", lambda: np.ones(1))[0] == 1
