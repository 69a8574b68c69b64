"""A producer runs ahead, a consumer runs behind: order is kept, errors travel, no thread is left over."""
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import Cancelled
from talking_avatar.media.ahead import Abandoned, Behind, ahead


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(), max_size=40), st.integers(1, 5))
def test_items_come_in_order_and_complete(items, depth):
    assert list(ahead(items, depth)) == items


def test_the_producer_runs_ahead_but_no_further_than_depth():
    made = []

    def produce():
        for i in range(20):
            made.append(i)
            yield i

    items = ahead(produce(), depth=3)
    assert next(items) == 0
    wait_until(lambda: len(made) == 5)  # 0 is taken, three wait, one is held by the producer
    time.sleep(0.05)
    assert len(made) == 5
    items.close()


@pytest.mark.parametrize("error", [ValueError("no"), Cancelled(), KeyboardInterrupt()])
def test_an_error_of_the_producer_comes_after_the_items_before_it(error):
    def produce():
        yield from (1, 2)
        raise error

    items, seen = ahead(produce(), depth=4), []
    with pytest.raises(type(error)) as caught:
        for item in items:
            seen.append(item)
    assert seen == [1, 2]
    assert caught.value is error


def test_closing_the_consumer_stops_the_producer_and_closes_its_source_at_once():
    closed = threading.Event()

    def produce():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    items = ahead(produce(), depth=2)
    next(items)
    began = time.perf_counter()
    items.close()
    assert closed.is_set()
    assert time.perf_counter() - began < 0.5


def test_dropping_the_consumer_stops_the_producer():
    items = ahead(iter(int, 1), depth=2)
    next(items)
    del items


def test_nothing_runs_before_the_first_item_is_asked_for():
    started = []
    items = ahead((started.append(i) or i for i in range(3)), depth=2)
    time.sleep(0.02)
    assert not started
    assert list(items) == [0, 1, 2]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(), max_size=40), st.integers(1, 5))
def test_a_consumer_gets_every_item_in_order_and_its_result_is_kept(items, depth):
    with Behind(list, depth) as feed:
        for item in items:
            feed.put(item)
    assert feed.result == items


def test_put_waits_while_depth_items_are_waiting():
    go, put = threading.Event(), []

    def consume(items):
        go.wait()
        return list(items)

    def produce():
        with Behind(consume, depth=2) as feed:
            for i in range(6):
                feed.put(i)
                put.append(i)

    producer = threading.Thread(target=produce)
    producer.start()
    wait_until(lambda: len(put) == 2)
    time.sleep(0.15)
    assert len(put) == 2
    go.set()
    producer.join(5)
    assert len(put) == 6


def test_an_error_of_the_consumer_comes_out_of_put():
    def consume(items):
        next(items)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), Behind(consume, depth=2) as feed:
        for i in range(1000):
            feed.put(i)


def test_an_error_of_the_consumer_after_the_last_item_comes_out_of_the_block():
    def consume(items):
        list(items)
        raise OSError("disk full at the end")

    with pytest.raises(OSError, match="at the end"), Behind(consume, depth=2) as feed:
        feed.put(1)


@pytest.mark.parametrize("error", [ValueError("no"), Cancelled(), KeyboardInterrupt()])
def test_an_error_of_the_producing_block_abandons_the_consumer_and_joins_it(error):
    cleaned = []

    def consume(items):
        try:
            return list(items)
        except Abandoned:
            cleaned.append(True)
            raise

    with pytest.raises(type(error)), Behind(consume, depth=2) as feed:
        feed.put(1)
        raise error
    assert cleaned


def test_producer_work_and_consumer_truly_overlap():
    def slow(items):
        for item in items:
            time.sleep(0.02)
            yield item

    began = time.perf_counter()
    with Behind(lambda items: sum(1 for _ in slow(items)), depth=4) as feed:
        for i in ahead(slow(range(20)), depth=4):
            time.sleep(0.02)
            feed.put(i)
    assert feed.result == 20
    assert time.perf_counter() - began < 0.9  # 1.2 s one after the other, 0.4 s side by side


def wait_until(met, seconds=5.0):
    end = time.perf_counter() + seconds
    while not met():
        assert time.perf_counter() < end, "waited too long"
        time.sleep(0.005)
