"""A server on loopback that speaks as much of the hub's protocol as a download needs. Tests get it as the fixture `hub`."""
from __future__ import annotations

import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hub:
    """files: path in the hub ("owner/name/resolve/main/a.pth") or plain path ("plain/a.pth") -> bytes. cut_after: bytes after which each
    of the next `cuts` answers breaks off; stall_after: byte of the file from
    which an answer says nothing more; sha256, size: what is told in the head instead of the truth; takes_parts: whether a range is
    respected; status: of every answer. asked: (method, path, range) in order."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str | None]] = []
        self.cuts, self.cut_after, self.stall_after = 0, None, None
        self.sha256 = self.size = self.status = None
        self.takes_parts = True
        self.tokens: list[str | None] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self):
                hub._answer(self, with_body=False)

            def do_GET(self):
                hub._answer(self, with_body=True)

            def log_message(self, *given):
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def bytes_sent_of(self, method: str = "GET") -> list[str | None]:
        """The ranges that were asked for."""
        return [part for how, _, part in self.asked if how == method]

    def _answer(self, handler, with_body: bool) -> None:
        path = handler.path.lstrip("/").removeprefix("cdn/")
        self.asked.append((handler.command, handler.path, handler.headers.get("Range")))
        self.tokens.append(handler.headers.get("Authorization"))
        data = self.files.get(path)
        if data is None or self.status:
            handler.send_response(self.status or 404)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        tag = self.sha256 or hashlib.sha256(data).hexdigest()
        if "/resolve/" in path and not handler.path.startswith("/cdn/"):
            handler.send_response(302)
            for name, value in {"X-Repo-Commit": "a" * 40, "X-Linked-Etag": f'"{tag}"', "X-Linked-Size": str(self.size or len(data)),
                                "Location": f"{self.url.replace('127.0.0.1', 'localhost')}/cdn/{path}", "Content-Length": "0"}.items():
                handler.send_header(name, value)
            handler.end_headers()
            return
        self._send(handler, data, tag, with_body)

    def _send(self, handler, data: bytes, tag: str, with_body: bool) -> None:
        start = int((handler.headers.get("Range") or "bytes=0-")[6:].split("-")[0]) if self.takes_parts else 0
        same = handler.headers.get("If-Range") in (None, f'"{tag}"')
        start = start if same else 0
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Type", "application/octet-stream")
        handler.send_header("ETag", f'"{tag}"')
        handler.send_header("Content-Length", str(len(data) - start))
        handler.end_headers()
        if not with_body:
            return
        body = data[start:]
        if self.cuts and self.cut_after is not None:
            self.cuts -= 1
            handler.wfile.write(body[: self.cut_after])
            handler.close_connection = True
            return
        if self.stall_after is not None:
            handler.wfile.write(body[: max(0, self.stall_after - start)])
            time.sleep(30)
            return
        handler.wfile.write(body)
