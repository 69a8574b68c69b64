"""LatentSync as an engine: which frames are painted, from where, the same whatever happens on the way, and nothing else is touched."""
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from talking_avatar.engines.engine import Take, make_engine
from talking_avatar.engines.latentsync.settings import LatentSyncSettings
from talking_avatar.faces.avatar import make_avatar
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.host.networks import let_go
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import open_source
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.media.timeline import lay_out
from talking_avatar.speech.speech import Speech

ROOT = Path(__file__).resolve().parents[2]
SMALL = LatentSyncSettings(resolution=64, steps=2)


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    """Models folder with stand-in files in models/latentsync."""
    sys.path.insert(0, str(ROOT / "bench"))
    from latentsync_stand_in import make

    folder = tmp_path_factory.mktemp("models")
    make(folder / "latentsync")
    return folder


@pytest.fixture(autouse=True)
def folders(stand_in, tmp_path, monkeypatch):
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(stand_in))
    monkeypatch.setenv("TALKING_AVATAR_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module", autouse=True)
def nothing_kept():
    yield
    let_go()


@pytest.fixture(scope="module")
def astronaut(astronaut_film):
    return make_avatar(open_source(astronaut_film), TrackSettings(), Silent())


@pytest.fixture(scope="module")
def voice(samples):
    return lambda seconds: Speech(SoundArray(samples.babble(seconds, 16000), 16000))


def take_of(avatar, speech, mode="bounce"):
    return Take(avatar, speech, lay_out(avatar.source, speech.sound, mode=mode))


def painted(take, settings=SMALL, first=0, progress=None):
    return list(make_engine("latentsync").patches(take, settings, progress or Silent(), first))


def assert_same(one, other):
    assert [patch.index for patch in one] == [patch.index for patch in other]
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a.pixels, b.pixels) and np.array_equal(a.affine, b.affine)
        assert (a.mask is None and b.mask is None) or np.array_equal(a.mask, b.mask)


@pytest.mark.parametrize("how", ["full", "published"])
def test_any_point_to_go_on_from_gives_the_same_frames_bit_for_bit(astronaut, voice, how):
    take, settings = take_of(astronaut, voice(1.8)), replace(SMALL, chunks=how)
    whole = painted(take, settings)
    assert [patch.index for patch in whole] == list(range(45))
    for first in (1, 13, 16, 30, 44):
        assert_same(painted(take, settings, first), whole[first:])

