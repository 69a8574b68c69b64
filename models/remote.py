"""A file on a server: asked for through huggingface_hub or by plain https, and read from any place on."""
from __future__ import annotations

import http.client
import os
import queue
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from urllib.parse import urlsplit

from .catalogue import Source

_CHUNK = 1 << 18
_SECONDS = 20.0
"""How long a server may say nothing before the connection counts as cut."""


class Unreachable(Exception):
    """A source does not give the file. The message is a clause that says why; lasting: whether trying again is of no use."""

    def __init__(self, reason: str, lasting: bool = True) -> None:
        super().__init__(reason)
        self.lasting = lasting


@dataclass(frozen=True)
class Remote:
    """A file as its server describes it. size: bytes, None where it does not say. tag: changes when the file does, empty where unknown.
    sha256: where the server states it. validator: what the server itself would compare. cached: a copy that huggingface_hub already has
    on this machine, or empty."""

    url: str
    size: int | None = None
    tag: str = ""
    sha256: str = ""
    validator: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cached: str = ""

    @property
    def mark(self) -> str:
        """A short name for this very version of the file; empty where versions cannot be told apart."""
        return blake2b(f"{self.tag}:{self.size}".encode(), digest_size=6).hexdigest() if self.tag else ""


def locate(source: Source) -> Remote:
    """Where the bytes of a source are. The hub's server is `HF_ENDPOINT` where that is set. Raises Unreachable."""
    return _locate_on_hub(source) if source.hub else _locate_by_url(source.url)


def chunks(remote: Remote, start: int) -> Iterator[tuple[int, bytes]]:
    """The file's bytes from `start` on, as (place, bytes); from 0 on where the server cannot begin in the middle. Raises Unreachable."""
    if remote.cached:
        yield from _copied(remote.cached, start)
        return
    asked = {**remote.headers, **({"Range": f"bytes={start}-"} if start else {}), "Accept-Encoding": "identity"}
    if start and remote.validator:
        asked["If-Range"] = remote.validator
    try:
        with _open("GET", remote.url, asked) as answer:
            place = _begins_at(answer) if start else 0
            while piece := answer.read1(_CHUNK):
                yield place, piece
                place += len(piece)
    except (OSError, http.client.HTTPException) as error:
        raise _clause(error) from error
    if remote.size is not None and place < remote.size:
        raise Unreachable(f"the connection ended after {place / 1e6:.1f} of {remote.size / 1e6:.1f} MB", lasting=False)


def _copied(path: str, start: int) -> Iterator[tuple[int, bytes]]:
    with Path(path).open("rb") as file:
        file.seek(start)
        while piece := file.read(_CHUNK):
            yield start, piece
            start += len(piece)


def beside(work: Callable[[], Iterator], check: Callable[[], None]) -> Iterator:
    """What `work` yields, made in a thread of its own, so that `check`, which may raise to stop, is asked every 0.1 s even while a
    server says nothing."""
    made: queue.Queue = queue.Queue(maxsize=16)
    stopped = threading.Event()

    def put(kind: str, value=None) -> None:
        while not stopped.is_set():
            try:
                made.put((kind, value), timeout=0.2)
            except queue.Full:
                continue
            return

    def run() -> None:
        try:
            for one in work():
                put("one", one)
                if stopped.is_set():
                    return
            put("end")
        except BaseException as error:  # handed to the thread that waits
            put("error", error)

    threading.Thread(target=run, daemon=True).start()
    try:
        while True:
            try:
                kind, value = made.get(timeout=0.1)
            except queue.Empty:
                check()
                continue
            if kind == "error":
                raise value
            if kind == "end":
                return
            check()
            yield value
    finally:
        stopped.set()


def _locate_on_hub(source: Source) -> Remote:
    try:
        import huggingface_hub
        from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
        from huggingface_hub.utils import build_hf_headers
    except ImportError as error:
        raise Unreachable("the package huggingface_hub is missing (pip install huggingface_hub)") from error
    cached = try_to_load_from_cache(source.hub, source.path, revision=source.revision)
    if isinstance(cached, str):
        return Remote(url="", size=Path(cached).stat().st_size, cached=cached)
    if constants.HF_HUB_OFFLINE or os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        raise Unreachable("HF_HUB_OFFLINE is set, so nothing is asked of the hub")
    endpoint = (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")
    url = hf_hub_url(source.hub, source.path, revision=source.revision, endpoint=endpoint)
    try:
        facts = get_hf_file_metadata(url)
    except Exception as error:
        raise _hub_clause(error, huggingface_hub) from error
    tag = facts.etag or ""
    at_home = urlsplit(facts.location).netloc == urlsplit(endpoint).netloc
    return Remote(url=facts.location, size=facts.size, tag=tag, sha256=tag if _is_sha256(tag) else "",
                  headers=build_hf_headers() if at_home else {})


def _hub_clause(error: Exception, hub) -> Unreachable:
    errors = hub.errors
    if isinstance(error, errors.GatedRepoError):
        return Unreachable("its publisher wants you to accept the licence on its page first, and to log in with `hf auth login`")
    if isinstance(error, (errors.RepositoryNotFoundError, errors.EntryNotFoundError, errors.RevisionNotFoundError)):
        return Unreachable("it is not there any more")
    if isinstance(error, errors.OfflineModeIsEnabled):
        return Unreachable("HF_HUB_OFFLINE is set, so nothing is asked of the hub")
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status:
        return _status_clause(status)
    return Unreachable(f"the server cannot be reached ({type(error).__name__})", lasting=False)


def _locate_by_url(url: str) -> Remote:
    try:
        with _open("HEAD", url, {"Accept-Encoding": "identity"}) as answer:
            size, tag = answer.headers.get("Content-Length"), answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            if answer.headers.get_content_type() == "text/html":
                raise Unreachable("the server gives a web page instead of the file")
            strong = "" if tag.startswith("W/") else tag
            return Remote(url=answer.url, size=int(size) if size else None, tag=strong, validator=strong)
    except (OSError, http.client.HTTPException) as error:
        raise _clause(error) from error


def _open(method: str, url: str, headers: dict[str, str]):
    request = urllib.request.Request(url, method=method)
    for name, value in headers.items():
        request.add_unredirected_header(name, value) if name.lower() == "authorization" else request.add_header(name, value)
    return urllib.request.urlopen(request, timeout=_SECONDS, context=_certificates() if url.startswith("https:") else None)


def _certificates() -> ssl.SSLContext:
    """The system's certificates, or certifi's where Python came without any."""
    context = ssl.create_default_context()
    if not context.get_ca_certs():
        try:
            import certifi
        except ImportError:
            return context
        context.load_verify_locations(certifi.where())
    return context


def _begins_at(answer) -> int:
    """Where an answer begins: in the middle (206) or at the start (200, the server does not know of parts, or the file has changed)."""
    if answer.status != 206:
        return 0
    return int(answer.headers.get("Content-Range", "bytes 0-").split()[1].split("-")[0])


def _clause(error: Exception) -> Unreachable:
    if isinstance(error, urllib.error.HTTPError):
        return _status_clause(error.code)
    reason = getattr(error, "reason", None) or error
    return Unreachable(f"the connection failed ({reason or type(error).__name__})", lasting=False)


def _status_clause(status: int) -> Unreachable:
    reason = "it is not there any more" if status in (404, 410) else f"the server answers with status {status}"
    return Unreachable(reason, lasting=status < 500 and status != 429)


def _is_sha256(tag: str) -> bool:
    return len(tag) == 64 and all(letter in "0123456789abcdef" for letter in tag)
