"""Small work runs on one thread, and every library gets its own number back."""
import threading

import cv2
import pytest
import torch
from talking_avatar.host.device import one_picture_thread, one_thread


@pytest.fixture
def two_threads():
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(2)
    cv2.setNumThreads(2)
    yield
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])


@pytest.mark.parametrize("block, count", [(one_thread, torch.get_num_threads), (one_picture_thread, cv2.getNumThreads)],
                         ids=["torch", "OpenCV"])
def test_the_last_block_to_end_gives_the_threads_back(two_threads, block, count):
    with block():
        assert count() == 1
        with block():
            assert count() == 1
        assert count() == 1
    assert count() == 2
    with pytest.raises(ZeroDivisionError), block():
        _ = 1 / 0
    assert count() == 2


def test_a_block_in_another_thread_keeps_opencv_on_one(two_threads):
    entered, leave = threading.Event(), threading.Event()

    def other():
        with one_picture_thread():
            entered.set()
            leave.wait(5)

    thread = threading.Thread(target=other)
    thread.start()
    assert entered.wait(5)
    with one_picture_thread():
        pass
    assert cv2.getNumThreads() == 1
    leave.set()
    thread.join()
    assert cv2.getNumThreads() == 2
