"""Downloads go on after a cut, are checked before they get their name, and stop within a second when the user says so."""
import hashlib
import io
import time
from dataclasses import replace

import pytest
import torch
from talking_avatar.host.errors import Cancelled, MissingModel, OutputError
from talking_avatar.host.progress import Silent
from talking_avatar.models import download as module
from talking_avatar.models.catalogue import Checkpoint, Source
from talking_avatar.models.download import download, find_or_download

PLACE = "owner/name/resolve/main/sub/a.pth"
ROW = Checkpoint(name="a", kind="kind", file="a.pth", purpose="the network of this test", licence="MIT", size=3_000_000, page="https://a.page",
                 sources=(Source(hub="owner/name", path="sub/a.pth"),), tensors={"w": (700, 1000)})


@pytest.fixture(scope="module")
def weights():
    buffer = io.BytesIO()
    torch.save({"state_dict": {"module.w": torch.randn(700, 1000)}}, buffer)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "_PAUSE", 0.05)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models" / "kind"


class Watched(Silent):
    """Counts what stages advance by; cancels after so many seconds."""

    def __init__(self, seconds=None):
        self.end = seconds and time.monotonic() + seconds
        self.done, self.total = {}, {}

    def stage(self, name, total=None):
        self.total[name], self.done[name] = total, 0
        return _Counted(self, name)

    def check(self):
        if self.end and time.monotonic() > self.end:
            raise Cancelled


class _Counted:
    def __init__(self, progress, name):
        self.progress, self.name = progress, name

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def advance(self, steps=1):
        self.progress.done[self.name] += steps
        self.progress.check()


def test_a_file_is_brought_from_the_hub_with_progress_and_nothing_else_is_left(hub, folder, weights):
    hub.files[PLACE] = weights
    progress = Watched()
    path = download(ROW, progress)
    assert path == folder / "a.pth" and path.read_bytes() == weights
    assert [one.name for one in folder.iterdir()] == ["a.pth"]
    assert progress.total["downloading a.pth, MB"] == 3 and progress.done["downloading a.pth, MB"] in (2, 3)
    asked = len(hub.asked)
    assert download(ROW, Silent()) == path and len(hub.asked) == asked, "what is there is not asked for again"


def test_a_broken_file_that_lies_there_is_named_and_not_replaced(hub, folder, weights):
    hub.files[PLACE] = weights
    folder.mkdir(parents=True)
    (folder / "a.pth").write_bytes(weights[:1_000_000])
    with pytest.raises(MissingModel, match="cut off while it was downloaded or copied: delete it"):
        download(ROW, Silent())
    assert (folder / "a.pth").stat().st_size == 1_000_000 and not hub.asked


def test_cuts_are_mended_by_going_on(hub, folder, weights):
    hub.files[PLACE], hub.cuts, hub.cut_after = weights, 3, 700_000
    assert download(ROW, Silent()).read_bytes() == weights
    assert hub.bytes_sent_of("GET") == [None, "bytes=700000-", "bytes=1400000-", "bytes=2100000-"]


def test_a_later_run_goes_on_where_a_cut_left_off(hub, folder, weights):
    hub.files[PLACE], hub.cuts, hub.cut_after = weights, 99, 0
    with pytest.raises(MissingModel, match="connection ended after 0.0 of 2.8 MB.*get it by hand from https://a.page"):
        download(ROW, Silent())
    hub.cuts, hub.cut_after = 1, 1_000_000
    hub.asked.clear()
    hub.stall_after = 1_500_000
    with pytest.raises(Cancelled):
        download(ROW, Watched(1.0))
    hub.stall_after = None
    assert not (folder / "a.pth").exists()
    assert download(ROW, Silent()).read_bytes() == weights
    assert hub.bytes_sent_of("GET") == [None, "bytes=1000000-", "bytes=1500000-"]


def test_a_server_that_knows_no_parts_gives_the_whole_file_again(hub, folder, weights):
    hub.files[PLACE], hub.cuts, hub.cut_after, hub.takes_parts = weights, 1, 700_000, False
    assert download(ROW, Silent()).read_bytes() == weights


def test_a_part_of_another_version_is_not_gone_on_with(hub, folder, weights):
    hub.files[PLACE], hub.stall_after = weights[::-1], 500_000
    with pytest.raises(Cancelled):
        download(ROW, Watched(0.6))
    hub.files[PLACE], hub.stall_after = weights, None
    assert download(ROW, Silent()).read_bytes() == weights
    assert [one.name for one in folder.iterdir()] == ["a.pth"]


def test_a_cancel_is_heard_within_a_second_while_the_server_says_nothing(hub, folder, weights):
    hub.files[PLACE], hub.stall_after = weights, 1000
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        download(ROW, Watched(0.3))
    assert time.monotonic() - begun < 1.3


@pytest.mark.parametrize(("change", "says"), [
    ({"sha256": "0" * 64}, "not the published file"), ({"size": 2_000_000}, "instead of 2000000")], ids=["hash", "size"])
def test_a_file_other_than_the_server_said_gets_no_name(hub, folder, weights, change, says):
    hub.files[PLACE] = weights
    vars(hub).update(change)
    _fails(ROW, says, folder)


@pytest.mark.parametrize(("row", "says"), [
    (replace(ROW, sha256="f" * 64), "not the published file"), (replace(ROW, size=17, exact=True), "instead of 17"),
    (replace(ROW, tensors={"w": (7, 1000)}), "holds another network"), (replace(ROW, tensors={"x": (7,)}), "tensor x is not in it")])
def test_a_file_other_than_the_catalogue_says_gets_no_name(hub, folder, weights, row, says):
    hub.files[PLACE] = weights
    _fails(row, says, folder)


@pytest.mark.parametrize(("content", "says"), [(b"<!DOCTYPE html><p>quota", "web page"), (b"", "empty"),
                                               (b"version https://git-lfs.github.com/spec/v1\n", "git-lfs pointer")])
@pytest.mark.parametrize("tensors", [None, ROW.tensors])
def test_a_stand_in_gets_no_name(hub, folder, content, says, tensors):
    hub.files[PLACE] = content
    _fails(replace(ROW, tensors=tensors), says, folder)


def test_the_next_source_serves_where_the_first_does_not(hub, folder, weights):
    hub.files[PLACE] = weights
    row = replace(ROW, sources=(Source(hub="gone/name", path="a.pth"), Source(url=f"{hub.url}/nothing"), *ROW.sources))
    assert download(row, Silent()).read_bytes() == weights


def test_a_plain_address_serves_and_is_gone_on_with(hub, folder, weights):
    hub.files["plain/a.pth"], hub.cuts, hub.cut_after = weights, 1, 700_000
    assert download(replace(ROW, sources=(Source(url=f"{hub.url}/plain/a.pth"),)), Silent()).read_bytes() == weights
    assert hub.bytes_sent_of("GET") == [None, "bytes=700000-"]


def test_offline_mode_asks_nobody(hub, folder, weights, monkeypatch):
    hub.files[PLACE] = weights
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    _fails(ROW, "HF_HUB_OFFLINE is set", folder)
    assert not hub.asked


@pytest.mark.parametrize(("status", "says"), [(404, "not there any more"), (403, "status 403"), (503, "status 503")])
def test_a_server_that_refuses_is_told(hub, folder, status, says):
    hub.files[PLACE], hub.status = b"x", status
    _fails(ROW, says, folder)


def test_no_server_is_told(hub, folder, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    _fails(ROW, "cannot be reached", folder)


def test_room_on_the_disk_is_looked_at_first(hub, folder, weights, monkeypatch):
    hub.files[PLACE] = weights
    monkeypatch.setattr(module, "free_disk", lambda folder: 50_000_000)
    with pytest.raises(OutputError, match=r"needs 0.10 GB, but only 0.05 GB are free"):
        download(ROW, Silent())
    assert not list(folder.iterdir()) and not hub.bytes_sent_of("GET")


def test_a_disk_that_becomes_full_leaves_nothing(hub, folder, weights, monkeypatch):
    hub.files[PLACE] = weights

    def full(*given):
        yield 0, weights[:1000]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "beside", lambda work, check: full() if "chunks" in work.__code__.co_names else work())
    with pytest.raises(OutputError, match="became full"):
        download(ROW, Silent())
    assert not list(folder.iterdir())


def test_two_downloads_of_one_file_do_not_meet(hub, folder, weights):
    from filelock import FileLock

    folder.mkdir(parents=True)
    with FileLock(folder / ".a.pth.lock"), pytest.raises(OutputError, match="being downloaded already"):
        download(ROW, Silent())


def test_a_folder_that_cannot_be_written_is_told(hub, folder, weights):
    hub.files[PLACE] = weights
    folder.parent.mkdir(parents=True)
    folder.write_bytes(b"a file where the folder should be")
    with pytest.raises(OutputError, match="cannot be written into"):
        download(ROW, Silent())


def test_a_token_goes_to_the_hub_and_to_nobody_it_sends_us_to(hub, folder, weights, monkeypatch):
    hub.files[PLACE] = weights
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr("huggingface_hub.utils.build_hf_headers", lambda **given: {"authorization": "Bearer hf_secret"})
    download(ROW, Silent())
    assert [(method, token) for (method, _, _), token in zip(hub.asked, hub.tokens, strict=True)][-1] == ("GET", None)


def test_a_file_with_no_source_is_told_to_be_fetched_by_hand(hub, folder):
    with pytest.raises(MissingModel, match="by hand from https://a.page"):
        download(replace(ROW, sources=()), Silent())


def test_a_node_downloads_only_where_it_is_allowed(hub, folder, weights, monkeypatch):
    hub.files["numz/wav2lip/resolve/main/wav2lip.pth"] = weights
    with pytest.raises(MissingModel, match="is missing"):
        find_or_download("wav2lip", "wav2lip.pth", False, Silent())
    assert not hub.asked
    with pytest.raises(MissingModel, match="holds another network"):  # of this test's weights, that is
        find_or_download("wav2lip", "wav2lip.pth", True, Silent())
    assert hub.asked


def test_the_copy_in_the_hubs_own_cache_serves(hub, folder, weights, monkeypatch, tmp_path):
    (tmp_path / "cached").write_bytes(weights)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *given, **named: str(tmp_path / "cached"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert download(ROW, Silent()).read_bytes() == weights and not hub.asked


def test_the_hash_is_the_files(weights, tmp_path):
    (tmp_path / "a").write_bytes(weights)
    assert module._sha256(tmp_path / "a", Silent()) == hashlib.sha256(weights).hexdigest()


def _fails(row, says, folder):
    with pytest.raises(MissingModel) as caught:
        download(row, Silent())
    assert says in str(caught.value) and "\n" not in str(caught.value)
    assert not folder.exists() or not list(folder.iterdir())
