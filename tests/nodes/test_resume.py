"""What a stopped run has finished is never made again."""
import numpy as np
import pytest
from talking_avatar.compose.spool import Spool
from talking_avatar.engines.engine import register


@pytest.fixture
def take(comfyui, film, spoken_wav, node):
    return {"avatar": node("LoadAvatarVideo", video="film.mp4")[0], "speech": node("AudioEncode", path=str(spoken_wav))[0]}


def patches(mouths) -> list:
    return [(one.index, one.pixels.tobytes(), one.mask.tobytes(), one.affine.tobytes()) for one in mouths.spool]


def spools(comfyui) -> list:
    return list((comfyui.user / "talking-avatar" / "cache" / "spools").glob("*.spool"))


def test_a_cancelled_run_goes_on_where_it_ended_and_gives_the_same_mouths(comfyui, take, node, monkeypatch):
    whole = patches(node("LipSyncEmbedded", **take)[0])
    appended = []
    append = Spool.append

    def counted(spool, patch):
        appended.append(patch.index)
        append(spool, patch)
        if len(appended) == 20:
            comfyui.interrupted = True

    monkeypatch.setattr(Spool, "append", counted)
    with pytest.raises(comfyui.Interrupt):
        node("LipSyncEmbedded", **take)
    assert len(spools(comfyui)) == 1
    done = len(appended)
    assert done < len(whole)
    again = node("LipSyncEmbedded", **take)[0]
    assert appended[done] > appended[done - 1], "what was finished is not made again"
    assert patches(again) == whole


def test_other_settings_begin_anew(comfyui, take, node):
    first, second = node("LipSyncEmbedded", **take)[0], node("LipSyncEmbedded", **take, mouth=1.3)[0]
    assert first.spool.key != second.spool.key
    assert any(one[1] != other[1] for one, other in zip(patches(first), patches(second), strict=True))


def test_finished_mouths_go_with_their_last_user(comfyui, take, node):
    mouths = node("LipSyncEmbedded", **take)[0]
    assert len(spools(comfyui)) == 1
    del mouths
    assert spools(comfyui) == []


def test_an_engine_that_fails_keeps_what_it_made(comfyui, take):
    from pathlib import Path

    from talking_avatar.compose.patch import FacePatch
    from talking_avatar.engines.embedded.settings import EmbeddedSettings
    from talking_avatar.engines.engine import Take, make_engine
    from talking_avatar.engines.mouths import make_mouths
    from talking_avatar.host.progress import Silent
    from talking_avatar.media.timeline import lay_out

    @register("faulty")
    class Faulty:
        name, title, licence, settings_type = "faulty", "Faulty", "none", EmbeddedSettings
        broken = True

        def patches(self, take, settings, progress, first=0):
            for index in range(first, 10):
                if index == 6 and Faulty.broken:
                    raise RuntimeError
                yield FacePatch(index, np.full((2, 2, 3), index, np.uint8), np.eye(2, 3), np.full((2, 2), 255, np.uint8))

    whole = Take(take["avatar"], take["speech"], lay_out(take["avatar"].source, take["speech"].sound))
    folder = Path(comfyui.temp)
    with pytest.raises(RuntimeError):
        make_mouths(whole, make_engine("faulty"), EmbeddedSettings(), Silent(), folder)
    Faulty.broken, made = False, []
    spool = make_mouths(whole, make_engine("faulty"), EmbeddedSettings(), Silent(), folder, watch=lambda patch: made.append(patch.index))
    assert made == [6, 7, 8, 9]
    assert [patch.index for patch in spool] == list(range(10))
