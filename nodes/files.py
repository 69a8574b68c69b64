"""Files that a workflow names: found, and kept inside the folders they belong to."""
from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

from ..host.errors import InputError

EXAMPLES = Path(__file__).parents[1] / "workflows" / "inputs"  # what the templates run on, shipped with the pack
_EXAMPLE = " [example]"
_FOLDERS = {"input": "get_input_directory", "output": "get_output_directory", "temp": "get_temp_directory"}


def input_files(*kinds: str) -> list[str]:
    """Names of the files of ComfyUI's input folder that are of a kind ("video", "image", "audio"), sorted."""
    import folder_paths

    folder = folder_paths.get_input_directory()
    names = [entry.name for entry in os.scandir(folder) if entry.is_file()]
    return sorted(folder_paths.filter_files_content_types(names, list(kinds)))


def example_files(*kinds: str) -> list[str]:
    """The pack's own files of a kind as a picker names them: "portrait.jpg [example]"."""
    import folder_paths

    names = sorted(path.name for path in EXAMPLES.iterdir())
    return [name + _EXAMPLE for name in folder_paths.filter_files_content_types(names, list(kinds))]


def named_file(name: str) -> Path:
    """The file that a picker names: "film.mp4", "sub/film.mp4", "film.mp4 [output]" or "portrait.jpg [example]". Raises InputError for
    one that is not there or lies outside its folder, also by a link."""
    import folder_paths

    if name.endswith(_EXAMPLE):
        return _example(name.removesuffix(_EXAMPLE))
    folder_name = "input"
    for one in _FOLDERS:
        if name.endswith(f" [{one}]"):
            name, folder_name = name.removesuffix(f" [{one}]"), one
    folder = os.path.realpath(getattr(folder_paths, _FOLDERS[folder_name])())
    path = os.path.realpath(os.path.join(folder, name))  # noqa: PTH118
    if not _is_inside(path, folder):
        raise InputError(f"'{name}' lies outside ComfyUI's {folder_name} folder: put the file there, or give its whole path in `path`.")
    if not os.path.isfile(path):  # noqa: PTH113
        raise InputError(f"There is no file '{name}' in ComfyUI's {folder_name} folder: upload or choose another.")
    return Path(path)


def _example(name: str) -> Path:
    known = {path.name: path for path in EXAMPLES.iterdir()}
    if name not in known:
        raise InputError(f"There is no example '{name}': choose one of {', '.join(sorted(known))}, or a file of your own.")
    return known[name]


def any_file(path: str) -> Path:
    """The file of a text field that may name any file of this machine; a relative one is looked for in the input folder. Raises InputError
    for one that is not there."""
    text = path.strip().strip('"')
    found = Path(text).expanduser()
    if not found.is_absolute():
        return named_file(text)
    if not found.is_file():
        raise InputError(f"There is no file '{found}' on this machine: check the path.")
    return found


def numbered_path(prefix: str, folder_name: str, ending: str, width: int = 0, height: int = 0, make: bool = True) -> Path:
    """A new file of ComfyUI's output or temp folder, numbered as core does: "film_00007_.mp4". make: make its folders.

    Raises InputError for a prefix that leads outside the folder, also by a link."""
    import folder_paths

    root = os.path.realpath(getattr(folder_paths, _FOLDERS[folder_name])())
    if not _is_inside(os.path.realpath(os.path.join(root, prefix)), root) or not os.path.basename(prefix):  # noqa: PTH118, PTH119
        raise InputError(f"The filename prefix '{prefix}' does not name a file inside ComfyUI's {folder_name} folder: give a name such as "
                         "talking-avatar/film.")
    if not make:
        return Path(root, prefix + ending)
    folder, name, counter, _, _ = folder_paths.get_save_image_path(prefix, root, width, height)
    return Path(folder, f"{name}_{counter:05}_{ending}")


def beside(film: str, folder_name: str, ending: str) -> Path:
    """The path of a film in ComfyUI's output or temp folder with another ending: "film_00007_.srt". Raises InputError for one outside."""
    import folder_paths

    root = os.path.realpath(getattr(folder_paths, _FOLDERS[folder_name])())
    path = os.path.realpath(os.path.join(root, film.strip()))  # noqa: PTH118
    if path == root or not _is_inside(path, root):
        raise InputError(f"'{film.strip()}' lies outside ComfyUI's {folder_name} folder, so nothing is written beside it: give the `path` "
                         "of Video Combine, or leave it empty.")
    return Path(path).with_suffix(ending)


def stamp(path: Path) -> str:
    """A text that changes when the file does, and tells nobody where it is."""
    facts = path.stat()
    return blake2b(f"{path}:{facts.st_mtime_ns}:{facts.st_size}".encode(), digest_size=12).hexdigest()


def _is_inside(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath([path, folder]) == folder
    except ValueError:  # another drive
        return False
