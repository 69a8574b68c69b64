"""One HTTP exchange with a voice server: time-outs that hold, a cancel that closes the socket, one request at a time per server."""
from __future__ import annotations

import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from ...host.errors import ServerError
from ...host.progress import Progress
from .server_address import Address

_TICK = 0.1
_PIECE = 65536
_QUEUED = 256
_ADDRESSES = 4
"""A host may have several addresses, each of which is given its time to connect."""
_LONGEST_ERROR_BODY = 1 << 20


class Unreachable(ServerError):
    """There is no server at the address: nothing was sent."""


class BrokenReply(ServerError):
    """The server ended the connection before its answer was whole. arrived: bytes of the answer's body that came."""

    def __init__(self, sentence: str, arrived: int) -> None:
        super().__init__(sentence)
        self.arrived = arrived


@dataclass(frozen=True)
class Request:
    """path: behind the address, with its query. body: as it goes out; `content_type` names its form."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = ""
    accept: str = "*/*"


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect; without a byte of answer; for the whole exchange."""

    connect: float = 5.0
    read: float = 300.0
    total: float = 3600.0


@dataclass
class Reply:
    """status and headers (names in lower case) of an answer whose body is still coming through `chunks`, in pieces as they arrive."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes] = field(repr=False)

    def body(self, most: int = _LONGEST_ERROR_BODY) -> bytes:
        """The first `most` bytes of the body at once."""
        found = b""
        for chunk in self.chunks:
            found += chunk
            if len(found) >= most:
                break
        return found[:most]


@contextmanager
def exchange(address: Address, request: Request, timeouts: Timeouts, progress: Progress) -> Iterator[Reply]:
    """Send a request and hand out the answer as it comes. However the block is left, the connection is closed within a second.

    Redirects are not followed and proxies not asked. Requests to one server wait for each other. Raises Unreachable, BrokenReply,
    ServerError when a time-out ends, Cancelled when the user stops the work while it waits for the server."""
    with _turn(address, progress):
        line = _Line(address, request, timeouts)
        try:
            yield line.reply(progress)
        finally:
            line.close()


class _Line:
    """A connection that a thread of its own reads, so that whoever waits for it can stop waiting at once."""

    def __init__(self, address: Address, request: Request, timeouts: Timeouts) -> None:
        self._address, self._request, self._timeouts = address, request, timeouts
        self._items: queue.Queue = queue.Queue(_QUEUED)
        self._socket: socket.socket | None = None
        self._connected_at: float | None = None
        self._closed = threading.Event()
        self._ends = time.monotonic() + timeouts.total
        threading.Thread(target=self._work, name="talking-avatar voice server", daemon=True).start()

    def reply(self, progress: Progress) -> Reply:
        """The status line and headers, then chunks that come from the thread."""
        status, headers = self._next(progress, 0)
        return Reply(status, headers, self._chunks(progress))

    def close(self) -> None:
        self._closed.set()
        self._hang_up()

    def _chunks(self, progress: Progress) -> Iterator[bytes]:
        arrived = 0
        while True:
            item = self._next(progress, arrived)
            if item is None:
                return
            arrived += len(item)
            yield item

    def _next(self, progress: Progress, arrived: int):
        """The next item of the thread; what it failed with is raised here."""
        asked = time.monotonic()
        while True:
            progress.check()
            if time.monotonic() >= self._ends:
                raise self._out_of_time(arrived)
            try:
                item = self._items.get(timeout=_TICK)
            except queue.Empty:
                since = asked if self._connected_at is None else max(asked, self._connected_at)
                connecting = _ADDRESSES * self._timeouts.connect if self._connected_at is None else 0.0
                if time.monotonic() >= min(since + connecting + self._timeouts.read, self._ends):
                    raise self._out_of_time(arrived) from None
                continue
            if isinstance(item, Exception):
                raise self._in_words(item, arrived) from item
            return item

    def _out_of_time(self, arrived: int) -> ServerError:
        where = self._address.shown
        if time.monotonic() >= self._ends:
            return ServerError(f"The voice server at {where} took longer than {self._timeouts.total:g} s for one answer: give it shorter "
                               "sentences, or look at its log.")
        after = f"sent nothing more for {self._timeouts.read:g} s" if arrived else f"did not answer for {self._timeouts.read:g} s"
        return ServerError(f"The voice server at {where} {after}: look at its log, or raise `patience` if it is only slow.")

    def _in_words(self, error: Exception, arrived: int) -> ServerError:
        where = self._address.shown
        if isinstance(error, _CannotConnect):
            return Unreachable(f"There is no voice server at {where} ({_reason(error.cause)}): start it, or correct `server`.")
        return BrokenReply(f"The voice server at {where} broke off {'in the middle of' if arrived else 'before'} its answer "
                           f"({_reason(error)}): look at its log.", arrived)

    def _work(self) -> None:
        """The thread: everything that can block."""
        try:
            self._talk()
        except Exception as error:  # whatever it is, it is told where it is waited for
            self._put(error)
        finally:
            self._hang_up()

    def _talk(self) -> None:
        connection = http.client.HTTPConnection(self._address.host, self._address.port)
        connection.sock = self._connected()
        if self._closed.is_set():
            return
        headers = {"Host": self._address.host_header, "Accept": self._request.accept, "Connection": "close", "User-Agent": "talking-avatar",
                   "Accept-Encoding": "identity"}
        if self._request.content_type:
            headers["Content-Type"] = self._request.content_type
        if self._address.key:
            headers["Authorization"] = f"Bearer {self._address.key}"
        body = self._request.body if self._request.method == "POST" else None
        connection.request(self._request.method, self._address.path + self._request.path, body, headers)
        response = connection.getresponse()
        self._put((response.status, {name.lower(): value for name, value in response.getheaders()}))
        while not self._closed.is_set():
            piece = response.read1(_PIECE)
            if not piece:
                break
            self._put(piece)
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        self._put(None)

    def _connected(self) -> socket.socket:
        """A socket to the first of the host's addresses that answers ("localhost" may be ::1 or 127.0.0.1)."""
        error: Exception = OSError("no address")
        try:
            found = socket.getaddrinfo(self._address.host, self._address.port, type=socket.SOCK_STREAM)
        except OSError as unknown:
            raise _CannotConnect(unknown) from unknown
        for family, kind, protocol, _, where in found:
            made = socket.socket(family, kind, protocol)
            made.settimeout(self._timeouts.connect)
            try:
                made.connect(where)
                if self._address.scheme == "https":
                    made = ssl.create_default_context().wrap_socket(made, server_hostname=self._address.host)
            except OSError as failed:
                made.close()
                error = failed
                continue
            made.settimeout(None)  # whoever waits for the thread keeps the time, and hangs up
            self._socket, self._connected_at = made, time.monotonic()
            return made
        raise _CannotConnect(error) from error

    def _put(self, item) -> None:
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._items.put(item, timeout=_TICK)
                return

    def _hang_up(self) -> None:
        made = self._socket
        if made is not None:
            with suppress(OSError):
                made.shutdown(socket.SHUT_RDWR)
            with suppress(OSError):
                made.close()


class _CannotConnect(Exception):
    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _reason(error: Exception) -> str:
    """A few words of an error of the network, without addresses or numbers of the operating system."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, (TimeoutError, socket.timeout)):
        return "it does not answer in time"
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    if isinstance(error, http.client.IncompleteRead):
        return "the answer is not whole"
    if isinstance(error, http.client.BadStatusLine) and not isinstance(error, http.client.RemoteDisconnected):
        return "it does not speak HTTP"
    if isinstance(error, ConnectionResetError):
        return "connection closed"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


_turns: dict[tuple[str, int], threading.Lock] = {}
_turns_lock = threading.Lock()


@contextmanager
def _turn(address: Address, progress: Progress) -> Iterator[None]:
    """This request's turn at a server: most block while they speak, and some mix the voices of two requests."""
    host = "localhost" if address.is_this_machine else address.host  # 127.0.0.1 and ::1 are the same server
    with _turns_lock:
        lock = _turns.setdefault((host, address.port), threading.Lock())
    while not lock.acquire(timeout=_TICK):
        progress.check()
    try:
        yield
    finally:
        lock.release()
