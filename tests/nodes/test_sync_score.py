"""Sync Score as a node: figures, words and a picture that stands in it; the checkpoint is brought only where that is allowed."""
import json

import pytest
from talking_avatar.host.errors import MissingModel
from talking_avatar.nodes.lazy_video import LazyVideo
from talking_avatar.nodes.sync_score import SyncScore


def test_a_film_is_scored_and_the_picture_stands_in_the_node(comfyui, astronaut_film):
    from talking_avatar.media.open import open_source

    film = open_source(astronaut_film)
    made = SyncScore().score(LazyVideo(film), original=LazyVideo(open_source(astronaut_film)))
    report, picture, offset, lse_c, lse_d, figures = made["result"]
    assert "50 frames" in report and "bit for bit" in report and made["ui"]["text"] == [report]
    assert tuple(picture.shape) == (1, 748, 1280, 3) and (lse_c, lse_d) == (0.0, 0.0) and isinstance(offset, float)
    assert json.loads(figures)["frames"] == 50
    item, = made["ui"]["images"]
    assert item["type"] == "temp" and (comfyui.temp / item["filename"]).is_file()


def test_a_missing_checkpoint_is_named_and_the_list_has_it(comfyui, astronaut_film, monkeypatch, tmp_path):
    from talking_avatar.media.open import open_source

    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path))
    names = SyncScore.INPUT_TYPES()["optional"]["checkpoint"][0]
    assert names[0] == "none" and "syncnet_v2.model" in names
    with pytest.raises(MissingModel, match="talking-avatar models get syncnet_v2"):
        SyncScore().score(LazyVideo(open_source(astronaut_film)), checkpoint="syncnet_v2.model")
