"""Fixtures for tests of checkpoints."""
import importlib.util
from pathlib import Path

import pytest


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A running `hub_server.Hub`, which is what `HF_ENDPOINT` names; the hub's cache and the models lie in folders of this test."""
    spec = importlib.util.spec_from_file_location("hub_server", Path(__file__).parent / "hub_server.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.Hub()
    monkeypatch.setenv("HF_ENDPOINT", made.url)
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path / "models"))
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    yield made
    made.close()
