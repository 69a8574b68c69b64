"""Overlap of decoding, work and encoding: a producer that runs ahead, or a consumer that runs behind, with a bounded queue between.

    for frame in ahead(film.frames(), depth=4):      # the film is decoded while this loop works
        ...

    with Behind(encode, depth=4) as feed:            # the encoder runs while this loop makes frames
        for frame in frames:
            feed.put(frame)
    written = feed.result

PyAV and numpy release the GIL in their long calls, so the threads truly run side by side.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Full, Queue
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_POLL = 0.1
"""Seconds after which a waiting side looks whether the other one has stopped; also lets Ctrl-C through on Windows."""


class _End:
    """Says that no more items come; carries what went wrong, if anything did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(iterable: Iterable[T], depth: int = 4) -> Iterator[T]:
    """The items of `iterable`, in order, made by a thread that runs at most `depth` items ahead.

    Whatever the producer raises (Cancelled and KeyboardInterrupt too) is raised here, after the items that came before it. When this
    iterator is closed or dropped, the producer stops after the item it is making, `iterable` is closed if it is a generator, and
    the thread is joined. Nothing runs before the first item is asked for.
    """
    queue: Queue = Queue(maxsize=max(1, depth))
    stop = threading.Event()
    producer = threading.Thread(target=_produce, args=(iterable, queue, stop), name="ahead", daemon=True)
    producer.start()
    try:
        while True:
            item = _take(queue, producer)
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stop.set()
        producer.join()


class Behind(Generic[T, R]):
    """Runs `consume(items)` in a thread; `put` hands it one item after another, at most `depth` of them waiting.

    Leaving the `with` block without an error waits until everything is consumed and keeps what `consume` returned in `result`.
    Leaving it with an error makes the `items` iterator raise `Abandoned` inside `consume`, so that it can clean up, and joins the
    thread. What `consume` raises comes out of `put` or of the end of the block.
    """

    result: R

    def __init__(self, consume: Callable[[Iterator[T]], R], depth: int = 4) -> None:
        self._queue: Queue = Queue(maxsize=max(1, depth))
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(consume,), name="behind", daemon=True)

    def put(self, item: T) -> None:
        """Hand over one item; waits while `depth` items are waiting. Raises what the consumer raised. An item that comes after the
        consumer has returned is dropped."""
        while self._thread.is_alive() and not _offer(self._queue, item):
            pass
        self._check()

    def __enter__(self) -> Behind[T, R]:
        self._thread.start()
        return self

    def __exit__(self, kind, error, trace) -> None:
        if error is None:
            try:
                self._finish()
            except BaseException:
                self._abandon()
                raise
            self._check()
        else:
            self._abandon()

    def _finish(self) -> None:
        self.put(_End())
        while self._thread.is_alive():
            self._thread.join(_POLL)

    def _abandon(self) -> None:
        self._stop.set()
        self._thread.join()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self, consume: Callable[[Iterator[T]], R]) -> None:
        try:
            self.result = consume(self._items())
        except BaseException as error:
            self._error = error

    def _items(self) -> Iterator[T]:
        while not self._stop.is_set():
            try:
                item = self._queue.get(timeout=_POLL)
            except Empty:
                continue
            if isinstance(item, _End):
                return
            yield item
        raise Abandoned


class Abandoned(Exception):
    """Raised inside the consumer of a `Behind` whose producer failed or was cancelled: stop, and leave nothing behind."""


def _produce(iterable: Iterable[T], queue: Queue, stop: threading.Event) -> None:
    end = _End()
    try:
        items = iter(iterable)
        try:
            for item in items:
                if not _offer_until(queue, item, stop):
                    break
        finally:
            if hasattr(items, "close"):
                items.close()
    except BaseException as error:
        end = _End(error)
    _offer_until(queue, end, stop)


def _offer_until(queue: Queue, item: object, stop: threading.Event) -> bool:
    """Put `item`, however long it takes; False once `stop` is set."""
    while not stop.is_set():
        if _offer(queue, item):
            return True
    return False


def _offer(queue: Queue, item: object) -> bool:
    try:
        queue.put(item, timeout=_POLL)
    except Full:
        return False
    return True


def _take(queue: Queue, producer: threading.Thread) -> object:
    while True:
        try:
            return queue.get(timeout=_POLL)
        except Empty:
            if not producer.is_alive() and queue.empty():
                raise RuntimeError("the producing thread ended without a word") from None
