"""Inside ComfyUI the pack uses ComfyUI's folders, progress and cancel, and changes nothing of others'."""
import threading
from pathlib import Path

import numpy as np
import pytest
from talking_avatar.host import comfyui as host
from talking_avatar.host.errors import Cancelled
from talking_avatar.host.folders import cache_folder, models_folders, temp_folder, user_folder
from talking_avatar.host.node_progress import Unseen, node_progress


def test_outside_there_is_no_comfyui_and_nothing_is_shown(monkeypatch):
    assert not host.is_here()
    with node_progress() as progress, progress.stage("working", 3) as stage:
        stage.advance()
        progress.show(lambda: pytest.fail("nobody watches"))
        progress.check()
    with pytest.raises(Cancelled), node_progress():
        raise Cancelled


def test_models_are_looked_for_in_comfyuis_folders_first(comfyui, monkeypatch):
    monkeypatch.setenv("TALKING_AVATAR_MODELS", "/own")
    comfyui.folder_paths.folder_names_and_paths["wav2lip"] = (["/from/yaml"], {".pth"})
    comfyui.folder_paths.folder_names_and_paths["checkpoints"] = (["/others"], {".safetensors"})
    found = models_folders("wav2lip")
    assert found == [Path("/from/yaml"), comfyui.models / "wav2lip", Path("/own/wav2lip")]
    assert models_folders("wav2lip") == found
    folders, endings = comfyui.folder_paths.folder_names_and_paths["wav2lip"]
    assert folders == ["/from/yaml", str(comfyui.models / "wav2lip")]
    assert endings == {".pth"}
    assert comfyui.folder_paths.folder_names_and_paths["checkpoints"] == (["/others"], {".safetensors"})


def test_a_new_kind_of_model_lists_only_weights(comfyui):
    models_folders("mediapipe")
    assert ".safetensors" in comfyui.folder_paths.folder_names_and_paths["mediapipe"][1]
    assert ".json" not in comfyui.folder_paths.folder_names_and_paths["mediapipe"][1]


def test_caches_outlive_a_restart_and_temporary_files_do_not(comfyui):
    assert cache_folder("tracks") == comfyui.user / "talking-avatar" / "cache" / "tracks"
    assert cache_folder("tracks").is_dir()
    assert user_folder("formats") == comfyui.user / "talking-avatar" / "formats"
    assert temp_folder() == comfyui.temp


def test_the_bar_shows_the_stage_that_was_opened_last(comfyui):
    with node_progress() as progress, progress.stage("outer", 10) as outer:
        with progress.stage("inner", 4) as inner:
            outer.advance(5)
            inner.advance(4)
        outer.advance(5)
    assert (0, 10, None) in comfyui.bars
    assert (4, 4, None) in comfyui.bars
    assert comfyui.bars[-1] == (10, 10, None)


def test_a_stage_of_unknown_length_is_shown(comfyui):
    with node_progress() as progress, progress.stage("speaking") as stage:
        stage.advance(3)
    assert comfyui.bars[-1] == (3, 3, None)


def test_many_quick_steps_are_few_messages(comfyui):
    with node_progress() as progress, progress.stage("frames", 5000) as stage:
        for _ in range(5000):
            stage.advance()
    assert len(comfyui.bars) < 60
    assert comfyui.bars[-1] == (5000, 5000, None)


def test_pictures_come_a_few_times_a_second(comfyui):
    asked = []

    def picture():
        asked.append(1)
        return np.zeros((8, 8, 3), np.uint8)

    with node_progress() as progress, progress.stage("frames", 100):
        for _ in range(100):
            progress.show(picture)
    shown = [picture for _, _, picture in comfyui.bars if picture is not None]
    assert len(shown) == len(asked) == 1
    assert shown[0][0] == "JPEG"
    assert shown[0][1].size == (8, 8)


def test_a_cancel_is_heard_at_every_frame_and_told_to_comfyui(comfyui):
    done = 0
    with pytest.raises(comfyui.Interrupt), node_progress() as progress, progress.stage("frames", 1000) as stage:
        for _ in range(1000):
            done += 1
            comfyui.interrupted = done == 400
            stage.advance()
    assert done == 400
    assert not comfyui.interrupted


def test_a_cancel_that_the_bar_raises_is_one_too(comfyui, monkeypatch):
    import comfy.utils

    class Raising(comfy.utils.ProgressBar):
        def update_absolute(self, *shown):
            raise comfyui.Interrupt

    monkeypatch.setattr(comfy.utils, "ProgressBar", Raising)
    with pytest.raises(comfyui.Interrupt), node_progress() as progress, progress.stage("frames", 10):
        pass


def test_a_film_that_another_node_reads_hears_the_cancel_too(comfyui):
    with Unseen().stage("learning", 3) as stage:
        stage.advance()
        comfyui.interrupted = True
        with pytest.raises(Cancelled):
            stage.advance()
    assert not comfyui.bars


def test_a_cancel_reaches_threads(comfyui):
    heard = []
    with node_progress() as progress:
        def work():
            try:
                with progress.stage("in a thread", 10) as stage:
                    comfyui.interrupted = True
                    stage.advance()
            except Cancelled:
                heard.append(True)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert heard == [True]


def test_watched_frames_close_their_source(comfyui):
    closed = []

    def frames():
        try:
            while True:
                yield type("Frame", (), {"picture": type("P", (), {"rgb": lambda self: np.zeros((4, 4, 3), np.uint8)})()})()
        finally:
            closed.append(True)

    with node_progress() as progress:
        watched = progress.watched(frames())
        next(watched)
        watched.close()
    assert closed == [True]
