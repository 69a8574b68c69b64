"""Fixtures for all rooms: how to make films and sounds (`samples`), and a few that are ready."""
import importlib
import importlib.util
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def _load(name: str):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def samples():
    """The module `media_samples`: moving_picture, tone, babble, write_film, write_sound, write_photo."""
    return _load("media_samples")


@pytest.fixture(scope="session")
def parity():
    """The module `parity_data`: fill, fill_module, published_tensors, assert_close."""
    return _load("parity_data")


@pytest.fixture(scope="session")
def wav2lip_files(tmp_path_factory, parity):
    """wav2lip_files("noise" or "identity", number of `recognise.LAYOUTS`) -> a checkpoint made here (see `wav2lip_stand_in`)."""
    made, folder = {}, tmp_path_factory.mktemp("wav2lip")

    def file(kind: str, number: int = 0) -> Path:
        if (kind, number) not in made:
            stand_in = _load("wav2lip_stand_in")
            path, layout = folder / f"{kind}_{number}.pth", stand_in.LAYOUTS[number]
            made[kind, number] = (stand_in.write_noise(path, layout, parity.fill) if kind == "noise"
                                  else stand_in.write_identity(path, layout))
        return made[kind, number]

    return file


@pytest.fixture(scope="session")
def diffusion_files(tmp_path_factory):
    """diffusion_files("latentsync" or "sonic") -> a folder with a small set of its files, whose weights are noise."""
    made = {}

    def folder(engine: str) -> Path:
        if engine not in made:
            sys.path.insert(0, str(HERE.parent / "bench"))
            made[engine] = tmp_path_factory.mktemp(engine)
            importlib.import_module(f"{engine}_stand_in").make(made[engine])
        return made[engine]

    return folder


@pytest.fixture
def comfyui(tmp_path, monkeypatch):
    """A FakeComfyUI (see `fake_comfyui`) with folders of this test alone; only the face networks are those of the machine."""
    for name in ("TALKING_AVATAR_CACHE", "TALKING_AVATAR_USER"):
        monkeypatch.delenv(name, raising=False)
    return _load("fake_comfyui").FakeComfyUI(tmp_path / "comfyui", monkeypatch)


@pytest.fixture(scope="session")
def astronaut_photo(tmp_path_factory, samples) -> Path:
    """PNG 512 x 512, RGB: a smiling woman, the face about 100 pixels high. Public domain (NASA)."""
    from skimage import data

    return samples.write_photo(tmp_path_factory.mktemp("photo") / "astronaut.png", data.astronaut())


@pytest.fixture(scope="session")
def astronaut_film(tmp_path_factory, samples) -> Path:
    """mp4 h264 480 x 360, 25 fps, 50 frames, BT.709, with 2 s of sound: the astronaut, the camera swaying a few pixels."""
    import numpy as np
    from skimage import data

    photo = data.astronaut()
    sway = [(round(8 + 8 * np.sin(i / 8)), round(6 + 6 * np.cos(i / 11))) for i in range(50)]
    pictures = [photo[y : y + 360, x : x + 480].copy() for x, y in sway]
    return samples.write_film(tmp_path_factory.mktemp("film") / "astronaut.mp4", pictures, sound=samples.babble(2.0))


@pytest.fixture(scope="session")
def spoken_wav(tmp_path_factory, samples) -> Path:
    """wav, 16 kHz, mono, 16 bits, 2 s: syllables of a made voice with pauses."""
    return samples.write_sound(tmp_path_factory.mktemp("sound") / "spoken.wav", samples.babble(2.0), 16000, "pcm_s16le")


def pytest_configure(config):
    config.addinivalue_line("markers", "parity(folder, pattern): the test asks for `golden` and runs once for each golden file of a folder")


def pytest_generate_tests(metafunc):
    """A test marked `parity("wav2lip96")` runs once for each `golden` of that folder (see `parity_data.goldens`). A test that asks for
    `shared_film`, `shared_photo` or `shared_sound` runs once for each such file in the folder of test media
    (`$TALKING_AVATAR_MEDIA`, else shared/media beside the checkout), which is not part of the project; without it, not at all."""
    _golden_files(metafunc)
    kinds = {"shared_film": (".mp4", ".mov"), "shared_photo": (".jpg", ".jpeg", ".png"), "shared_sound": (".wav", ".mp3")}
    folder = Path(os.environ.get("TALKING_AVATAR_MEDIA") or HERE.parent.parent / "shared" / "media")
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    for name in set(kinds) & set(metafunc.fixturenames):
        chosen = [file for file in files if file.suffix.lower() in kinds[name]]
        metafunc.parametrize(name, chosen, ids=[file.name for file in chosen])


def _golden_files(metafunc):
    if "golden" not in metafunc.fixturenames:
        return
    found = _load("parity_data").goldens(*metafunc.definition.get_closest_marker("parity").args)
    metafunc.parametrize("golden", found, ids=[golden.path.stem for golden in found])
