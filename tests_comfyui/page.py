"""ComfyUI's page in headless Chromium, driven over the DevTools protocol: needs Chromium and nothing else."""
from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import websocket
from server import Server

_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
          "--disable-component-update", "--disable-extensions", "--mute-audio", "--autoplay-policy=no-user-gesture-required",
          "--window-size=1800,1150", "--remote-debugging-port=0")
_SETTINGS = {"Comfy.TutorialCompleted": True, "Comfy.InstalledVersion": "1.0.0", "Comfy.Notification.ShowVersionUpdates": False,
             "Comfy.VersionCompatibility.DisableWarnings": True, "Comfy.Workflow.Persist": False}
_READY = "!!(window.app?.graph && Object.keys(window.LiteGraph?.registered_node_types ?? {}).length > 100)"
_PLAYERS = """(async () => {
  const rows = [];
  for (const player of document.querySelectorAll('video, audio')) {
    const row = {tag: player.tagName, src: player.currentSrc.replace(location.origin, ''), controls: player.controls};
    rows.push(row);
    if (!row.src) continue;
    try {
      const from = player.currentTime;
      await Promise.race([player.play(), new Promise((_, no) => setTimeout(() => no('play() hangs'), 8000))]);
      await new Promise(done => setTimeout(done, 1500));
      Object.assign(row, {moved: player.currentTime !== from, seconds: player.duration, width: player.videoWidth,
        frames: player.webkitDecodedFrameCount, sound: player.webkitAudioDecodedByteCount});
      player.pause();
    } catch (error) { row.error = String(error); }
  }
  return rows;
})()"""


class Page:
    """One tab on a server's page. nodes2: with Nodes 2.0 instead of the classic canvas; language: of the page ("en", "zh")."""

    def __init__(self, server: Server, nodes2: bool, language: str = "en") -> None:
        self.server, self.nodes2, self.language = server, nodes2, language
        self.errors: list[str] = []
        self.failed: list[str] = []
        self._count = 0

    def __enter__(self) -> Page:
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
        self._browser = subprocess.Popen([program, *_FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self._socket = websocket.create_connection(self._address(), timeout=120, suppress_origin=True)
            for domain in ("Page", "Runtime", "Network"):
                self.send(f"{domain}.enable")
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error) -> None:
        self._browser.terminate()
        self._browser.wait(15)
        shutil.rmtree(self._profile, ignore_errors=True)

    def shows_widgets(self) -> bool:
        """Whether films and widgets of packs are shown: in frontends before 1.40 Nodes 2.0 knows none yet."""
        version = self.js("window.__COMFYUI_FRONTEND_VERSION__ || '0.0'")
        return not self.nodes2 or [int(part) for part in version.split(".")[:2]] >= [1, 40]

    def send(self, method: str, **values) -> dict:
        """One command of the protocol; what the page reports meanwhile is kept in `errors` and `failed`."""
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": values}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == self._count:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self._note(message)

    def js(self, expression: str):
        """The value of an expression in the page; promises are awaited."""
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", answer["exceptionDetails"]["text"]))
        return answer["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 60):
        """The value of an expression as soon as it is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if value := self.js(expression):
                    return value
            except RuntimeError:
                pass
            time.sleep(0.25)
        raise AssertionError(f"not within {seconds:g} s: {expression}")

    def load(self, workflow: dict) -> dict:
        """Open a workflow; returns the prompt that the page makes of it."""
        self.js(f"app.loadGraphData({json.dumps(workflow)})")
        time.sleep(2)
        self.fit()
        return self.js("app.graphToPrompt().then(made => made.output)")

    def queue(self, seconds: float = 300) -> dict:
        """Press Queue and wait for the end; returns the run's entry in the history."""
        before = set(self.server.get("/history"))
        self.js("app.queuePrompt(0)")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            new = [run for key, run in self.server.get("/history").items() if key not in before]
            if new:
                time.sleep(3)
                self.fit()
                return new[0]
            time.sleep(0.5)
        raise AssertionError(f"no result in {seconds:g} s: {self.js('JSON.stringify(app.lastNodeErrors)')}")

    def fit(self) -> None:
        """Zoom so that all nodes are seen."""
        self.js("app.extensionManager.command.execute('Comfy.Canvas.FitView')")
        time.sleep(1.5)

    def players(self) -> list[dict]:
        """Every film and sound on the page, each played for a moment."""
        return self.js(_PLAYERS)

    def shot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def drag(self, selector: str, to_x: float) -> None:
        """Take hold of an element by the mouse and move it to `to_x` pixels of the window."""
        x, y = self.js(f"(() => {{const box = document.querySelector('{selector}').getBoundingClientRect();"
                       "return [box.x + box.width / 2, box.y + box.height / 2]})()")
        self._mouse("mousePressed", x, y)
        for step in range(1, 11):
            self._mouse("mouseMoved", x + (to_x - x) * step / 10, y)
        self._mouse("mouseReleased", to_x, y)
        time.sleep(0.5)

    def _mouse(self, kind: str, x: float, y: float) -> None:
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=0 if kind == "mouseReleased" else 1, clickCount=1)

    def _open(self) -> None:
        self.server.post("/settings", {**_SETTINGS, "Comfy.VueNodes.Enabled": self.nodes2, "Comfy.Locale": self.language})
        self.send("Page.navigate", url=self.server.url)
        self.wait_for(_READY, 120)
        time.sleep(3)

    def _address(self) -> str:
        """The tab's websocket, as soon as the browser has one."""
        port = Path(self._profile, "DevToolsActivePort")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port.read_text().split()[0]}/json") as answer:
                    return next(tab["webSocketDebuggerUrl"] for tab in json.load(answer) if tab["type"] == "page")
            except (OSError, IndexError, StopIteration, urllib.error.URLError):
                time.sleep(0.1)
        raise AssertionError("Chromium did not start: install it, or name it in CHROMIUM.")

    def _note(self, message: dict) -> None:
        told, method = message.get("params", {}), message.get("method")
        if method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning"):
            self.errors.append(" ".join(str(one.get("value", one.get("description", ""))) for one in told["args"]))
        elif method == "Network.responseReceived" and told["response"]["status"] >= 400:
            self.failed.append(f"{told['response']['status']} {told['response']['url']}")
        elif method == "Page.javascriptDialogOpening":
            self._socket.send(json.dumps({"id": 0, "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}))
