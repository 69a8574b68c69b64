"""What the page's "checkpoints" window asks the server: which files a node can use, and to bring one that the user pressed a button for.

A request names a row of the catalogue; it can give no address and no path. Routes are there only inside ComfyUI:
GET /talking-avatar/checkpoints, POST /talking-avatar/checkpoints/get and …/cancel with {"name": …}; progress comes as the event
"talking-avatar.checkpoint".
"""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from ..host import comfyui
from ..host.errors import Cancelled, InputError, TalkingAvatarError

_EVENT = "talking-avatar.checkpoint"
_EVERY = 0.25


def register() -> None:
    """Add the routes to the running server; outside ComfyUI nothing happens."""
    if not comfyui.is_here():
        return
    from aiohttp import web
    from server import PromptServer

    server = PromptServer.instance
    downloads = Downloads(lambda state: server.send_sync(_EVENT, state))

    @server.routes.get("/talking-avatar/checkpoints")
    async def listed(request):
        return web.json_response(rows(downloads))

    async def asked(request, act: Callable[[str], None]):
        if not is_from_the_page(request.headers, request.content_type):
            return web.json_response({"error": "only ComfyUI's own page may ask for this"}, status=403)
        try:
            act(str((await request.json())["name"]))
        except (InputError, KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(rows(downloads))

    @server.routes.post("/talking-avatar/checkpoints/get")
    async def get(request):
        return await asked(request, downloads.start)

    @server.routes.post("/talking-avatar/checkpoints/cancel")
    async def cancel(request):
        return await asked(request, downloads.cancel)


def is_from_the_page(headers, content_type: str) -> bool:
    """Whether a request came from ComfyUI's page and not from another site that is open in the same browser: JSON needs a page's own
    script, and the origin a browser tells must be the server's."""
    origin = headers.get("Origin")
    return content_type == "application/json" and (not origin or urlsplit(origin).netloc == headers.get("Host"))


def rows(downloads: Downloads) -> list[dict[str, Any]]:
    """The catalogue as the page shows it. Nothing of this machine's folders is in it."""
    from ..models.catalogue import checkpoints
    from ..models.find import find_row

    return [{"name": row.name, "bundle": row.bundle, "file": row.file, "kind": row.kind, "purpose": row.purpose,
             "purpose_zh": row.purpose_zh or row.purpose, "nodes": row.nodes,
             "size": row.size, "licence": row.licence, "commercial": row.commercial, "source": row.where, "page": row.page,
             "can_be_fetched": bool(row.sources), **downloads.state(row.name), "here": find_row(row) is not None} for row in checkpoints()]


class Downloads:
    """Downloads that were asked for on the page, each in a thread of its own. tell: gets the state whenever it changes, a few times a
    second."""

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._running: dict[str, _PageProgress] = {}
        self._errors: dict[str, str] = {}
        self._turns = count(time.time_ns() // 1_000_000)  # goes on rising for a page that stays open while the server starts anew

    def start(self, name: str) -> None:
        """Bring the file of a row. Raises InputError for a name that is no row of the catalogue."""
        from ..models.catalogue import checkpoints

        row = next((row for row in checkpoints() if row.name == name), None)
        if row is None:
            raise InputError(f"There is no checkpoint called '{name}' in the catalogue.")
        with self._lock:
            if name in self._running:
                return
            self._errors.pop(name, None)
            self._running[name] = _PageProgress(lambda: self._told(name))
        threading.Thread(target=self._bring, args=(row,), daemon=True).start()

    def cancel(self, name: str) -> None:
        """Stop a download; what has come is kept for the next time."""
        with self._lock:
            if name in self._running:
                self._running[name].cancelled = True

    def state(self, name: str) -> dict[str, Any]:
        """running, stage, done and total (MB) and error of a row. turn: higher in what was read later, as answers and events come on two
        ways, of which either may be the slower."""
        turn = next(self._turns)
        progress = self._running.get(name)
        now = progress.now if progress else {"stage": "", "done": 0, "total": 0}
        return {"turn": turn, "running": progress is not None, "error": self._errors.get(name, ""), **now}

    def _bring(self, row) -> None:
        from ..models.download import download

        error = ""
        try:
            download(row, self._running[row.name])
        except Cancelled:
            pass
        except TalkingAvatarError as reason:
            error = str(reason)
        except Exception as reason:  # shown on the page, or nobody would hear of it
            error = f"{type(reason).__name__}: {reason}"
        with self._lock:
            del self._running[row.name]
            if error:
                self._errors[row.name] = error
        self._told(row.name)

    def _told(self, name: str) -> None:
        from ..models.catalogue import checkpoints
        from ..models.find import find_row

        row = next(row for row in checkpoints() if row.name == name)
        state = self.state(name)
        self._tell({"name": name, **state, "here": not state["running"] and find_row(row) is not None})


class _PageProgress:
    """A host.progress.Progress whose stage is told to the page. now: stage, done, total."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell, self._due = tell, 0.0
        self.cancelled = False
        self.now: dict[str, Any] = {"stage": "", "done": 0, "total": 0}

    def check(self) -> None:
        if self.cancelled:
            raise Cancelled

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[_PageProgress]:
        self.now = {"stage": name, "done": 0, "total": total or 0}
        self._tell()
        yield self

    def advance(self, steps: int = 1) -> None:
        self.check()
        self.now = {**self.now, "done": self.now["done"] + steps}
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + _EVERY
            self._tell()
