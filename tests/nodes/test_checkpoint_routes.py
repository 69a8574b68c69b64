"""What the page may ask: catalogue names only, from ComfyUI's own page only; progress is told, a cancel is heard."""
import threading
import time
from pathlib import Path

import pytest
from talking_avatar.host.errors import Cancelled, InputError, MissingModel
from talking_avatar.models import download
from talking_avatar.nodes.checkpoint_routes import Downloads, is_from_the_page, rows


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path))
    return tmp_path


def test_rows_say_all_and_no_folder_of_this_machine(models):
    told = rows(Downloads(lambda state: None))
    one = next(row for row in told if row["name"] == "wav2lip_gan")
    assert one["can_be_fetched"] and not one["here"] and not one["running"] and one["licence"] and "TA_LipSyncWav2Lip" in one["nodes"]
    assert str(models) not in str(told) and str(Path.home()) not in str(told)


@pytest.mark.parametrize("name", ["../../etc/passwd", "https://example.com/a.pth", "", "wav2lip_gan.pth", "nothing"])
def test_only_names_of_the_catalogue_are_taken(models, name):
    with pytest.raises(InputError, match="no checkpoint called"):
        Downloads(lambda state: None).start(name)


@pytest.mark.parametrize(("headers", "kind", "right"), [
    ({"Host": "127.0.0.1:8188", "Origin": "http://127.0.0.1:8188"}, "application/json", True),
    ({"Host": "127.0.0.1:8188"}, "application/json", True),
    ({"Host": "127.0.0.1:8188", "Origin": "https://evil.example"}, "application/json", False),
    ({"Host": "127.0.0.1:8188", "Origin": "null"}, "application/json", False),
    ({"Host": "127.0.0.1:8188"}, "text/plain", False)])
def test_other_sites_cannot_ask(headers, kind, right):
    assert is_from_the_page(headers, kind) is right


def test_progress_is_told_and_the_end(models, monkeypatch):
    told, go = [], threading.Event()

    def bring(row, progress):
        with progress.stage("downloading, MB", total=10) as stage:
            stage.advance(4)
            go.wait(5)
        (models / "wav2lip").mkdir()
        (models / "wav2lip" / "wav2lip.pth").write_bytes(b"x")

    monkeypatch.setattr(download, "download", bring)
    downloads = Downloads(told.append)
    downloads.start("wav2lip")
    downloads.start("wav2lip")  # pressed twice: still one
    _until(lambda: downloads.state("wav2lip")["done"] == 4)
    now = downloads.state("wav2lip")
    assert now.pop("turn") and now == {"running": True, "error": "", "stage": "downloading, MB", "done": 4, "total": 10}
    go.set()
    _until(lambda: not downloads.state("wav2lip")["running"])
    _until(lambda: told and told[-1]["here"])
    assert told[0]["running"] and told[-1]["name"] == "wav2lip" and not told[-1]["error"]


def test_what_is_read_later_has_the_higher_turn_also_after_the_server_was_started_anew(models):
    downloads = Downloads(lambda state: None)
    turns = [row["turn"] for row in rows(downloads)] + [downloads.state("wav2lip")["turn"]]
    time.sleep(0.002 * len(turns))
    turns.append(Downloads(lambda state: None).state("wav2lip")["turn"])
    assert turns == sorted(set(turns))


def test_a_cancel_is_heard_and_is_no_error(models, monkeypatch):
    def bring(row, progress):
        while True:
            progress.check()
            time.sleep(0.01)

    monkeypatch.setattr(download, "download", bring)
    downloads = Downloads(lambda state: None)
    downloads.start("wav2lip")
    downloads.cancel("wav2lip")
    _until(lambda: not downloads.state("wav2lip")["running"])
    assert downloads.state("wav2lip")["error"] == ""
    downloads.cancel("wav2lip")


@pytest.mark.parametrize("error", [MissingModel("the server gives nothing"), RuntimeError("odd")])
def test_an_error_is_told_in_words_until_the_next_try(models, monkeypatch, error):
    def bring(row, progress):
        raise error

    monkeypatch.setattr(download, "download", bring)
    downloads = Downloads(lambda state: None)
    downloads.start("wav2lip")
    _until(lambda: downloads.state("wav2lip")["error"])
    assert str(error) in downloads.state("wav2lip")["error"]
    monkeypatch.setattr(download, "download", lambda row, progress: (_ for _ in ()).throw(Cancelled()))
    downloads.start("wav2lip")
    _until(lambda: not downloads.state("wav2lip")["running"])
    assert downloads.state("wav2lip")["error"] == ""


def _until(holds):
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
