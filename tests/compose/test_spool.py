"""The spool keeps patches exactly, survives a kill, and leaves nothing behind."""
import errno
import gc
import os
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.compose.packed import plain, squeezed, unpacked
from talking_avatar.compose.patch import FacePatch
from talking_avatar.compose.spool import Spool
from talking_avatar.host.errors import Cancelled, OutputError
from talking_avatar.host.progress import Silent


def make_patch(index, width=30, height=20, mask=True, affine=None, seed=0):
    rng = np.random.default_rng((seed, index))
    seen = np.where(rng.random((height, width)) < 0.5, 0, rng.integers(1, 256, (height, width))).astype(np.uint8) if mask else None
    where = np.array([[1, 0, 5], [0, 1, 7]], np.float64) if affine is None else affine
    return FacePatch(index, rng.integers(0, 256, (height, width, 3), dtype=np.uint8), where, seen)


def assert_same(one, other):
    assert one.index == other.index
    np.testing.assert_array_equal(one.affine, other.affine)
    if one.mask is None:
        assert other.mask is None
        np.testing.assert_array_equal(one.pixels, other.pixels)
        return
    np.testing.assert_array_equal(one.mask, other.mask)
    np.testing.assert_array_equal(one.pixels[one.mask > 0], other.pixels[one.mask > 0])


@settings(max_examples=60, deadline=None)
@given(index=st.integers(0, 2**31), width=st.integers(1, 70), height=st.integers(1, 70), mask=st.booleans(),
       numbers=st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6), seed=st.integers(0, 99), record=st.sampled_from([plain, squeezed]))
def test_a_patch_comes_back_exactly(index, width, height, mask, numbers, seed, record):
    patch = make_patch(index, width, height, mask, np.array(numbers).reshape(2, 3), seed)
    assert_same(patch, unpacked(record(patch)))


def test_pixels_beside_the_mask_that_a_resampling_reads_are_kept():
    patch = make_patch(0, 60, 40, affine=np.array([[1, 0, 5.5], [0, 1, 7]]))
    patch.mask[:] = 0
    patch.mask[10:20, 10:20] = 255
    kept = unpacked(squeezed(patch)).pixels
    np.testing.assert_array_equal(kept[7:23, 7:23], patch.pixels[7:23, 7:23])
    assert not kept[30:].any()


def test_what_was_spooled_can_be_read_by_several_readers_while_it_grows(tmp_path):
    spool = Spool("a film", tmp_path)
    patches = [make_patch(index) for index in range(20)]
    read = [[], []]
    readers = [threading.Thread(target=lambda mine=mine: mine.extend(spool.follow(Silent()))) for mine in read]
    for reader in readers:
        reader.start()
    for passed, given_patch in zip(spool.tee(iter(patches)), patches, strict=True):
        assert passed is given_patch
    for reader in readers:
        reader.join(10)
    assert spool.is_finished
    for mine in (*read, list(spool)):
        assert len(mine) == 20
        for one, other in zip(patches, mine, strict=True):
            assert_same(one, other)


def test_a_reader_ends_when_the_writer_stops_early(tmp_path):
    spool = Spool("a film", tmp_path)
    tee = spool.tee(make_patch(index) for index in range(5))
    next(tee)
    tee.close()
    assert [patch.index for patch in spool.follow(Silent())] == [0]
    assert not spool.is_finished


def test_a_waiting_reader_hears_a_cancel_within_a_second(tmp_path):
    class Stopped(Silent):
        def check(self):
            raise Cancelled

    began = time.monotonic()
    with pytest.raises(Cancelled):
        next(Spool("a film", tmp_path).follow(Stopped()))
    assert time.monotonic() - began < 1


WRITER = """
import os, signal, sys
from pathlib import Path
import numpy as np
from talking_avatar.compose.patch import FacePatch
from talking_avatar.compose.spool import Spool
spool = Spool("long film", Path(sys.argv[1]))
print(spool.last_index, flush=True)
for index in range(spool.last_index + 1, int(sys.argv[2])):
    pixels = np.full((8, 9, 3), index, np.uint8)
    spool.append(FacePatch(index, pixels, np.array([[1, 0, 0], [0, 1, 0.0]]), None))
if sys.argv[3] == "kill":
    os._exit(9)
"""


def run_writer(folder, frames, end):
    script = textwrap.dedent(WRITER)
    return int(subprocess.run([sys.executable, "-c", script, str(folder), str(frames), end], capture_output=True, text=True).stdout)


def test_a_killed_run_goes_on_where_it_ended(tmp_path):
    assert run_writer(tmp_path, 10, "kill") == -1
    left, = tmp_path.glob("*.spool")
    with left.open("r+b") as file:
        file.truncate(left.stat().st_size - 5)
    spool = Spool("long film", tmp_path)
    assert spool.last_index == 8
    spool.append(make_patch(9))
    spool.finish()
    assert [patch.index for patch in spool] == list(range(10))
    assert (next(iter(spool)).pixels == 0).all()


def test_a_flipped_bit_ends_what_is_taken_up(tmp_path):
    run_writer(tmp_path, 10, "kill")
    left, = tmp_path.glob("*.spool")
    data = bytearray(left.read_bytes())
    data[len(data) // 2] ^= 1
    left.write_bytes(data)
    spool = Spool("long film", tmp_path)
    assert 0 <= spool.last_index < 9
    assert [patch.index for patch in spool] == list(range(spool.last_index + 1))


def test_a_suspended_finished_spool_is_found_again(tmp_path):
    spool = Spool("a film", tmp_path)
    list(spool.tee(make_patch(index) for index in range(3)))
    spool.suspend()
    again = Spool("a film", tmp_path)
    assert again.is_finished
    assert len(again) == 3


def test_another_key_or_a_living_spool_is_never_taken_up(tmp_path):
    first = Spool("a film", tmp_path)
    first.append(make_patch(0))
    assert Spool("a film", tmp_path).last_index == -1
    assert Spool("another film", tmp_path).last_index == -1


def test_the_file_goes_with_the_last_reference_and_at_exit(tmp_path):
    spool = Spool("a film", tmp_path)
    spool.append(make_patch(0))
    reader = iter(spool)
    del spool
    gc.collect()
    assert next(reader).index == 0
    del reader
    gc.collect()
    assert not list(tmp_path.iterdir())
    run_writer(tmp_path, 4, "exit")
    assert not list(tmp_path.iterdir())


def test_files_of_the_dead_are_swept_when_stale_and_only_then(tmp_path):
    run_writer(tmp_path, 4, "kill")
    left, = tmp_path.glob("*.spool")
    kept = Spool("another film", tmp_path)
    assert left.exists()
    for path in (left, kept.path):
        os.utime(path, (0, 0))
    Spool("third film", tmp_path)
    assert not left.exists()
    assert kept.path.exists()


def test_a_full_disk_is_said_in_a_sentence_and_leaves_good_records(tmp_path, monkeypatch):
    spool = Spool("a film", tmp_path)
    spool.append(make_patch(0))

    class FullDisk:
        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            self.file.write(data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

    real = spool._file
    spool._file = FullDisk(real)
    with pytest.raises(OutputError, match="full"):
        spool.append(make_patch(1))
    spool._file = real
    spool.append(make_patch(1))
    assert [patch.index for patch in spool] == [0, 1]


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be used"):
        Spool("a film", tmp_path / "file" / "below")


def test_a_face_patch_costs_few_bytes_once_squeezed():
    height = width = 220
    rows, columns = np.mgrid[:height, :width]
    smooth = np.stack([rows * 0.4 + 60, columns * 0.3 + 80, rows * 0.2 + 90], -1)
    pixels = np.uint8(smooth + np.random.default_rng(0).normal(0, 1.5, (height, width, 1)))
    mask = np.uint8(np.clip(120 - np.hypot(rows - 110, columns - 110), 0, 20) * 12.75)
    assert len(squeezed(FacePatch(0, pixels, np.eye(2, 3), mask))) < 0.5 * pixels.size


def test_a_long_film_s_patches_are_squeezed_and_a_short_one_s_are_not(tmp_path, monkeypatch):
    patch = FacePatch(0, np.full((100, 100, 3), 90, np.uint8), np.eye(2, 3), np.full((100, 100), 255, np.uint8))
    monkeypatch.setattr("talking_avatar.compose.spool._ROOMY", 100_000)
    spool = Spool("a film", tmp_path)
    for _ in range(3):
        spool.append(patch)
    roomy = spool.n_bytes
    for _ in range(100):
        spool.append(patch)
    assert roomy > 3 * 40_000
    assert spool.n_bytes - roomy < roomy
    for read in spool:
        assert_same(read, patch)


def test_plain_and_squeezed_patches_are_taken_up_alike_after_a_kill(tmp_path, monkeypatch):
    monkeypatch.setattr("talking_avatar.compose.spool._ROOMY", 5_000)
    spool = Spool("a film", tmp_path)
    for index in range(8):
        spool.append(make_patch(index))
    spool.suspend()
    again = Spool("a film", tmp_path)
    assert again.last_index == 7
    for index, patch in enumerate(again):
        assert_same(patch, make_patch(index))


def test_what_a_longer_film_needs_is_reckoned_as_it_will_be_kept(tmp_path, monkeypatch):
    patch = FacePatch(0, np.full((100, 100, 3), 90, np.uint8), np.eye(2, 3), np.full((100, 100), 255, np.uint8))
    monkeypatch.setattr("talking_avatar.compose.spool._ROOMY", 1_000_000)
    sample, whole, short = (Spool(name, tmp_path) for name in ("a sample", "a long film", "a short film"))
    for spool, count in ((sample, 10), (whole, 1000), (short, 20)):
        for _ in range(count):
            spool.append(patch)
    assert abs(sample.grown(100) - whole.n_bytes) < 0.1 * whole.n_bytes
    assert abs(sample.grown(2) - short.n_bytes) < 1000
