"""A ComfyUI of its own for a test: empty folders, the pack linked in, stopped with all its children at the end."""
from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACK = HERE.parent
_FOLDERS = ("custom_nodes", "input", "output", "temp", "user", "models")


class Server:
    """`with Server(folder, packs) as server:` folder: where ComfyUI's base folder is made, or kept from an earlier start.

    The environment says which ComfyUI: COMFYUI_PATH, COMFYUI_PYTHON, COMFYUI_FRONTEND (a folder with index.html)."""

    def __init__(self, folder: Path, packs: dict[str, Path], inputs: tuple[Path, ...] = (), options: tuple[str, ...] = ()) -> None:
        self.folder, self.packs, self.inputs, self.options = folder, packs, inputs, options
        self.log_file = folder / "server.log"
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> Server:
        self._lay_out()
        self.url = f"http://127.0.0.1:{_free_port()}"
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen(self._command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and its children: asked first, then killed."""
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                return
            try:
                os.killpg(self.process.pid, sign)
                self.process.wait(15)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue

    def kill(self) -> None:
        """End it in the middle of whatever it does (SIGKILL)."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def get(self, path: str):
        """The JSON that the server answers to a GET of `path`."""
        return json.loads(self.fetch(path))

    def fetch(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return answer.read()

    def post(self, path: str, body: dict) -> tuple[int, dict]:
        """HTTP status and JSON answer of a POST; refusals (4xx) are answers too."""
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.loads(refusal.read() or b"{}")

    def _lay_out(self) -> None:
        for name in _FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name, pack in self.packs.items():
            link = self.folder / "custom_nodes" / name
            if not link.is_symlink():
                link.symlink_to(pack.resolve(), target_is_directory=True)
        for path in self.inputs:
            shutil.copy(path, self.folder / "input")

    def _command(self) -> list[str]:
        words = [os.environ["COMFYUI_PYTHON"], str(HERE / "start_comfyui.py"), os.environ["COMFYUI_PATH"], "--listen", "127.0.0.1",
                 "--port", self.url.rsplit(":", 1)[1], "--base-directory", str(self.folder.resolve()), "--disable-api-nodes",
                 "--database-url", "sqlite:///:memory:", "--disable-auto-launch", *self.options]
        if "COMFYUI_GPU" not in os.environ:
            words.append("--cpu")
        frontend = os.environ.get("COMFYUI_FRONTEND")
        return [*words, "--front-end-root", frontend] if frontend else words

    def _wait_until_it_answers(self, seconds: float = 240) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"ComfyUI ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            try:
                self.facts = self.get("/system_stats")["system"]
                break
            except OSError:
                time.sleep(0.3)
        else:
            raise AssertionError(f"ComfyUI did not answer in {seconds:g} s:\n{self.log()[-4000:]}")
        if "IMPORT FAILED" in self.log() or "Cannot import" in self.log():
            raise AssertionError(f"A pack was not imported:\n{self.log()[-6000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
