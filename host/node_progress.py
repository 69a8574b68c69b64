"""Progress and cancel of a node on ComfyUI's canvas: one bar a node, live pictures, and a cancel heard at every frame."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from . import comfyui
from .errors import Cancelled
from .progress import Silent, Stage

if TYPE_CHECKING:
    import numpy as np

_PICTURE_SECONDS = 0.4
_BAR_SECONDS = 0.3
_LARGEST_PICTURE = 512  # its longer side, pixels


@contextmanager
def node_progress() -> Iterator[NodeProgress]:
    """The progress of the node that is running in this thread. A cancel leaves the block as ComfyUI's own exception, so that the queue
    goes on; outside ComfyUI nothing is shown and nothing cancels."""
    try:
        yield NodeProgress()
    except Cancelled:
        if not comfyui.is_here():
            raise
        raise comfyui.interruption() from None


class NodeProgress:
    """A host.progress.Progress. Make it in the node's thread; stages may then be advanced from any thread."""

    def __init__(self) -> None:
        self._bar = _bar() if comfyui.is_here() else None
        self._lock = threading.Lock()
        self._stages: list[_NodeStage] = []
        self._bar_due = self._picture_due = 0.0

    def check(self) -> None:
        """See host.progress.Progress.check."""
        if self._bar is not None and comfyui.is_interrupted():
            raise Cancelled

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[_NodeStage]:
        """See host.progress.Progress.stage. Of several open stages the bar shows the one opened last."""
        stage = _NodeStage(self, total)
        with self._lock:
            self._stages.append(stage)
        self._show(stage)
        try:
            yield stage
        finally:
            with self._lock:
                self._stages.remove(stage)

    def show(self, picture: Callable[[], np.ndarray]) -> None:
        """Show a live picture (uint8 RGB [h, w, 3]) at the node, at most every 0.4 s: `picture` is only called when one is due."""
        now = time.monotonic()
        if self._bar is None or now < self._picture_due:
            return
        from PIL import Image

        self._picture_due, self._bar_due = now + _PICTURE_SECONDS, now + _BAR_SECONDS
        self._send(("JPEG", Image.fromarray(_shrunk(picture())), None))

    def say(self, text: str) -> None:
        """Write a line under the node, which stays."""
        if self._bar is not None:
            comfyui.say(text)

    def watched(self, frames: Iterable) -> Iterator:
        """The frames as they are, checked for a cancel and now and then shown on their way."""
        try:
            for frame in frames:
                self.check()
                self.show(frame.picture.rgb)
                yield frame
        finally:
            if hasattr(frames, "close"):
                frames.close()

    def watching(self, source: Any) -> _Watched:
        """A source of frames (media.film.FrameSource) whose `frames` are shown on their way."""
        return _Watched(source, self)

    def _show(self, stage: _NodeStage) -> None:
        """Let the bar stand where the stage is; quick calls in between are left out."""
        self.check()
        now = time.monotonic()
        with self._lock:
            is_on_top = bool(self._stages) and self._stages[-1] is stage
            if self._bar is None or not is_on_top or (now < self._bar_due and 0 < stage.done < (stage.total or 0)):
                return
            self._bar_due = now + _BAR_SECONDS
        self._send(None)

    def _send(self, picture) -> None:
        with self._lock:
            stage = self._stages[-1] if self._stages else None
        done, total = (stage.done, stage.total or max(1, stage.done)) if stage else (0, 1)
        try:
            self._bar.update_absolute(done, total, picture)
        except comfyui.interrupt_type() as error:
            raise Cancelled from error


def _shrunk(picture: np.ndarray) -> np.ndarray:
    """The picture at a size for looking at. ComfyUI would shrink it in the thread that answers the page, and slower."""
    import cv2

    share = _LARGEST_PICTURE / max(picture.shape[:2])
    if share >= 1:
        return picture
    size = tuple(max(1, round(length * share)) for length in picture.shape[1::-1])
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


class Unseen(Silent):
    """A host.progress.Progress for films that some later node reads, ours or another's: it shows nothing, but hears the cancel."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """See host.progress.Progress.stage."""
        return nullcontext(_UnseenStage())

    def check(self) -> None:
        """See host.progress.Progress.check."""
        if comfyui.is_here() and comfyui.is_interrupted():
            raise Cancelled


class _UnseenStage:
    def advance(self, steps: int = 1) -> None:
        """See host.progress.Stage.advance."""
        Unseen().check()


class _Watched:
    """A source whose frames are shown while they are read; all else is the source's own."""

    def __init__(self, source: Any, progress: NodeProgress) -> None:
        self._source, self._progress = source, progress

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator:
        return self._progress.watched(self._source.frames(start, stop))


class _NodeStage:
    def __init__(self, progress: NodeProgress, total: int | None) -> None:
        self._progress, self.total, self.done = progress, total, 0

    def advance(self, steps: int = 1) -> None:
        """See host.progress.Stage.advance."""
        self.done += steps
        self._progress._show(self)


def _bar():
    """A progress bar bound to the running node, which threads of our own would not know."""
    from comfy.utils import ProgressBar
    from comfy_execution.utils import get_executing_context

    context = get_executing_context()
    return ProgressBar(1, node_id=context.node_id if context else None)
