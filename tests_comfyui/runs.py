"""A prompt is queued on a server, followed by its messages, and perhaps cancelled."""
from __future__ import annotations

import json
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field

import websocket
from server import Server


@dataclass
class Run:
    """How a prompt went. status: "success", "error", "interrupted" or "refused"; the others by node id."""

    status: str = ""
    error: dict = field(default_factory=dict)
    seconds: float = 0.0
    cached: set[str] = field(default_factory=set)
    executed: list[str] = field(default_factory=list)
    node_seconds: dict[str, float] = field(default_factory=dict)
    progress: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    pictures: int = 0
    outputs: dict[str, dict] = field(default_factory=dict)
    cancel_seconds: float | None = None

    def message(self) -> str:
        """What the user reads at the red node, or in the refusal."""
        if self.status == "refused":
            return " ".join(f"{one['message']} {one['details']}" for node in self.error["node_errors"].values() for one in node["errors"])
        return self.error.get("exception_message", "")


def run(server: Server, prompt: dict, cancel_at: str | None = None, cancel_after: float = 0.0, workflow: dict | None = None) -> Run:
    """Queue `prompt` and follow it to its end. cancel_at: press cancel `cancel_after` seconds after the first progress of this node."""
    done, client = Run(), uuid.uuid4().hex
    socket = websocket.create_connection(server.url.replace("http", "ws") + f"/ws?clientId={client}", timeout=600)
    try:
        body = {"prompt": prompt, "client_id": client}
        if workflow is not None:
            body["extra_data"] = {"extra_pnginfo": {"workflow": workflow}}
        status, answer = server.post("/prompt", body)
        if status != 200:
            done.status, done.error = "refused", answer
            return done
        _follow(server, socket, answer["prompt_id"], done, cancel_at, cancel_after)
        done.outputs = _history(server, answer["prompt_id"])["outputs"]
    finally:
        socket.close()
    return done


def file_of(server: Server, item: dict) -> bytes:
    """The file that a node shows on the page."""
    return server.fetch("/view?" + urllib.parse.urlencode({key: item[key] for key in ("filename", "subfolder", "type")}))


def _follow(server, socket, prompt_id, done: Run, cancel_at, cancel_after) -> None:
    began = node_began = time.perf_counter()
    node, cancel = None, None
    while not done.status:
        text = socket.recv()
        now = time.perf_counter()
        if isinstance(text, bytes):
            done.pictures += 1
            continue
        message = json.loads(text)
        kind, data = message["type"], message.get("data") or {}
        if data.get("prompt_id") != prompt_id:
            continue
        if kind == "execution_cached":
            done.cached |= set(data["nodes"])
        elif kind == "executing":
            if node is not None:
                done.node_seconds[node] = done.node_seconds.get(node, 0.0) + now - node_began
            node, node_began = data["node"], now
            done.executed += [node] if node is not None else []
        elif kind == "progress":
            done.progress.setdefault(data["node"], []).append((data["value"], data["max"]))
            if data["node"] == cancel_at and cancel is None:
                cancel = threading.Thread(target=_cancel, args=(server, prompt_id, done, cancel_after))
                cancel.start()
        elif kind in ("execution_success", "execution_error", "execution_interrupted"):
            done.status = {"execution_success": "success", "execution_error": "error"}.get(kind, "interrupted")
            done.error = data
    done.seconds = time.perf_counter() - began
    if cancel:
        cancel.join()


def _cancel(server: Server, prompt_id: str, done: Run, after: float) -> None:
    time.sleep(after)
    began = time.perf_counter()
    server.post("/interrupt", {"prompt_id": prompt_id})
    while any(server.get("/queue").values()):
        time.sleep(0.01)
    done.cancel_seconds = time.perf_counter() - began


def _history(server: Server, prompt_id: str) -> dict:
    while prompt_id not in (history := server.get(f"/history/{prompt_id}")):
        time.sleep(0.05)
    return history[prompt_id]
