"""Run the terminal command the way a person does."""
import os
import subprocess
import sys
from pathlib import Path

import pytest
from talking_avatar.cli.main import main


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """run(*words) -> (exit code, standard output, standard error), with caches of this test alone."""
    monkeypatch.setenv("TALKING_AVATAR_CACHE", str(tmp_path / "cache"))

    def run(*words) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def start(tmp_path):
    """start(*words) -> subprocess.Popen of the command as in a terminal's foreground, its messages in pipes."""
    running = []
    foreground = ("import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
                  "from talking_avatar.cli.main import main; sys.exit(main())")

    def start(*words) -> subprocess.Popen:
        child = subprocess.Popen([sys.executable, "-c", foreground, *map(str, words)], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, env={**os.environ, "TALKING_AVATAR_CACHE": str(tmp_path / "cache")})
        running.append(child)
        return child

    yield start
    for child in running:
        child.kill()
        child.communicate()


@pytest.fixture
def names_in():
    """names_in(folder) -> sorted names of its files, hidden ones too."""
    return lambda folder: sorted(path.name for path in Path(folder).iterdir())
