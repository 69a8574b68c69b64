"""Transcribe Speech and Save SRT in a real ComfyUI, with a stand-in for faster-whisper: what a voice says becomes subtitles of its film."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphs import changed
from runs import file_of, run
from server import PACK, Server

GRAPH = {
    "load": {"class_type": "TA_LoadAvatarVideo", "inputs": {"video": "portrait.jpg [example]"}},
    "voice": {"class_type": "TA_VoiceClone", "inputs": {"text": "This comes first. [pause:1.5s] And this is the end."}},
    "mouths": {"class_type": "TA_LipSyncEmbedded", "inputs": {"avatar": ["load", 0], "speech": ["voice", 1]}},
    "paste": {"class_type": "TA_ROIComposite", "inputs": {"avatar": ["load", 0], "mouths": ["mouths", 0]}},
    "film": {"class_type": "TA_VideoCombine", "inputs": {"filename_prefix": "ta/said", "format": "mp4-h264", "video": ["paste", 0]}},
    "heard": {"class_type": "TA_TranscribeSpeech", "inputs": {"audio": ["voice", 0], "language": "en"}},
    "srt": {"class_type": "TA_SaveSRT", "inputs": {"srt": ["heard", 1], "filename_prefix": "ta/said", "film": ["film", 1]}},
}
ALONE = {name: one for name, one in GRAPH.items() if name in ("voice", "heard")} | {
    "srt": {"class_type": "TA_SaveSRT", "inputs": {"srt": ["heard", 1], "filename_prefix": "ta/alone"}}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running ComfyUI with two models: `base`, and `turbo`, which would be preferred but takes for ever."""
    folder = tmp_path_factory.mktemp("comfyui")
    for name in ("base", "turbo"):
        made = folder / "models" / "faster-whisper" / name
        made.mkdir(parents=True)
        for part in ("model.bin", "config.json"):
            (made / part).write_text("{}")
    (folder / "models" / "faster-whisper" / "turbo" / "slow").touch()
    with Server(folder, {"talking-avatar": PACK, "stand-in-ear": Path(__file__).parent / "stand_in_ear"}) as running:
        yield running


def times_of(srt: str) -> list[tuple[float, float]]:
    def seconds(clock: str) -> float:
        hours, minutes, rest = clock.replace(",", ".").split(":")
        return 3600 * int(hours) + 60 * int(minutes) + float(rest)

    return [(seconds(start), seconds(end)) for start, end in re.findall(r"(\S+) --> (\S+)", srt)]


def test_what_is_said_in_a_film_lies_beside_it_as_subtitles(server):
    done = run(server, changed(GRAPH, heard={"model": "base"}))
    assert done.status == "success", done.error
    film = done.outputs["film"]["images"][0]
    srt = Path(done.outputs["srt"]["text"][0])
    assert srt.parent == server.folder / "output" / "ta"
    assert srt.stem == Path(film["filename"]).stem, "players find it under the film's name"
    assert file_of(server, {"filename": srt.name, "subfolder": "ta", "type": "output"}) == srt.read_bytes()
    shown = times_of(srt.read_text(encoding="utf-8"))
    assert len(shown) == 2, "the pause parts them"
    assert shown[1][0] - shown[0][1] > 0.3 and shown[0][0] < 1
    assert done.progress["heard"]


def test_models_are_offered_and_one_that_is_not_there_is_explained(server):
    options = server.get("/object_info/TA_TranscribeSpeech")["TA_TranscribeSpeech"]["input"]["optional"]["model"]
    assert (options[0] if isinstance(options[0], list) else options[1]["options"]) == ["auto", "turbo", "base"]
    done = run(server, changed(ALONE, heard={"model": "large-v3"}))
    assert done.status == "error"
    assert "large-v3" in done.message() and "There are: base, turbo" in done.message()
    done = run(server, changed(ALONE, heard={"model": "base", "language": "zh"}))
    assert done.status == "error" and "does not know the language 'zh'" in done.message()


def test_a_cancel_does_not_wait_for_the_recogniser(server):
    done = run(server, changed(ALONE, heard={"model": "auto"}), cancel_at="heard", cancel_after=0.5)
    assert done.status == "interrupted"
    assert done.cancel_seconds < 2
    assert not list((server.folder / "output" / "ta").glob("alone*")), "no file is begun"


def test_what_is_no_subtitle_is_refused_and_nothing_is_written(server):
    graph = {"srt": {"class_type": "TA_SaveSRT", "inputs": {"srt": "Hello, this is no subtitle.", "filename_prefix": "ta/wrong"}}}
    done = run(server, graph)
    assert done.status == "error" and done.message()
    assert not list((server.folder / "output" / "ta").glob("wrong*"))
    done = run(server, changed(graph, srt={"filename_prefix": "../../out"}))
    assert done.status == "refused" and "does not name a file inside" in done.message()
    assert not (server.folder.parent / "out_00001.srt").exists()
