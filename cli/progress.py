"""Progress on a terminal: one bar a stage while it runs, nothing left behind, nothing at all when nobody watches."""
from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class TerminalProgress:
    """A host.progress.Progress drawn by rich on standard error. Ctrl-C is the cancel, so `check` has nothing to ask."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

        self._bars = Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                              TextColumn("{task.fields[speed]}"), TimeRemainingColumn(),
                              console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty())

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(self, *error) -> None:
        self._bars.stop()

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[_Bar]:
        """See host.progress.Progress.stage."""
        task = self._bars.add_task(name, total=total, speed="")
        try:
            yield _Bar(self._bars, task)
        finally:
            self._bars.remove_task(task)

    def check(self) -> None:
        """See host.progress.Progress.check."""


class _Bar:
    def __init__(self, bars, task) -> None:
        self._bars, self._task = bars, task

    def advance(self, steps: int = 1) -> None:
        self._bars.advance(self._task, steps)
        speed = self._bars.tasks[self._bars.task_ids.index(self._task)].speed
        if speed:
            self._bars.update(self._task, speed=f"{speed:.0f}/s")
